"""Quotations: what a seller offers one buyer, who sees it once it is sent."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from ...refusals import Refusal, contracts
from .money import amount

LIFE: Final = contracts().system("marketplace").states["quotation"]


class QuotationStatus(StrEnum):
    """Where a quotation stands."""

    DRAFT = "draft"
    SENT = "sent"
    ACCEPTED = "accepted"


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


def moved(quotation: Quotation, call: str) -> Quotation:
    """The quotation where a call takes it. Raises Refusal."""
    status = LIFE.after(quotation.status, call)
    if status is None:
        raise Refusal("quotation_not_open")
    return replace(quotation, status=QuotationStatus(status))


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
