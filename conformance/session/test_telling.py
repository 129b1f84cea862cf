"""Once a session has ended nothing that is told to its user and to others arrives on it; others hear it."""

import asyncio
from itertools import count
from typing import Final

from eventproof.conform.cases import Case, ContractViolation, EventproofError, Inconclusive, Line, capability
from eventproof.conform.marks import each_system
from eventproof.errors import UsageError
from eventproof.history import Kind

from .sessions import Scene, Session, doors, scene

_GLANCE: Final = 0.05
"""Seconds between two looks at whether anything came."""


@capability("tells")
@each_system("session-untold", "ending")
async def test_nothing_is_told_to_it_any_more_after(case: Case, ending: str) -> None:
    """Heard by the witness before and after: by the name of what they hear it is known on the ended connections."""
    numbers = count(1)
    async with scene(case, ending, alone=True) as here:
        watching = [await here.bystander.connect(door) for door in doors(case)]
        lines = [await session.connect(door) for session in here.ended for door in doors(case)]
        await _told(case, here, here.bystander, watching, next(numbers))
        await here.end()
        mark = len(case.records)
        for session in here.ended:
            await _tell(case, session, next(numbers))
        names = await _told(case, here, here.bystander, watching, next(numbers))
        _must_not_have_heard(case, lines, names, mark)


async def _told(case: Case, here: Scene, session: Session, lines: list[Line], number: int) -> frozenset[str]:
    """Tell somebody something; by which name any of these connections heard it. Raises Inconclusive where none did."""
    before = {line.name: len(line.received) for line in lines}
    await _tell(case, session, number)
    news: set[str] = set()
    waiting = case.now + case.budgets.event_arrival
    while not news and case.now < waiting:
        await asyncio.sleep(_GLANCE)
        news = {event.name for line in lines for event in line.received[before[line.name] :]}
    if not news:
        raise Inconclusive(f"`tells` told {here.bystander.person.name} nothing that they heard, so nothing is shown")
    return frozenset(news)


async def _tell(case: Case, session: Session, number: int) -> None:
    operation = next(known for known in case.system.operations if known.id == case.target.endings.tells)
    caller = case.caller(operation, session.person)
    try:
        await caller.call(operation.id, userId=session.person.id, number=number)
    except UsageError:
        raise
    except EventproofError:
        return  # whoever has been banned may not be told any more; the witness shows whether telling works


def _must_not_have_heard(case: Case, lines: list[Line], names: frozenset[str], mark: int) -> None:
    ended = {line.name for line in lines}
    for record in case.records[mark:]:
        if record.kind is Kind.RECEIVED and record.connection in ended and record.name in names:
            raise ContractViolation(
                f"{record.connection} was told `{record.name}` after its session had ended",
                expected="nothing, as others were told it",
                observed=f"`{record.name}`",
                record=record,
            )
