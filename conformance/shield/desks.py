"""The admins at their desks: connections to which events for admins have to come."""

from collections.abc import Sequence

from eventproof.conform.cases import Case, Line, Person

from .claims import Claim, submit
from .reading import about

__all__ = ["desks", "settled"]


async def desks(case: Case) -> list[Line]:
    """A connection of one admin over every transport, and one of another admin: all of them are connected admins."""
    first, second = await case.admins(2)
    tables = [*[await first.connect(transport) for transport in case.transports], await second.connect()]
    for number, table in enumerate(tables, 1):
        table.role = f"connection {number} of {len(tables)} of connected admins"
    return tables


async def settled(case: Case, owner: Person, tables: Sequence[Line]) -> Claim:
    """A new claim, of which all of these connections have heard: so what was sent to them before has arrived.

    Raises Inconclusive where one does not hear of it.
    """
    claim = await submit(case, owner)
    for table in tables:
        await table.awaits("admin_claim_submitted", about(claim))
    return claim
