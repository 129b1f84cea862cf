"""Quotations: what a seller offers one buyer, who sees it once it is sent."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from .money import amount


class QuotationStatus(StrEnum):
    """Where a quotation stands."""

    DRAFT = "draft"
    SENT = "sent"
    ACCEPTED = "accepted"


MOVES: Final[dict[QuotationStatus, frozenset[QuotationStatus]]] = {
    QuotationStatus.DRAFT: frozenset({QuotationStatus.SENT}),
    QuotationStatus.SENT: frozenset({QuotationStatus.ACCEPTED}),
    QuotationStatus.ACCEPTED: frozenset(),
}
OPEN: Final = frozenset({QuotationStatus.DRAFT, QuotationStatus.SENT})
"""Where it can be changed."""


@dataclass(frozen=True, slots=True)
class Quotation:
    """So many of a product for one buyer, at a price for each, in cents."""

    id: str
    seller_id: str
    buyer_id: str
    product_id: str
    quantity: int
    price: int
    status: QuotationStatus = QuotationStatus.DRAFT


def shown(quotation: Quotation) -> dict[str, Any]:
    """A quotation, as calls show it."""
    return {
        "id": quotation.id,
        "sellerId": quotation.seller_id,
        "buyerId": quotation.buyer_id,
        "productId": quotation.product_id,
        "quantity": quotation.quantity,
        "price": amount(quotation.price),
        "status": quotation.status.value,
    }
