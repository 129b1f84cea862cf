"""Makes attacks on one channel, many at once: each on a connection of its own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any, Final

from .attack import Attack, Door, Who
from .http_door import by_tcp
from .outcome import End, Outcome
from .place import Place
from .polling_door import by_polling
from .tcp import Unmade
from .visit import Patience, Visit
from .websocket_door import by_websocket

__all__ = ["Attacker"]

_BY: Final[Mapping[Door, Callable[[Visit], Awaitable[Outcome]]]] = {
    Door.WEBSOCKET: by_websocket,
    Door.NATIVE: by_websocket,
    Door.POLLING: by_polling,
    Door.HTTP: by_tcp,
    Door.STREAM: by_tcp,
}
_FOR_MEMBERS: Final = frozenset({Door.NATIVE, Door.STREAM})
"""Where nobody who has no session gets a connection."""
_UNKNOWN_EVENT: Final = '"eventproof:nothing"'
"""What is sent as an event where none is known that a client may send."""


@dataclass(frozen=True, slots=True)
class Attacker:
    """`member` is the channel as somebody logged in comes to it, `stranger` as nobody does; None where none comes."""

    member: Place
    stranger: Place | None
    event: str | None = None
    """A good event, without its brackets, that a handler acknowledges; None: none is known."""
    patience: Patience = field(default_factory=Patience)
    at_once: int = 32
    """So many connections at most, beside those that are held."""
    full: bool = False
    """Whether with full force."""

    async def make(self, attacks: Iterable[Attack], seconds: float = 30.0) -> list[Outcome]:
        """Make all of these, at every door that they fit and by everybody who makes them.

        Those that hold their connections hold them while the others are made, and until they have been looked at. What
        has not come to an end within so many seconds has not been made.
        """
        known = tuple(attacks)
        held = [attack for attack in known if attack.holds]
        turns, over = asyncio.Semaphore(self.at_once), asyncio.Event()
        others = (attack for attack in known if not attack.holds)
        visits = [visit for attack in others for visit in self._visits(attack, over)]
        late = f"it was not over within {seconds:g} s"
        outcomes = [visit.became(End.UNMADE, late) for visit in visits]

        async def go(number: int, visit: Visit) -> None:
            async with turns:
                outcomes[number] = await _made(visit)

        async with self.holding(held) as kept:
            await _within(seconds, [go(number, visit) for number, visit in enumerate(visits)])
            if held:
                await asyncio.sleep(self.patience.looking)
        return outcomes + kept

    @asynccontextmanager
    async def holding(self, attacks: Iterable[Attack]) -> AsyncIterator[list[Outcome]]:
        """Hold the connections of these while the block runs; their outcomes are there behind it."""
        outcomes, over = list[Outcome](), asyncio.Event()
        visits = [visit for attack in attacks for visit in self._visits(attack, over)]
        tasks = [asyncio.create_task(_made(visit)) for visit in visits]
        try:
            yield outcomes
        finally:
            over.set()
            await _within(self.patience.opening, tasks)
            late = "it was not begun when the others were over"
            for visit, task in zip(visits, tasks, strict=True):
                outcomes.append(visit.became(End.UNMADE, late) if task.cancelled() else task.result())

    def _visits(self, attack: Attack, over: asyncio.Event) -> Iterator[Visit]:
        force = attack.full if self.full else attack.gentle
        for door in attack.doors:
            for who in attack.who:
                place = self.member if who is Who.MEMBER else self.stranger
                if place is None or door not in place.doors or (who is Who.STRANGER and door in _FOR_MEMBERS):
                    continue
                event = _UNKNOWN_EVENT if self.event is None else self.event
                acknowledges = self.event is not None
                visit = Visit(attack, door, who, place, event, acknowledges, force.times, self.patience, over)
                yield from repeat(visit, force.connections)


async def _made(visit: Visit) -> Outcome:
    try:
        return await _BY[visit.door](visit)
    except Unmade as why:
        return visit.became(End.UNMADE, str(why))


async def _within(seconds: float, acts: Sequence[Coroutine[Any, Any, Any] | asyncio.Task[Any]]) -> None:
    """Wait for all of these, and end those that take longer; raises what one of them raised."""
    tasks = [asyncio.ensure_future(act) for act in acts]
    try:
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
    finally:
        for task in tasks:
            task.cancel()
    for ended in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(ended, Exception):
            raise ended
