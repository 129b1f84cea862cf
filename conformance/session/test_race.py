"""What ends a session and connections of it that are being opened: aimed at the moment at which it takes effect."""

from itertools import cycle, islice
from typing import Final

from eventproof.conform.cases import Case
from eventproof.conform.marks import each_system
from eventproof.conform.racing import Aim, Tally, wave

from .sessions import doors, scene

WAVES: Final = 6
RACERS: Final = 24
"""Connections of one wave whose transport is open already, where their wire has one of its own."""
NEWCOMERS: Final = 8
SECONDS: Final = 4.0
"""After which no further wave begins."""
FEWEST: Final = 6
"""So many connections have to be under way while a session ends for anything to be said."""


@each_system("session-race", "ending")
async def test_no_connection_that_is_being_opened_outlives(case: Case, ending: str) -> None:
    tally, aim, begun = Tally(ending), Aim(), case.now
    people = await case.users(2)
    ways = list(islice(cycle(doors(case)), RACERS + NEWCOMERS))
    for _ in range(WAVES):
        if case.now - begun > SECONDS:
            break
        async with scene(case, ending, alone=True, people=people) as here:
            session = here.ended[0]
            lines = [session.person.connection(session.token, way.transport, channel=way.channel) for way in ways]
            aim = await wave(case, lines, RACERS, here.end, aim, tally)
            if await here.let_in_again() is None:
                break
    case.note(f"SESSION-RACE-1: {tally}")
    tally.must_tell(FEWEST)
