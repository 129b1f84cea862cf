"""A ban and connections that are being opened: hundreds of them, aimed at the moment at which the ban takes effect."""

from functools import partial
from typing import Final

from eventproof.conform.cases import Case, Inconclusive, Person, requirement
from eventproof.conform.racing import Aim, Tally, wave

from .accounts import accounts

WAVES: Final = 20
RACERS: Final = 32
"""Connections of one wave, each with a transport that is open already: what is timed is the question to be let in."""
NEWCOMERS: Final = 8
"""Connections of one wave that begin with their transport: a server may ask for the token there."""
SECONDS: Final = 20.0
"""After which no further wave begins."""
FEWEST: Final = 20
"""So many connections have to be under way during a ban for anything to be said."""


@requirement("UST-BAN-10")
async def test_no_connection_that_is_being_opened_outlives_the_ban(case: Case) -> None:
    tally, aim, begun = Tally("the ban"), Aim(), case.now
    user = await case.user()
    for number in range(WAVES):
        if number and (case.now - begun > SECONDS or not await _again(case, user)):
            break
        token = await user.session()
        over = [case.transports[number % len(case.transports)] for number in range(RACERS + NEWCOMERS)]
        lines = [user.connection(token, transport) for transport in over]
        aim = await wave(case, lines, RACERS, partial(accounts(case).ban, user), aim, tally)
    case.warn(f"UST-BAN-10: {tally}")
    tally.must_tell(FEWEST)


async def _again(case: Case, user: Person) -> bool:
    """Whether the user could be given a new session after the last ban."""
    if not user.can_log_in:
        return False
    user.logged_out()
    try:
        await accounts(case).unban(user)
        await user.session()
    except Inconclusive:
        return False
    return True
