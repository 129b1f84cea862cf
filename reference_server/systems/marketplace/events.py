"""The events of the marketplace: each is its own data with the time beside it, for everybody whom it concerns."""

from collections.abc import Iterator, Mapping
from typing import Any

from ...delivery.message import Message
from ...delivery.rooms import of_user
from .channel import SELLERS, of_product, of_storefront
from .money import amount
from .order import Order
from .order import shown as shown_order
from .product import THRESHOLD, Alert, Product, alerts
from .quotation import Quotation, QuotationStatus
from .quotation import shown as shown_quotation
from .setting import Internal, Public, Settings, said
from .tables import Numbers
from .wholesale import Invitation, WholesaleOrder
from .wholesale import ordered as shown_wholesale_order

Data = Mapping[str, Any]


class Events:
    """The messages of one change; all of them carry its time, in ISO 8601."""

    def __init__(self, at: str) -> None:
        self._at = at

    def _told(self, name: str, data: Data, key: str, *rooms: str) -> Message:
        first, *further = dict.fromkeys(rooms)
        return Message(name, {**data, "timestamp": self._at}, first, key, kept=False, also=tuple(further))

    # Products.

    def created(self, product: Product) -> Message:
        """There is a new product."""
        rooms = of_user(product.seller_id), of_storefront(product.seller_id)
        return self._told("product:created", _product(product), product.id, *rooms)

    def updated(self, product: Product) -> Message:
        """A product has changed."""
        rooms = of_user(product.seller_id), of_product(product.id), of_storefront(product.seller_id)
        return self._told("product:updated", _product(product), product.id, *rooms)

    def deleted(self, product: Product) -> Message:
        """A product is gone."""
        return self._told("product:deleted", _ids(product), product.id, *_viewers(product))

    def changes(self, before: Product, after: Product, numbers: Numbers) -> Iterator[Message]:
        """What a change of price and stock is worth telling."""
        data, viewers = _ids(after), _viewers(after)
        if before.price != after.price:
            prices = {"oldPrice": amount(before.price), "newPrice": amount(after.price)}
            yield self._told("product:price_changed", {**data, **prices}, after.id, *viewers)
        if before.stock == after.stock:
            return
        stocks = {"oldStock": before.stock, "newStock": after.stock}
        yield self._told("product:stock_changed", {**data, **stocks}, after.id, *viewers)
        now = {**data, "stock": after.stock}
        for alert in alerts(before.stock, after.stock):
            match alert:
                case Alert.LOW:
                    for name in ("product:low_stock", "stock:low", "analytics:inventory_alert"):
                        yield self._told(name, {**now, "threshold": THRESHOLD}, after.id, of_user(after.seller_id))
                    yield self.metrics(numbers)
                case Alert.OUT:
                    yield self._told("stock:out", now, after.id, *viewers)
                case Alert.RESTOCKED:
                    yield self._told("stock:restocked", now, after.id, *viewers)

    # Wholesale and quotations.

    def invitation(self, name: str, invitation: Invitation) -> Message:
        """An invitation was sent, accepted or rejected; only an accepted one is news for the buyer as well."""
        data = {
            "invitationId": invitation.id,
            "sellerId": invitation.seller_id,
            "buyerId": invitation.buyer_id,
            "status": invitation.status.value,
        }
        buyer = (of_user(invitation.buyer_id),) if name == "invitation_accepted" else ()
        return self._told(f"wholesale:{name}", data, invitation.id, of_user(invitation.seller_id), *buyer)

    def wholesale_order(self, order: WholesaleOrder) -> Message:
        """An invited buyer has ordered."""
        data = _renamed(shown_wholesale_order(order), "orderId")
        return self._told("wholesale:order_placed", data, order.id, of_user(order.seller_id), of_user(order.buyer_id))

    def quotation(self, name: str, quotation: Quotation) -> Message:
        """A quotation is new, or another; its buyer hears of it once it was sent."""
        buyer = () if quotation.status is QuotationStatus.DRAFT else (of_user(quotation.buyer_id),)
        data = _renamed(shown_quotation(quotation), "quotationId")
        return self._told(f"quotation:{name}", data, quotation.id, of_user(quotation.seller_id), *buyer)

    # Orders and the cart.

    def order(self, order: Order) -> Iterator[Message]:
        """An order is new, or another: on both wires."""
        data = _renamed(shown_order(order), "orderId")
        parties = of_user(order.seller_id), of_user(order.buyer_id)
        yield self._told("order:updated", data, order.id, *parties)
        yield self._told("order_updated", {"type": "order_updated", **data}, order.id, *parties)

    def sale(self, order: Order, numbers: Numbers) -> Iterator[Message]:
        """A new order is a sale."""
        data = _renamed(shown_order(order), "orderId")
        sold = {name: data[name] for name in ("orderId", "productId", "sellerId", "quantity", "total")}
        seller = of_user(order.seller_id)
        yield self._told("analytics:sale_completed", sold, order.id, seller)
        earned = {"sellerId": order.seller_id, "revenue": amount(numbers.revenue), "orders": numbers.orders}
        yield self._told("analytics:revenue_updated", earned, order.seller_id, seller)
        yield self.metrics(numbers)

    def cart(self, user_id: str, items: list[dict[str, Any]]) -> Message:
        """A cart has changed."""
        return self._told("cart:updated", {"items": items}, user_id, of_user(user_id))

    # The dashboard, settings, notices.

    def viewed(self, product: Product, numbers: Numbers) -> Iterator[Message]:
        """Somebody has looked at a product."""
        data = {**_ids(product), "views": product.views}
        yield self._told("analytics:product_viewed", data, product.id, of_user(product.seller_id))
        yield self.metrics(numbers)

    def metrics(self, numbers: Numbers) -> Message:
        """A seller's numbers have changed."""
        data = {
            "sellerId": numbers.seller_id,
            "views": numbers.views,
            "orders": numbers.orders,
            "revenue": amount(numbers.revenue),
        }
        return self._told("analytics:metrics_updated", data, numbers.seller_id, of_user(numbers.seller_id))

    def settings(self, call: Public | Internal, settings: Settings) -> Message:
        """A seller's settings have changed: what everybody sees goes to the storefront, too."""
        seller = of_user(settings.seller_id)
        data = {"sellerId": settings.seller_id}
        if isinstance(call, Internal):
            said_of_it = {**data, "setting": call.setting}
            return self._told("settings:internal_updated", said_of_it, settings.seller_id, seller)
        rooms = seller, of_storefront(settings.seller_id)
        return self._told(call.event, {**data, **said(settings, call.fields)}, settings.seller_id, *rooms)

    def notice(self, user_id: str | None, content: Data) -> Message:
        """A message for a user; None: for all sellers."""
        if user_id is None:
            return self._told("notification", content, SELLERS, SELLERS)
        return self._told("notification", {"userId": user_id, **content}, user_id, of_user(user_id))


def _ids(product: Product) -> dict[str, Any]:
    return {"productId": product.id, "sellerId": product.seller_id}


def _product(product: Product) -> dict[str, Any]:
    shown = {"name": product.name, "description": product.description, "price": amount(product.price)}
    return {**_ids(product), **shown, "stock": product.stock}


def _viewers(product: Product) -> tuple[str, str]:
    return of_user(product.seller_id), of_product(product.id)


def _renamed(shown: Data, name: str) -> dict[str, Any]:
    """What a call shows as `id` has a name of its own in events."""
    return {name if field == "id" else field: value for field, value in shown.items()}
