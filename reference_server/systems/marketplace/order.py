"""Orders, and what the payment provider's events make of them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from ...refusals import contracts
from .money import amount

LIFE: Final = contracts().system("marketplace").states["order"]
_REFUNDED: Final = "charge.refunded"


class OrderStatus(StrEnum):
    """Where an order stands."""

    PENDING = "pending"
    FULFILLED = "fulfilled"
    REFUNDED = "refunded"
    PAYMENT_FAILED = "payment_failed"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True)
class Order:
    """So many of a product for one buyer; the total in cents."""

    id: str
    product_id: str
    seller_id: str
    buyer_id: str
    quantity: int
    total: int
    status: OrderStatus = OrderStatus.PENDING
    tracking_number: str | None = None


def moved(order: Order, call: str) -> Order | None:
    """The order where a call takes it; None where that is no change of it."""
    status = LIFE.after(order.status, call)
    return None if status is None else replace(order, status=OrderStatus(status))


def told_by(event: Mapping[str, Any]) -> str | None:
    """How an event of the payment provider stands among the calls of the table; None where no order changes by it.

    A charge that was refunded in part is still a charge.
    """
    about = event["data"].get("object", {})
    is_partial = about.get("refunded") is False or (
        isinstance(about.get("amount"), int)
        and isinstance(about.get("amount_refunded"), int)
        and about["amount_refunded"] < about["amount"]
    )
    call = f"receivePaymentEvent type={event['type']}"
    return None if call not in LIFE.told or (event["type"] == _REFUNDED and is_partial) else call


def order_of(event: Mapping[str, Any]) -> str | None:
    """The id of the order that an event of the payment provider is about, by the metadata of its intent or charge."""
    about = event["data"].get("object", {})
    named = about.get("metadata", {}).get("orderId")
    return named if isinstance(named, str) else None


def shown(order: Order) -> dict[str, Any]:
    """An order, as calls and events show it: the events by `orderId`."""
    told = {
        "id": order.id,
        "productId": order.product_id,
        "sellerId": order.seller_id,
        "buyerId": order.buyer_id,
        "quantity": order.quantity,
        "total": amount(order.total),
        "status": order.status.value,
    }
    return told if order.tracking_number is None else {**told, "trackingNumber": order.tracking_number}
