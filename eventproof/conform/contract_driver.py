"""The driver of a system as its contract gives it; a system that knows more derives its own from it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from eventproof.catalog import (
    ADMIN,
    ANYONE,
    CALLER,
    EVERYONE,
    USER,
    Cause,
    Direction,
    Effect,
    Event,
    OfSession,
    Operation,
    System,
    effects,
    of_role,
    rooms_of,
)
from eventproof.checks.membership import moves
from eventproof.client.aio import Received
from eventproof.errors import Inconclusive, UsageError
from eventproof.history import History
from eventproof.target import Target

from .calls import Answer
from .canaries import Canaries
from .driver import Fire
from .line import Line
from .people import People
from .performing import arguments, begun, people_in, perform
from .person import Person
from .verdicts import NotTestable

__all__ = ["ContractDriver"]

_ACTORS = 2
_ONE = "connection"
"""The audience that is the one connection which caused it."""
_OF_CANARIES = 2
"""Of what clients choose among, the number of what the canaries are about: beside those of two users."""


@dataclass(frozen=True, slots=True)
class Route:
    """How somebody comes to hear an event: the calls in their order, of which the last one causes it."""

    event: Event
    calls: tuple[Operation, ...]
    asks: Event | None = None
    """The event by which a client asks for the room that hears of it, before the last call; None: nobody has to."""
    on_each: bool = False
    """Whether it is for the one connection that causes it: each has to do so."""


class ContractDriver:
    """Every call comes after those that it needs, about things that were made for it."""

    actors = _ACTORS

    def __init__(self, system: System, people: People, target: Target, history: History) -> None:
        self._system = system
        self._people = people
        self._target = target
        self._history = history
        self._canaries: dict[Route, Canaries] = {}
        self._routes: dict[tuple[str, str], list[Route]] = {}
        """Those that may serve, by role and the address of a channel; the one that served comes first."""

    # Canaries.

    async def canary(self, *people: Person) -> None:
        """Cause an event for each of these people, and await it on each of their connections to the system."""
        for person in people:
            lines = [line for line in person.lines if line.system == self._system.name and line.room is None]
            for address in dict.fromkeys(line.channel for line in lines if line.is_open):
                await self._canary(person, address, [line for line in lines if line.channel == address])

    async def _canary(self, person: Person, address: str, lines: Sequence[Line]) -> None:
        routes = self._routes.setdefault((person.role, address), list(self._ways(person.role, address)))
        for route in tuple(routes):
            found: list[Effect] = []
            mark = len(self._history)

            async def call(route: Route = route, found: list[Effect] = found) -> Answer:
                answer, effect = await self._follow(person, route, lines)
                found.append(effect)
                return answer

            def is_it(_: Answer, found: list[Effect] = found, mark: int = mark) -> Any:
                return lambda heard: heard.order >= mark and _is_of(found[0], heard)

            try:
                if route.on_each:
                    for line in filter(_is_open, lines):
                        found.clear()
                        await self._sender(route).send(partial(self._said, person, route, line, found), [line], is_it)
                else:
                    await self._sender(route).send(call, lines, is_it)
            except (_NotForThem, NotTestable):  # it is for others, or nobody acts for one of its callers
                routes.remove(route)
            except Inconclusive:
                if len(routes) > 1:  # what does not serve once is tried last the next time
                    routes.remove(route)
                    routes.append(route)
                raise
            else:
                return
        raise Inconclusive(
            f"no call of the contract of {self._system.name} lets {person.name} hear anything on this target, so "
            "nobody can tell what was not sent"
        )

    def _sender(self, route: Route) -> Canaries:
        what = f"the call {route.calls[-1].id}"
        return self._canaries.setdefault(route, Canaries(what, route.event.name, *_judges(self._system)))

    async def _follow(self, person: Person, route: Route, lines: Sequence[Line]) -> tuple[Answer, Effect]:
        """Make the calls about this person. Raises _NotForThem where the event is not for them after all."""
        known = begun(self._system, _OF_CANARIES)
        rooms = set(rooms_of(person.id, person.role))
        for operation in route.calls:
            if operation is route.calls[-1] and route.asks is not None:
                rooms |= await self._asked(route.asks, known, lines)
            answer, cause = await perform(self._people, person, operation, known)
            joined = (move.room for move in moves(operation.joins, cause) if move.user == str(person.id))
            rooms |= {room for room in joined if isinstance(room, str)}
        effect = next(effects([route.event], cause))
        if rooms.isdisjoint(effect.audience.rooms):
            raise _NotForThem("the event is for others")
        return answer, effect

    async def _said(self, person: Person, route: Route, line: Line, found: list[Effect]) -> Answer:
        """Have one line cause it for itself; what it is then is `found`."""
        operation, known = route.calls[-1], begun(self._system, _OF_CANARIES)
        for needed in route.calls[:-1]:
            await perform(self._people, person, needed, known)
        given = arguments(operation, {**known, "userId": person.id})
        answer = (await person.emit(operation.id, line, given)).must_succeed()
        found.append(next(effects([route.event], Cause(operation.id, given, person.id, answer.ids, known))))
        return answer

    async def _asked(self, event: Event, known: Mapping[str, Any], lines: Sequence[Line]) -> set[str]:
        """Have each line ask for the room; which it is."""
        assert event.joins is not None  # noqa: S101 - only such events are asked with
        try:
            argument = event.asking(event.joins, known, lambda role: self._people.acting(role).id)
        except KeyError as unknown:
            raise _NotForThem(f"no call tells the {unknown.args[0]} of the room") from None
        for line in lines:
            if line.is_open:
                await line.asks(event.name, argument, if_acknowledged=True)
        return {event.room_of(event.joins, argument)}

    def _ways(self, role: str, address: str) -> Iterator[Route]:
        """How somebody of a role may come to hear something on the channel at this address: the shortest first."""
        events = self._events(address)
        ways = [way for event in events for name in event.certain for way in self._ways_to(event, name, role)]
        yield from sorted(ways, key=lambda way: (len(way.calls), way.asks is not None))

    def _ways_to(self, event: Event, trigger: str, role: str) -> Iterator[Route]:
        if trigger not in self._target.operations:
            return
        cause = self._system.operation(trigger)
        for term in event.audiences.get(trigger, event.audience):
            if term in (EVERYONE, of_role(role)) or term.startswith("user:"):
                yield self._route(event, cause)
            if term == _ONE and cause.event is not None:
                yield replace(self._route(event, cause), on_each=True)
            for asking in self._system.events:
                if asking.joins == term and set(asking.channels) & set(event.channels):
                    yield self._route(event, cause, asks=asking)
            for joining in self._system.operations:
                who = joining.joins.get(term)
                by_them = who == CALLER and role in joining.roles
                if (by_them or (who and joining.people.get(who) == role)) and joining.id in self._target.operations:
                    yield self._route(event, joining, cause)

    def _route(self, event: Event, *calls: Operation, asks: Event | None = None) -> Route:
        needed = [each for call in calls for each in (*self._system.before(call.id), call)]
        return Route(event, tuple(dict.fromkeys(needed)), asks)

    def _events(self, address: str) -> Iterator[Event]:
        """What comes on the channel at this address."""
        return (
            event
            for event in self._system.events
            if event.direction is Direction.SEND and address in {channel.address for channel in event.channels}
        )

    # Traffic.

    async def traffic(self, actors: Sequence[Person]) -> None:
        """Every call that causes anything, for each of them in turn, after all that it needs."""
        causing = {trigger for event in self._system.events for trigger in event.triggers}
        for operation in self._calls():
            if operation.id in causing and operation.ends is None and not operation.lasts:
                for person in actors:
                    with suppress(Inconclusive, NotTestable):  # what one call does not allow now, another one may
                        await self._made(person, *self._system.before(operation.id), operation)

    async def _made(self, person: Person, *calls: Operation) -> dict[str, Any]:
        """What is known after these calls."""
        known = begun(self._system)
        for each in calls:
            await perform(self._people, person, each, known)
        return known

    def _calls(self) -> Iterator[Operation]:
        return (
            operation
            for operation in self._system.operations
            if operation.id in self._target.operations and operation.role != ANYONE
        )

    async def parameters(self, user: Person) -> Mapping[str, Any]:
        """What the document gives as examples, and the ids of what was made for this user."""
        known = begun(self._system)
        for operation in self._system.operations:
            known = {**operation.example, **known}
            with suppress(NotTestable):  # where nobody has the role, the call is not made
                known = {**await people_in(self._people, operation, user), **known}
        for operation in self._calls():
            before = self._system.before(operation.id)
            if any(name not in known for name in operation.parameters) and not any(each.ends for each in before):
                with suppress(Inconclusive, NotTestable):
                    known |= await self._made(user, *before)
        return known

    # The dry run.

    async def rehearse(self, user: Person, fire: Fire) -> None:
        """Every call once, after what it needs; what ends the session comes last.

        What nobody can make here is left out, and the others are made all the same.
        """
        fired: set[str] = set()
        for operation in sorted(self._calls(), key=lambda each: (each.ends is not None, len(each.needs) > 0)):
            if operation.session is OfSession.BEGINS:
                continue
            known = begun(self._system)
            for each in (*self._system.before(operation.id), operation):
                if each.id in fired:
                    with suppress(Inconclusive, NotTestable, UsageError):
                        await perform(self._people, user, each, known)
                    continue
                fired.add(each.id)
                try:
                    people = await people_in(self._people, each, user)
                except (Inconclusive, NotTestable) as lacking:
                    fire.left_out(each.id, lacking)
                    continue
                answer = await fire(each.id, **arguments(each, {**people, **known, "userId": user.id}))
                if answer is not None:
                    known |= {name: answer.says(name) for name in each.answers if name in answer.ids}
            if operation.ends is not None:
                user.logged_out()

    def missing(self) -> Iterator[str]:
        """Whom the profile does not give, of those who make the calls or whom they name."""
        roles = {role for call in self._calls() for role in (call.role, *call.people.values())}
        for role in sorted(roles - {ANYONE, USER, ADMIN}):
            if not self._target.people(role):
                yield f'nobody of the role "{role}": list them under [[identities.people]] ({self._system.name})'


class _NotForThem(Inconclusive):
    """What a call causes does not go to whom it was made for."""


def _is_open(line: Line) -> bool:
    return line.is_open


def _is_of(effect: Effect, heard: Received) -> bool:
    return effect.may_be(heard.payload) and effect.is_about(heard.payload)


def _judges(system: System) -> Iterator[str]:
    """The requirements by which the loss of an event is judged."""
    for line in system.requirements:
        if any(included.kind == "delivery" for included in line.includes):
            yield line.id
