"""A ban and connections that are being opened: hundreds of them, aimed at the moment at which the ban takes effect."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from eventproof.conform.cases import (
    Case,
    ConnectionRefused,
    ContractViolation,
    Inconclusive,
    Line,
    Person,
    TargetUnavailable,
    on_each,
    requirement,
)

from .accounts import accounts

WAVES: Final = 20
RACERS: Final = 32
"""Connections of one wave, each with a transport that is open already: what is timed is the question to be let in."""
NEWCOMERS: Final = 8
"""Connections of one wave that begin with their transport: a server may ask for the token there."""
SECONDS: Final = 9.0
"""After which no further wave begins."""
CLOSEST: Final = 0.003
"""Seconds around the aim: our own clockwork is no more exact."""
FEWEST: Final = 20
"""So many connections have to be under way during a ban for anything to be said."""
TOO_MANY: Final = 429


class Moment(StrEnum):
    """When a connection was accepted."""

    BEFORE = "before the ban"
    DURING = "while the ban was under way"
    AFTER = "after its answer"


@dataclass(frozen=True, slots=True)
class _Race:
    """What became of one connection, and when it asked and had its answer; neither where nothing can be said."""

    began: float
    over: float
    accepted: bool
    refused: bool


@dataclass(slots=True)
class _Tally:
    asked: int = 0
    under_way: int = 0
    """Asked before the ban's answer, and answered after the ban was sent."""
    refused: int = 0
    unknown: int = 0
    accepted: Counter[Moment] = field(default_factory=Counter)

    def count(self, race: _Race, sent: float, answered: float) -> None:
        """Enter a connection that met a ban which was sent and answered then."""
        known = race.accepted or race.refused
        self.asked += 1
        self.under_way += known and race.began < answered and race.over > sent
        self.refused += race.refused
        self.unknown += not known
        if race.accepted:
            during = Moment.DURING if race.over < answered else Moment.AFTER
            self.accepted[Moment.BEFORE if race.over < sent else during] += 1

    def __str__(self) -> str:
        accepted = ", ".join(f"{self.accepted[moment]} accepted {moment}" for moment in Moment)
        return (
            f"{self.asked} connects around bans, {self.under_way} of them under way during one: {accepted}, "
            f"{self.refused} refused" + (f", {self.unknown} without an answer" if self.unknown else "")
        )


@dataclass(frozen=True, slots=True)
class _Aim:
    """When the connections of a wave ask to be let in: so many seconds after the ban is sent, and around that."""

    at: float = 0.005
    spread: float = 0.015

    def next(self, races: Sequence[_Race], sent: float) -> "_Aim":
        """Nearer to where acceptance turned into refusal: what asked then was half open when the ban took effect."""
        asked = sorted(race.began - sent for race in races if race.accepted or race.refused)
        turned = sum(race.accepted for race in races)
        if 0 < turned < len(asked):
            return _Aim(asked[turned], max(self.spread / 2, CLOSEST))
        return _Aim(self.at + (self.spread if turned else -self.spread), self.spread)


@requirement("UST-BAN-10")
async def test_no_connection_that_is_being_opened_outlives_the_ban(case: Case) -> None:
    tally, aim, begun = _Tally(), _Aim(), case.now
    user = await case.user()
    for wave in range(WAVES):
        if wave and (case.now - begun > SECONDS or not await _again(case, user)):
            break
        aim = await _wave(case, user, aim, tally)
    case.warn(f"UST-BAN-10: {tally}")
    if not tally.accepted.total():
        raise Inconclusive(f"no connection was accepted, so those that were refused prove nothing: {tally}")
    if tally.under_way < FEWEST:
        raise Inconclusive(f"too few connections met a ban to say anything here: {tally}")


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


async def _wave(case: Case, user: Person, aim: _Aim, tally: _Tally) -> _Aim:
    """Ban the user amid a crowd of connections, all of which have to have ended soon after; the next aim."""
    token = await user.session()
    over = [case.transports[number % len(case.transports)] for number in range(RACERS + NEWCOMERS)]
    lines = [user.connection(token, transport) for transport in over]
    await asyncio.gather(*map(_reached, lines[:RACERS]))
    strike = case.now + max(0.0, aim.spread - aim.at)
    moments = [strike + aim.at + aim.spread * case.random.uniform(-1, 1) for _ in lines]
    striking = asyncio.create_task(_strike(case, user, strike))
    racing = (_race(case, line, moment) for line, moment in zip(lines, moments, strict=True))
    races = await asyncio.gather(*racing)
    sent, answered = await striking
    for race in races:
        tally.count(race, sent, answered)
    accepted = [line for line, race in zip(lines, races, strict=True) if race.accepted]
    try:
        await on_each(accepted, lambda line: line.ends(), "ended with the ban")
    except ContractViolation as survived:
        raise ContractViolation(
            f"a connection that was being opened outlived the ban: {survived}; {tally}",
            expected=survived.expected,
            observed=survived.observed,
        ) from survived
    await asyncio.gather(*(line.close() for line in lines))
    return aim.next(races[:RACERS], sent)


async def _strike(case: Case, user: Person, moment: float) -> tuple[float, float]:
    """Ban the user then; when that was sent, and answered."""
    await asyncio.sleep(moment - case.now)
    sent = case.now
    await accounts(case).ban(user)
    return sent, case.now


async def _reached(line: Line) -> None:
    """Open the transport; one that cannot be opened is counted when it asks to be let in."""
    with suppress(ContractViolation, Inconclusive, TargetUnavailable):
        await line.reach()


async def _race(case: Case, line: Line, moment: float) -> _Race:
    await asyncio.sleep(moment - case.now)
    began, accepted, refused = case.now, False, False
    try:
        await line.open()
        accepted = True
    except ConnectionRefused as refusal:
        refused = refusal.status != TOO_MANY
    except (ContractViolation, Inconclusive, TargetUnavailable):
        pass
    return _Race(began, case.now, accepted, refused)
