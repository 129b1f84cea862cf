"""Connections that are being opened while something ends their session: many of them, aimed at that moment."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from eventproof.client.aio import ConnectionRefused, SocketIOClient
from eventproof.errors import ContractViolation, Inconclusive, TargetUnavailable

from .case import Case
from .each import on_each
from .line import Line

__all__ = ["Aim", "Tally", "wave"]

CLOSEST: Final = 0.003
"""Seconds around the aim: our own clockwork is no more exact."""
TOO_MANY: Final = 429


class Moment(StrEnum):
    """When a connection was accepted."""

    BEFORE = "before it"
    DURING = "while it was under way"
    AFTER = "after its answer"


@dataclass(frozen=True, slots=True)
class _Race:
    """What became of one connection, and when it asked and had its answer; neither where nothing can be said."""

    began: float
    over: float
    accepted: bool
    refused: bool


@dataclass(slots=True)
class Tally:
    """What became of the connections of all waves; `what` is the call that they met, in words."""

    what: str
    asked: int = 0
    under_way: int = 0
    """Asked before the call's answer, and answered after it was sent."""
    refused: int = 0
    unknown: int = 0
    accepted: Counter[Moment] = field(default_factory=Counter)

    def count(self, race: _Race, sent: float, answered: float) -> None:
        """Enter a connection that met a call which was sent and answered then."""
        known = race.accepted or race.refused
        self.asked += 1
        self.under_way += known and race.began < answered and race.over > sent
        self.refused += race.refused
        self.unknown += not known
        if race.accepted:
            during = Moment.DURING if race.over < answered else Moment.AFTER
            self.accepted[Moment.BEFORE if race.over < sent else during] += 1

    def must_tell(self, fewest: int) -> None:
        """Raise Inconclusive where fewer connections than that met the call, or none of them all was accepted."""
        if not self.accepted.total():
            raise Inconclusive(f"no connection was accepted, so those that were refused prove nothing: {self}")
        if self.under_way < fewest:
            raise Inconclusive(f"too few connections met {self.what} to say anything here: {self}")

    def __str__(self) -> str:
        accepted = ", ".join(f"{self.accepted[moment]} accepted {moment}" for moment in Moment)
        return (
            f"{self.asked} connects around {self.what}, {self.under_way} of them under way during it: {accepted}, "
            f"{self.refused} refused" + (f", {self.unknown} without an answer" if self.unknown else "")
        )


@dataclass(frozen=True, slots=True)
class Aim:
    """When the connections of a wave ask to be let in: so many seconds after the call is sent, and around that."""

    at: float = 0.005
    spread: float = 0.015

    def next(self, races: Sequence[_Race], sent: float) -> "Aim":
        """Nearer to where acceptance turned into refusal: what asked then was half open when the call took effect."""
        asked = sorted(race.began - sent for race in races if race.accepted or race.refused)
        turned = sum(race.accepted for race in races)
        if 0 < turned < len(asked):
            return Aim(asked[turned], max(self.spread / 2, CLOSEST))
        return Aim(self.at + (self.spread if turned else -self.spread), self.spread)


async def wave(
    case: Case, lines: Sequence[Line], reached: int, strike: Callable[[], Awaitable[object]], aim: Aim, tally: Tally
) -> Aim:
    """Open these connections around a call that ends their session; the next aim.

    The first `reached` of them, where Socket.IO is their wire, have a transport by then: what is timed is the question
    to be let in. Raises ContractViolation where one of them outlives the call.
    """
    await asyncio.gather(*(_reached(line) for line in lines[:reached]))
    at = case.now + max(0.0, aim.spread - aim.at)
    moments = [at + aim.at + aim.spread * case.random.uniform(-1, 1) for _ in lines]
    striking = asyncio.create_task(_struck(case, strike, at))
    races = await asyncio.gather(*(_race(case, line, moment) for line, moment in zip(lines, moments, strict=True)))
    sent, answered = await striking
    for race in races:
        tally.count(race, sent, answered)
    accepted = [line for line, race in zip(lines, races, strict=True) if race.accepted]
    try:
        await on_each(accepted, lambda line: line.ends(), f"ended with {tally.what}")
    except ContractViolation as survived:
        raise ContractViolation(
            f"a connection that was being opened outlived {tally.what}: {survived}; {tally}",
            expected=survived.expected,
            observed=survived.observed,
        ) from survived
    await asyncio.gather(*(line.close() for line in lines))
    return aim.next(races[:reached], sent)


async def _struck(case: Case, strike: Callable[[], Awaitable[object]], moment: float) -> tuple[float, float]:
    """Make the call then; when it was sent, and answered."""
    await asyncio.sleep(moment - case.now)
    sent = case.now
    await strike()
    return sent, case.now


async def _reached(line: Line) -> None:
    """Open the transport; one that cannot be opened is counted when it asks to be let in."""
    if isinstance(line.client, SocketIOClient):
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
