"""Attacks on the channels of a case's system, by a user of the case: what becomes of each, told in the history."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any, Final

from eventproof.acknowledgement import is_refusal
from eventproof.actions import fill
from eventproof.attacks import Attacker, End, Kind, Outcome, Patience, made_apart, of_kind, place
from eventproof.catalog import Channel, Direction, Wire
from eventproof.errors import ContractViolation, EventproofError

from .case import Case
from .person import Person
from .verdicts import NotTestable

__all__ = ["Attacks"]

_AT_ONCE: Final = 32
_FULL_AT_ONCE: Final = 100
_LOOKING: Final = 1.0
_MOST_TRIED: Final = 3
"""So many events are tried at most until one is acknowledged."""


class Attacks:
    """Those of one case."""

    def __init__(self, case: Case, attackers: Sequence[Attacker]) -> None:
        self._case, self._attackers = case, attackers
        self.made: Counter[End] = Counter()
        """How many came to what end so far."""

    @classmethod
    async def of(cls, case: Case) -> "Attacks":
        """By a user whom no other case has, on each channel of the system."""
        user = await case.user()
        token = await user.session()
        earlier = case.systems[: case.systems.index(case.system)]
        known = {channel.wire for system in earlier for channel in system.channels}
        event = await _acknowledged_event(case, user)
        if event is None:
            case.note("no event of a client is acknowledged here: whether one reached a handler shows only by others")
        return cls(
            case,
            [
                Attacker(
                    place(case.target, endpoint, token),
                    # What a stranger can do on a wire does not depend on the system.
                    None if endpoint.wire in known else place(case.target, endpoint, None),
                    event if endpoint.wire is Wire.SOCKET_IO else None,
                    Patience(case.budgets.connect, _LOOKING),
                    at_once=_FULL_AT_ONCE if case.hostile else _AT_ONCE,
                    full=case.hostile,
                )
                for _, endpoint in case.endpoints
            ],
        )

    async def make(self, kind: Kind) -> None:
        """Make all of a kind; raises ContractViolation where an event in one of them reached a handler."""
        attacks = of_kind(kind)
        if self._case.hostile:
            self._judge(await made_apart(self._attackers, attacks))
            return
        for attacker in self._attackers:
            self._judge(await attacker.make(attacks))

    @asynccontextmanager
    async def holding(self, kind: Kind) -> AsyncIterator[None]:
        """Hold the connections of those of this kind while the block runs."""
        async with AsyncExitStack() as stack:
            held = [await stack.enter_async_context(each.holding(of_kind(kind))) for each in self._attackers]
            yield
        for outcomes in held:
            self._judge(outcomes)

    def _judge(self, outcomes: Iterable[Outcome]) -> None:
        known = list(outcomes)
        self.made.update(outcome.end for outcome in known)
        for outcome in known:
            self._case.note(str(outcome))
        reached = [outcome for outcome in known if outcome.reached_a_handler]
        if reached:
            raise ContractViolation(
                f"an event reached a handler although the protocol forbids what it came in: {reached[0].attack.breaks}",
                expected="no acknowledgement: the connection ends, or what is malformed is refused or passed over",
                observed="; ".join(map(str, reached[:5])),
            )


async def _acknowledged_event(case: Case, user: Person) -> str | None:
    """A good event of a client, without its brackets, that this server acknowledges; None where none is known."""
    channel = case.system.channels[0]
    if channel.wire is not Wire.SOCKET_IO:
        return None
    line = await user.connect()
    try:
        tried = 0
        async for name, argument in _events(case, channel, user):
            answer = await line.asks(name, argument)
            if answer is not None and not is_refusal(answer):
                return json.dumps([name, *([] if argument is None else [argument])])[1:-1]
            tried += 1
            if tried == _MOST_TRIED:
                break
    except EventproofError as error:
        case.note(f"no event was acknowledged: {error}")
    finally:
        await line.close()
    return None


async def _events(case: Case, channel: Channel, user: Person) -> AsyncIterator[tuple[str, Any]]:
    """What a client may say there and does no harm, each with its argument: asking for a room, answering a heartbeat.

    What has to be there first for a room to be asked for is made only where nothing else serves.
    """
    if channel.opening is not None:
        yield channel.opening.event, fill(channel.opening.argument, {"role": user.role}, case.target.source)
    if channel.heartbeat is not None and channel.heartbeat.answer is not None:
        yield channel.heartbeat.answer, None
    asking = [
        event
        for event in case.system.events
        if event.direction is Direction.RECEIVE and event.joins is not None and channel in event.channels
    ]
    known = await case.drivers[case.system.name].parameters(user) if asking else {}
    for event in asking:
        with suppress(KeyError, NotTestable):
            yield event.name, event.asking(str(event.joins), known, lambda role: case.acting(role).id)
