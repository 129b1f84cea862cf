"""What was acknowledged once does not come again: judged on every connection of the whole run."""

import asyncio
from typing import Final

import pytest

from eventproof import checks
from eventproof.actions import at
from eventproof.catalog import AckLevel
from eventproof.conform.cases import (
    Case,
    Kind,
    Line,
    Person,
    Record,
    as_case,
    capability,
    judges_the_run,
    proves,
)

from .claims import approve, deny, pay, submit
from .complaints import ERROR
from .presence import hears_still
from .reading import about
from .retries import CRITICAL

PATIENCE: Final = 1.5
"""Seconds after which an acknowledgement was surely taken, where nothing was said against it."""
RETURNING: Final = 12
"""Users of earlier cases who come back once more."""


@judges_the_run
@pytest.mark.parametrize(
    "level",
    [
        pytest.param(AckLevel.REQUIRED, id="required", marks=proves("SHD-ACK-3")),
        pytest.param(
            AckLevel.OPTIONAL,
            id="optional",
            marks=[proves("SHD-CONN-7"), capability("replay")],
        ),
    ],
)
@as_case
async def test_what_was_acknowledged_comes_on_no_later_connection_of_the_run(case: Case, level: AckLevel) -> None:
    """A user who acknowledges all comes back later, and so do users of earlier cases."""
    user = await case.user()
    line = await user.connect()
    await _acknowledge_a_life(case, user, line)
    await asyncio.sleep(PATIENCE)
    await hears_still(case, user, line)
    await line.close()
    acknowledgements = {event.ack.by for event in case.known.values() if event.ack and event.ack.level is level}
    names = {record.actor for record in case.whole_run if record.kind is Kind.SENT and record.name in acknowledgements}
    for returning in (user, *await case.returning(names, RETURNING)):
        await hears_still(case, returning, await returning.connect())
    case.judge(checks.returned(case.whole_run, case.known, level, PATIENCE, _speaks_against))


def _speaks_against(receipt: Record, name: str) -> bool:
    """Any `error` that does not name another event."""
    return receipt.name == ERROR and at(receipt.payload, "/data/originalEvent") in (None, name)


async def _acknowledge_a_life(case: Case, owner: Person, line: Line) -> None:
    """A claim that is paid and one that is denied: all that may be acknowledged of them is."""
    claim, other = await submit(case, owner), await submit(case, owner)
    for name, of in (("claim_submitted", claim), ("claim_submitted", other)):
        await line.acknowledge(await line.awaits(name, about(of)))
    await approve(case, claim)
    await line.acknowledge(await line.awaits("claim_approved", about(claim)))
    await deny(case, other)
    await line.acknowledge(await line.awaits("claim_denied", about(other)))
    await pay(case, claim)
    for name in CRITICAL:
        await line.acknowledge(await line.awaits(name, about(claim)))
