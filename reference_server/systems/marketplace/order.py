"""Orders, and what the payment provider's events make of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from .money import amount


class OrderStatus(StrEnum):
    """Where an order stands."""

    PENDING = "pending"
    FULFILLED = "fulfilled"
    REFUNDED = "refunded"
    PAYMENT_FAILED = "payment_failed"
    CANCELED = "canceled"


MOVES: Final[dict[OrderStatus, frozenset[OrderStatus]]] = {
    OrderStatus.PENDING: frozenset(
        {OrderStatus.FULFILLED, OrderStatus.REFUNDED, OrderStatus.PAYMENT_FAILED, OrderStatus.CANCELED}
    ),
    OrderStatus.FULFILLED: frozenset({OrderStatus.REFUNDED}),
    OrderStatus.REFUNDED: frozenset(),
    # The buyer may have paid after all, by another attempt of the same intent.
    OrderStatus.PAYMENT_FAILED: frozenset({OrderStatus.FULFILLED, OrderStatus.REFUNDED, OrderStatus.CANCELED}),
    OrderStatus.CANCELED: frozenset(),
}

_BY_PAYMENT: Final[Mapping[str, OrderStatus]] = {
    "payment_intent.payment_failed": OrderStatus.PAYMENT_FAILED,
    "payment_intent.canceled": OrderStatus.CANCELED,
    "charge.refunded": OrderStatus.REFUNDED,
}


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


def status_after(event: Mapping[str, Any]) -> OrderStatus | None:
    """What an order is after an event of the payment provider; None where the event leaves it as it is.

    A charge that was refunded in part is still a charge.
    """
    about = event["data"].get("object", {})
    is_partial = about.get("refunded") is False or (
        isinstance(about.get("amount"), int)
        and isinstance(about.get("amount_refunded"), int)
        and about["amount_refunded"] < about["amount"]
    )
    status = _BY_PAYMENT.get(event["type"])
    return None if status is OrderStatus.REFUNDED and is_partial else status


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
