# ruff: noqa: ARG002 - a question is answered with the arguments that it comes with
"""What the marketplace tells otherwise: to whom, on which wire, and what it says."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from ...accounts.account import Account
from ...delivery.conduct import Conduct
from ...delivery.connections import Connection, Connections, opened
from ...delivery.entry import Entry
from ...delivery.message import Message
from ...delivery.rooms import of_user
from ...systems.marketplace.channel import SELLERS, of_product, of_storefront
from ...systems.marketplace.setting import CALLS as SETTINGS_CALLS
from ..fault import Fault
from ..shapes import told_to

Data = Mapping[str, Any]
Alter = Callable[[Message], Message | None]
ORDERS: Final = "/ws/orders"
_LOW: Final = frozenset({"product:low_stock", "stock:low"})
_LATE: Final = 1.3
"""Seconds: more than a preview may take."""


class _Altered(Conduct):
    """Messages of these names, altered; None: they are not sent."""

    def __init__(self, names: Iterable[str], alter: Alter) -> None:
        self._names, self._alter = frozenset(names), alter

    def outgoing(self, message: Message) -> Iterable[Message]:
        altered = self._alter(message) if message.name in self._names else message
        return () if altered is None else (altered,)


def _unsent(*names: str, where: Callable[[Data], bool] = lambda _: True) -> Callable[[], Conduct]:
    return lambda: _Altered(names, lambda message: None if where(message.payload) else message)


def _saying(name: str, alter: Callable[[Data], Data]) -> Callable[[], Conduct]:
    return lambda: _Altered([name], lambda message: replace(message, payload=alter(message.payload)))


def _told_also(name: str, room: Callable[[Data], str]) -> Callable[[], Conduct]:
    """An event goes to a further room."""
    return lambda: _Altered([name], lambda message: replace(message, also=(*message.also, room(message.payload))))


def _told_alone(
    name: str, room: Callable[[Data], str], where: Callable[[Data], bool] = lambda _: True
) -> Callable[[], Conduct]:
    """An event goes to one room, where this holds for it."""

    def alter(message: Message) -> Message:
        return replace(message, room=room(message.payload), also=()) if where(message.payload) else message

    return lambda: _Altered([name], alter)


def _seller(data: Data) -> str:
    return of_user(data["sellerId"])


def _buyer(data: Data) -> str:
    return of_user(data["buyerId"])


def _storefront(data: Data) -> str:
    return of_storefront(data["sellerId"])


def _everyone(_: list[Connection], everyone: Connections) -> list[Connection]:
    """Everybody on a channel that has names for such events."""
    return [connection for connection in opened(everyone) if connection.channel != ORDERS]


def _without(*fields: str) -> Callable[[Data], Data]:
    return lambda data: {name: value for name, value in data.items() if name not in fields}


def _has_status(status: str) -> Callable[[Data], bool]:
    return lambda data: data["status"] == status


class _NoTimes(Conduct):
    """No event says when it happened."""

    def outgoing(self, message: Message) -> Iterable[Message]:
        return (replace(message, payload=_without("timestamp")(message.payload)),)


class _NamedTwice(Conduct):
    """A cart is told once more, under a name without a module."""

    def outgoing(self, message: Message) -> Iterable[Message]:
        return (message, replace(message, name="cartUpdated")) if message.name == "cart:updated" else (message,)

    def recipients(self, entry: Entry, right: list[Connection], everyone: Connections) -> list[Connection]:
        if entry.name != "cartUpdated":
            return right
        heard = opened(everyone.hearing(entry.room, *entry.also))
        return [connection for connection in heard if connection.channel != ORDERS]


class _LowEachTime(Conduct):
    """A stock that is low already is told to be low at each change."""

    def outgoing(self, message: Message) -> Iterable[Message]:
        data = message.payload
        if message.name == "product:stock_changed" and 0 < data["newStock"] < data["oldStock"] <= 10:
            told = {**_without("oldStock", "newStock")(data), "stock": data["newStock"]}
            return (message, replace(message, name="product:low_stock", payload=told, room=_seller(data), also=()))
        return (message,)


class _SettingsShownWhole(Conduct):
    """What is told of a storefront says all that its seller has set before, the internal settings too."""

    def __init__(self) -> None:
        self._known: dict[str, Data] = {}

    def answer(self, operation: str, account: Account | None, body: Data | None) -> Data | None:
        if operation in SETTINGS_CALLS and body:
            self._known[body["sellerId"]] = body
        return body

    def outgoing(self, message: Message) -> Iterable[Message]:
        if not message.name.startswith("settings:") or message.name == "settings:internal_updated":
            return (message,)
        return (replace(message, payload={**self._known.get(message.payload["sellerId"], {}), **message.payload}),)


class _PreviewsLate(Conduct):
    """What a storefront shows comes a second and more after the change."""

    def recipients(self, entry: Entry, right: list[Connection], everyone: Connections) -> list[Connection]:
        if not entry.name.startswith("settings:") or entry.name == "settings:internal_updated":
            return right
        for connection in right:
            asyncio.get_running_loop().call_later(_LATE, connection.link.send, entry.emission())
        return []


class _AnnouncedToAll(Conduct):
    """What is for sellers goes to everybody."""

    def recipients(self, entry: Entry, right: list[Connection], everyone: Connections) -> list[Connection]:
        if entry.room != SELLERS:
            return right
        return _everyone(right, everyone)


class _AnnouncedToOne(Conduct):
    """What is for sellers goes to the first of them."""

    def recipients(self, entry: Entry, right: list[Connection], everyone: Connections) -> list[Connection]:
        return right[:1] if entry.room == SELLERS else right


class _OneWireAUser(Conduct):
    """Who is connected by Socket.IO hears nothing on the native WebSocket."""

    def recipients(self, entry: Entry, right: list[Connection], everyone: Connections) -> list[Connection]:
        return [connection for connection in right if connection.channel != ORDERS or _is_alone(connection, everyone)]


def _is_alone(connection: Connection, everyone: Connections) -> bool:
    others = opened(everyone.of_user(connection.session.user_id))
    return all(other.channel == ORDERS for other in others)


_EMPTY: Final = _without("productId", "sellerId", "name", "description", "price", "stock")


FAULTS: Final = (
    Fault.of("events-without-times", "MKT-EVT-1", _NoTimes),
    Fault(
        "product-without-data",
        "MKT-EVT-1",
        "A new product is told without a word on it.",
        _saying("product:created", _EMPTY),
        ("MKT-PROD-1",),
    ),
    Fault.of("name-without-module", "MKT-EVT-2", _NamedTwice),
    Fault(
        "deletion-hidden-from-viewers",
        "MKT-PROD-1",
        "Who looks at a product does not hear that it is gone.",
        _told_alone("product:deleted", _seller),
    ),
    Fault(
        "creation-hidden-from-storefront",
        "MKT-PROD-1",
        "Who looks at a storefront does not hear of a new product.",
        _told_alone("product:created", _seller),
    ),
    Fault(
        "new-products-told-to-all",
        "MKT-PROD-1",
        "Everybody hears of a new product.",
        told_to("product:created", _everyone),
        ("ALL-ROOM-1",),
    ),
    Fault(
        "price-without-the-old-one",
        "MKT-PROD-2",
        "A change of price says the new price twice.",
        _saying("product:price_changed", lambda data: {**data, "oldPrice": data["newPrice"]}),
    ),
    Fault(
        "stock-told-to-seller-alone",
        "MKT-PROD-2",
        "Who looks at a product does not hear of its stock.",
        _told_alone("product:stock_changed", _seller),
        ("MKT-FAIL-1",),
    ),
    Fault.of("low-each-time", "MKT-PROD-3", _LowEachTime),
    Fault(
        "low-stock-shown-to-viewers",
        "MKT-PROD-3",
        "Who looks at a product hears that there are few.",
        _told_also("stock:low", lambda data: of_product(data["productId"])),
        ("ALL-ROOM-1",),
    ),
    Fault(
        "threshold-exclusive",
        "MKT-PROD-3",
        "A stock that falls to the threshold is not low yet.",
        _unsent(*_LOW, where=lambda data: data["stock"] == data["threshold"]),
    ),
    Fault("sold-out-untold", "MKT-PROD-3", "Nobody hears that a product is sold out.", _unsent("stock:out")),
    Fault(
        "acceptance-untold-to-buyer",
        "MKT-WHOL-1",
        "A buyer does not hear that an invitation is accepted.",
        _told_alone("wholesale:invitation_accepted", _seller),
    ),
    Fault(
        "rejection-told-to-buyer",
        "MKT-WHOL-1",
        "A rejection is told to who has rejected, too.",
        _told_also("wholesale:invitation_rejected", _buyer),
        ("ALL-ROOM-1",),
    ),
    Fault(
        "drafts-shown-to-buyer",
        "MKT-QUOT-1",
        "A buyer hears of changes to what was not sent.",
        _told_also("quotation:updated", _buyer),
    ),
    Fault(
        "sent-quotation-changes-hidden",
        "MKT-QUOT-1",
        "A buyer hears of no change to what was sent.",
        _told_alone("quotation:updated", _seller),
    ),
    Fault(
        "fulfilment-untold-to-seller",
        "MKT-ORD-1",
        "A seller does not hear that an order is fulfilled.",
        _told_alone("order:updated", _buyer, _has_status("fulfilled")),
    ),
    Fault(
        "refund-not-on-native-wire",
        "MKT-ORD-2",
        "A refund is not told on the native WebSocket.",
        _unsent("order_updated", where=_has_status("refunded")),
        ("MKT-DUAL-1", "MKT-PAY-1"),
    ),
    Fault(
        "sales-told-to-all",
        "MKT-ORD-3",
        "Everybody hears of a sale.",
        told_to("analytics:sale_completed", _everyone),
        ("ALL-ROOM-1", "MKT-ANA-1"),
    ),
    Fault("sales-untold", "MKT-ORD-3", "A seller does not hear of a sale.", _unsent("analytics:sale_completed")),
    Fault(
        "failed-payment-untold",
        "MKT-PAY-1",
        "Nobody hears that a payment has failed.",
        _unsent("order:updated", "order_updated", where=_has_status("payment_failed")),
    ),
    Fault(
        "cancellation-untold-to-seller",
        "MKT-PAY-1",
        "A seller does not hear that a payment was canceled.",
        _told_alone("order_updated", _buyer, _has_status("canceled")),
    ),
    Fault(
        "carts-told-to-all",
        "MKT-CART-1",
        "Everybody hears of a cart.",
        told_to("cart:updated", _everyone),
        ("ALL-ROOM-1",),
    ),
    Fault(
        "empty-cart-untold",
        "MKT-CART-1",
        "A cart that is empty then is not told.",
        _unsent("cart:updated", where=lambda data: not data["items"]),
    ),
    Fault(
        "terms-hidden-from-storefront",
        "MKT-SET-1",
        "A storefront does not hear of its terms.",
        _told_alone("settings:terms_updated", _seller),
    ),
    Fault(
        "branding-without-data",
        "MKT-SET-1",
        "What a storefront looks like is not said.",
        _saying("settings:branding_updated", _without("storeBanner", "storeLogo", "shippingPolicy", "returnsPolicy")),
    ),
    Fault(
        "internal-settings-shown",
        "MKT-SET-2",
        "A storefront hears which internal setting has changed.",
        _told_also("settings:internal_updated", _storefront),
        ("ALL-ROOM-1",),
    ),
    Fault(
        "internal-settings-unnamed",
        "MKT-SET-2",
        "A seller hears that some internal setting has changed.",
        _saying("settings:internal_updated", _without("setting")),
    ),
    Fault.of("settings-shown-whole", "MKT-SET-2", _SettingsShownWhole),
    Fault.of("previews-late", "MKT-SET-3", _PreviewsLate, ("MKT-SET-1",)),
    Fault("views-untold", "MKT-ANA-1", "A seller does not hear of views.", _unsent("analytics:product_viewed")),
    Fault("alerts-untold", "MKT-ANA-1", "No low stock is an alert.", _unsent("analytics:inventory_alert")),
    Fault(
        "notices-lost",
        "MKT-NOTE-1",
        "What is for one user reaches nobody.",
        _unsent("notification", where=lambda data: "userId" in data),
    ),
    Fault.of("announced-to-all", "MKT-ROOM-2", _AnnouncedToAll, ("MKT-ROOM-1", "MKT-NOTE-1", "ALL-ROOM-1")),
    Fault.of("announced-to-one", "MKT-ROOM-2", _AnnouncedToOne),
    Fault.of("one-wire-a-user", "MKT-DUAL-1", _OneWireAUser, ("MKT-ORD-2",)),
)
