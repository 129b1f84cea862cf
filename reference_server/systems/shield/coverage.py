"""Coverage: how much of a year's limits is left. An approval reserves, a payout uses what was reserved."""

from dataclasses import dataclass, replace

from ...refusals import Refusal
from . import money
from .member import Member


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of a year's limits (cents, tickets), beside what is reserved."""

    amount: int
    tickets: int


def left(member: Member) -> Left:
    """What further approvals may take."""
    return Left(
        member.terms.cap - member.used - member.reserved,
        member.terms.tickets - member.tickets - member.reserved_tickets,
    )


def reserve(member: Member, payout: int) -> Member:
    """The member, a claim of whom was approved. Raises Refusal where the year's limits do not cover it."""
    rest = left(member)
    if payout > rest.amount or rest.tickets < 1:
        raise Refusal(
            "coverage_exhausted",
            f"The payout would be {money.shown(payout)}; the year's coverage has {money.shown(rest.amount)} and "
            f"{rest.tickets} tickets left: upgrade the plan or deny the claim.",
        )
    return replace(member, reserved=member.reserved + payout, reserved_tickets=member.reserved_tickets + 1)


def use(member: Member, payout: int) -> Member:
    """The member, an approved claim of whom is paid."""
    return replace(
        member,
        reserved=member.reserved - payout,
        reserved_tickets=member.reserved_tickets - 1,
        used=member.used + payout,
        tickets=member.tickets + 1,
    )
