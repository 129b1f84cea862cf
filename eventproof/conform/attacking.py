"""Attacks on the channels of a case's system, by a user of the case: what becomes of each, told in the history."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from eventproof.acknowledgement import is_refusal
from eventproof.actions import fill
from eventproof.attacks import MALFORMED, Attacker, Door, End, Kind, Outcome, Patience, Who, made_apart, of_kind, place
from eventproof.catalog import Channel, Direction, Wire
from eventproof.errors import ContractViolation, EventproofError, Inconclusive
from eventproof.target import Endpoint

from .case import Case
from .person import Person
from .verdicts import NotApplicable, NotTestable

__all__ = ["Attacks", "kinds"]

_AT_ONCE: Final = 32
_FULL_AT_ONCE: Final = 100
_MOST_TRIED: Final = 3
"""So many events are tried at most until one is acknowledged."""
_SHOWN: Final = 5


def kinds(case: Case) -> tuple[Kind, ...]:
    """What of the protocols is broken in this case, one kind after the other: malformed things; more with `--hostile`.

    Slow connections are no kind by themselves: they are held beside the others. Raises NotApplicable where the profile
    forbids attacks, or none fits a channel.
    """
    target, system = case.target, case.system.name
    if not target.attacks:
        raise NotApplicable(f"{target.source} says attacks = false")
    if not case.endpoints:
        raise NotApplicable(f"no channel of {system} can be opened without parameters, so no attack is made there")
    doors = {door for _, endpoint in case.endpoints for door in place(target, endpoint, None).doors}
    wanted = (kind for kind in Kind if kind is not Kind.SLOW) if case.hostile else MALFORMED
    found = tuple(kind for kind in wanted if any(doors & set(attack.doors) for attack in of_kind(kind)))
    if not found:
        raise NotApplicable(
            f"no packet of Engine.IO and no frame of RFC 6455 goes over the wires of {system}: "
            + ", ".join(sorted({endpoint.wire for _, endpoint in case.endpoints}))
        )
    return found


class Attacks:
    """Those of one case."""

    def __init__(self, case: Case, attackers: Sequence[Attacker]) -> None:
        self._case, self._attackers = case, attackers
        self._made: Counter[tuple[Kind, Door]] = Counter()
        self._unmade: dict[tuple[Kind, Door], list[Outcome]] = {}
        self._unproven: dict[tuple[str, Door, Who], Outcome] = {}

    @classmethod
    async def of(cls, case: Case) -> "Attacks":
        """By a user whom no other case has, on each channel of the system."""
        user = await case.user()
        token = await user.session()
        user.doubt()  # a server may end the session of somebody who breaks its protocols
        earlier = case.systems[: case.systems.index(case.system)]
        known = {channel.wire for system in earlier for channel in system.channels}
        channels = {channel.name: channel for channel in case.system.channels}
        attackers, mute = list[Attacker](), list[str]()
        for name, endpoint in case.endpoints:
            event = await _acknowledged_event(case, user, channels[name], endpoint)
            if event is None and endpoint.wire is not Wire.SSE:
                mute.append(name)
            attackers.append(
                Attacker(
                    place(case.target, endpoint, token),
                    # What a stranger can do on a wire does not depend on the system.
                    None if endpoint.wire in known else place(case.target, endpoint, None),
                    event,
                    Patience(case.budgets.connect, case.budgets.event_arrival),
                    at_once=_FULL_AT_ONCE if case.hostile else _AT_ONCE,
                    full=case.hostile,
                )
            )
        if mute:
            case.warn(
                f"ALL-WIRE-1: no event of a client is acknowledged on {', '.join(mute)} ({case.system.name}), so "
                "whether one in a malformed packet reached a handler there shows only by what becomes of others"
            )
        return cls(case, attackers)

    def by(self, kind: Kind) -> str:
        """What is sent while those of this kind are made, in words."""
        return f"{kind}, beside {Kind.SLOW}" if self._case.hostile else str(kind)

    async def make(self, kind: Kind, few: bool = False) -> None:
        """Make all of a kind, with `few` half as many at once.

        Raises ContractViolation where an event in one of them reached a handler.
        """
        attackers = [replace(each, at_once=each.at_once // 2) for each in self._attackers] if few else self._attackers
        if self._case.hostile:
            self._judge(await made_apart(attackers, [*of_kind(Kind.SLOW), *of_kind(kind)]))
            return
        for attacker in attackers:
            self._judge(await attacker.make(of_kind(kind)))

    def must_have_proved(self) -> None:
        """Raise Inconclusive where nothing of a kind was made at a door that it fits, or what was made proves nothing.

        Where only some of them could not be made, that is told.
        """
        missing = [outcomes[0] for which, outcomes in self._unmade.items() if not self._made[which]]
        if missing or not self._made:
            told = "; ".join(f"{outcome.attack.kind} over {outcome.door}: {outcome.said}" for outcome in missing)
            raise Inconclusive(f"no attack could be made: {told or 'there was nobody to make one'}")
        if self._unproven:
            raise Inconclusive(
                "these stayed open, and the good event behind them was not acknowledged, so whether the one in them "
                f"reaches a handler is unknown: {_listed(self._unproven.values())}"
            )
        if unmade := sum(map(len, self._unmade.values())):
            self._case.warn(
                f"ALL-WIRE-1: {unmade} of {unmade + self._made.total()} attacks on {self._case.system.name} could not "
                "be made: the history tells why"
            )

    def _judge(self, outcomes: Iterable[Outcome]) -> None:
        known = list(outcomes)
        for outcome in known:
            self._case.note(str(outcome))
            which = outcome.attack.kind, outcome.door
            if outcome.end is End.UNMADE:
                self._unmade.setdefault(which, []).append(outcome)
            else:
                self._made[which] += 1
        proven = {_one(each) for each in known if each.end is not End.UNMADE and not each.is_unproven}
        self._unproven |= {_one(each): each for each in known if each.is_unproven}
        self._unproven = {one: each for one, each in self._unproven.items() if one not in proven}
        reached = [outcome for outcome in known if outcome.reached_a_handler]
        if reached:
            raise ContractViolation(
                f"an event reached a handler although the protocol forbids what it came in: {reached[0].attack.breaks}",
                expected="no acknowledgement: the connection ends, or what is malformed is refused or passed over",
                observed=_listed(reached),
            )


def _one(outcome: Outcome) -> tuple[str, Door, Who]:
    return outcome.attack.name, outcome.door, outcome.who


def _listed(outcomes: Iterable[Outcome]) -> str:
    return "; ".join(map(str, list(outcomes)[:_SHOWN]))


async def _acknowledged_event(case: Case, user: Person, channel: Channel, endpoint: Endpoint) -> str | None:
    """A good event of a client, without its brackets, that this channel acknowledges; None where none is known."""
    if endpoint.wire is not Wire.SOCKET_IO:
        return None
    line = await user.connect(channel=channel.name)
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
