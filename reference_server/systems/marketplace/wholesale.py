"""Invitations to buy wholesale, and what invited buyers order."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from ...refusals import Refusal, contracts
from .money import amount

LIFE: Final = contracts().system("marketplace").states["invitation"]


class InvitationStatus(StrEnum):
    """Where an invitation stands."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Invitation:
    """A seller's to one buyer."""

    id: str
    seller_id: str
    buyer_id: str
    message: str
    status: InvitationStatus = InvitationStatus.PENDING


@dataclass(frozen=True, slots=True)
class WholesaleOrder:
    """What an invited buyer has ordered; the total in cents."""

    id: str
    invitation_id: str
    product_id: str
    seller_id: str
    buyer_id: str
    quantity: int
    total: int


def moved(invitation: Invitation, call: str) -> Invitation:
    """The invitation where a call takes it. Raises Refusal."""
    status = LIFE.after(invitation.status, call)
    if status is None:
        raise Refusal("invitation_not_accepted" if call == "placeWholesaleOrder" else "invitation_decided")
    return replace(invitation, status=InvitationStatus(status))


def shown(invitation: Invitation) -> dict[str, Any]:
    """An invitation, as calls show it."""
    return {
        "id": invitation.id,
        "sellerId": invitation.seller_id,
        "buyerId": invitation.buyer_id,
        "message": invitation.message,
        "status": invitation.status.value,
    }


def ordered(order: WholesaleOrder) -> dict[str, Any]:
    """A wholesale order, as calls show it."""
    return {
        "id": order.id,
        "invitationId": order.invitation_id,
        "productId": order.product_id,
        "sellerId": order.seller_id,
        "buyerId": order.buyer_id,
        "quantity": order.quantity,
        "total": amount(order.total),
    }
