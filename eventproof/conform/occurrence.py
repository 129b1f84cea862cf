"""What one call causes, with everybody listening whom it could reach: as the contract has it, made once a run.

Nothing here knows a system. Who calls, what comes before, what a call is made with, who is to hear of it: all of it
stands in the contract.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from eventproof.catalog import ADMIN, USER, Cause, Channel, Effect, Ends, Event, Operation, System, effects
from eventproof.checks import Story
from eventproof.errors import ContractViolation, EventproofError, Inconclusive
from eventproof.target import Endpoint

from .case import Case
from .dialer import HandshakeOptions
from .line import Line
from .performing import begun, perform
from .person import Person
from .verdicts import NotTestable

__all__ = ["Occurrence", "bring_about", "caused", "heard", "occurrences"]

_ADMINS = 2
"""So many admins listen, where the profile gives as many."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A call that was accepted, and all that happened around it."""

    operation: str
    story: Story
    """All that happened around it, settled before it."""
    special: Mapping[str, str]
    """What is special about a connection, by its name."""
    silence: Inconclusive | None
    """Why it is unknown whether those who are no part of the audience heard nothing; None where a canary came later."""


async def occurrences(case: Case, event: str, by: str = "") -> Sequence[Occurrence]:
    """One for each call that causes the event for certain, and each state of its thing from which it leads.

    Those are left out that the target has not or refuses. With `by`, those of that call alone. Raises what the last of
    these raised, where there is none at all.
    """
    found: list[Occurrence] = []
    refused: EventproofError | None = None
    for trigger in [by] if by else _triggers(case.system, event):
        for before in case.system.ways_before(trigger):
            try:
                found.append(await _occurrence(case, case.system.operation(trigger), before))
            except EventproofError as error:
                refused = error
                case.note(f"`{event}` by {trigger}: {error}")
    if not found and refused is not None:
        raise refused
    return found


async def _occurrence(case: Case, operation: Operation, before: Sequence[Operation]) -> Occurrence:
    """The one of this run; what kept it from being made keeps it for every case."""
    made, key = case.occurrences, " ".join(each.id for each in (*before, operation))
    if key not in made:
        try:
            made[key] = await _Making(case, operation, before).made()
        except EventproofError as error:
            made[key] = error
    found = made[key]
    if isinstance(found, EventproofError):
        raise found.with_traceback(None)
    assert isinstance(found, Occurrence)  # noqa: S101 - nothing else is put there
    return found


async def bring_about(case: Case, user: Person, event: str) -> Effect:
    """Cause an event for a user by the first call that does so on this target; what it is then.

    All else that the calls cause for the user has come by then, or had the time to. Raises NotTestable where the target
    has no such call, Inconclusive where one is not accepted.
    """
    triggers = [name for name in _triggers(case.system, event) if name in case.target.operations]
    if not triggers:
        raise NotTestable(f"no call of the target causes `{event}`: see [operations]")
    known = begun(case.system)
    for operation in (*case.system.before(triggers[0]), case.system.operation(triggers[0])):
        _, cause = await perform(case, user, operation, known)
        others = [effect for effect in caused(case, cause) if effect.event.name != event]
        await heard(case, user.lines, others)
    return next(effect for effect in caused(case, cause) if effect.event.name == event)


async def heard(case: Case, lines: Sequence[Line], these: Iterable[Effect]) -> bool:
    """Wait until these have come to the lines for which they are, as long as it may take; whether all have."""
    story, effects_now = case.story(), tuple(these)
    waits = [
        _comes(line, effect)
        for effect in effects_now
        for line in lines
        if story.is_meant_now(line.actor, line.name, line.channel, effect)
    ]
    return all(await asyncio.gather(*waits))


async def _comes(line: Line, effect: Effect) -> bool:
    try:
        await line.hears(
            effect.event.name, lambda event: effect.may_be(event.payload) and effect.is_about(event.payload)
        )
    except ContractViolation:
        return False
    return True


def _triggers(system: System, event: str) -> tuple[str, ...]:
    """The calls that cause an event for certain."""
    return tuple(dict.fromkeys(trigger for known in system.events if known.name == event for trigger in known.certain))


def caused(case: Case, cause: Cause) -> Iterator[Effect]:
    """What must follow from an accepted call."""
    return (effect for effect in effects(case.system.events, cause) if effect.is_certain)


@dataclass(slots=True)
class _Making:
    """One occurrence while it is made."""

    case: Case
    operation: Operation
    before: Sequence[Operation]
    """What comes before it."""
    lines: list[Line] = field(default_factory=list)
    is_told: bool = True
    """Whether all has come so far that had to; otherwise only what the call itself causes is awaited."""

    async def made(self) -> Occurrence:
        case, operation = self.case, self.operation
        user, other = await case.users(2)
        admins = (await case.admins(min(_ADMINS, len(case.target.admins)))) if case.target.admins else []
        await self._connect(user, other, [*admins, *await self._further_people()])
        unsettled = await self._canary([user, other])  # what earlier cases caused, and was missed, has arrived by now
        settled = len(case.whole_run)
        known = await self._prepared(user)
        if rooms := self._rooms():
            await self._enter_rooms(user, rooms, known)
            await self._enter_rooms(other, rooms, await self._prepared(other, 1))
        await self._ask_for_rooms(user, other, known)
        _, cause = await perform(case, user, operation, known)
        await heard(case, self.lines, caused(case, cause))
        case.note(f"what {operation.id} causes has come by now, or had the time to")
        silence = unsettled or await self._canary([other] if operation.ends is Ends.USER else [user, other])
        special = {line.name: line.role for line in self.lines if line.role}
        return Occurrence(operation.id, case.story_of_all(settled), special, silence)

    async def _further_people(self) -> list[Person]:
        """Who acts for each further role of the system, and one more of it, who is to hear nothing of theirs."""
        found, case = [], self.case
        for role in case.system.roles:
            if role not in (ADMIN, USER, case.system.member) and case.target.people(role):
                found.append(case.acting(role))
                if len(case.target.people(role)) > 1:
                    found.append(await case.person(role))
        return found

    async def _connect(self, user: Person, other: Person, further: Sequence[Person]) -> None:
        """All the user's devices, and one of each other person; whom a channel is not open to does without."""
        sessions = {"an older session": await user.session(), "a newer session": await user.another_token()}
        for channel, endpoint in self.case.endpoints:
            for number, transport in enumerate(endpoint.transports):
                session = list(sessions)[number % len(sessions)]
                line = await user.connect(transport, channel=channel, token=sessions[session], acknowledges=True)
                self._listens(line, session)
            self._listens(await other.connect(channel=channel, acknowledges=True))
            for person in further:
                with suppress(Inconclusive):
                    self._listens(await person.connect(channel=channel, acknowledges=True))
        for endpoint in self._further():
            self._listens(await user.connect_to(endpoint))
            self._listens(await other.connect_to(endpoint))

    def _listens(self, line: Line, role: str = "") -> None:
        line.role = role
        self.lines.append(line)

    def _further(self) -> Iterator[Endpoint]:
        """The further channels that certainly carry the system's events: at addresses of its contract."""
        own = {channel.address for channel in self.case.system.channels}
        listed = {endpoint.known_as for _, endpoint in self.case.endpoints}
        for endpoint in self.case.target.other_channels or ():
            if endpoint.address in own - listed and endpoint.presents_token:
                yield endpoint

    def _rooms(self) -> list[Channel]:
        """The channels about one thing that carry what the call causes, as far as the target has them."""
        system, there = self.case.system, self.case.target.channels
        caused_here = [event for event in system.events if self.operation.id in event.triggers]
        return [
            channel
            for channel in system.channels
            if channel.parameters
            and (system.name, channel.name) in there
            and any(channel in event.channels for event in caused_here)
        ]

    async def _enter_rooms(self, person: Person, rooms: Sequence[Channel], known: Mapping[str, Any]) -> None:
        for channel in rooms:
            if all(parameter in known for parameter in channel.parameters):
                says = HandshakeOptions(
                    parameters={parameter: str(known[parameter]) for parameter in channel.parameters}
                )
                self._listens(await person.connect(channel=channel.name, says=says))

    async def _ask_for_rooms(self, user: Person, other: Person, known: Mapping[str, Any]) -> None:
        """The user's connections join the rooms that hear of it, the other's those of another thing of that kind."""
        asking = [event for event in self.case.system.events if event.joins in self._terms()]
        if not asking:
            return
        joined = [await self._ask(event, user, known, set()) for event in asking]
        if self.before or self.case.system.chosen:
            theirs = await self._prepared(other, 1)
            for event in asking:
                await self._ask(event, other, theirs, {room for room in joined if room})

    def _terms(self) -> set[str]:
        """The rooms of all that the call causes, as the contract has them."""
        caused_here = (event for event in self.case.system.events if self.operation.id in event.triggers)
        return {
            term
            for event in caused_here
            for term in (*event.audiences.get(self.operation.id, event.audience), *event.possible)
        }

    async def _ask(self, event: Event, person: Person, known: Mapping[str, Any], beside: set[str]) -> str | None:
        """Join a room on each of somebody's connections, if it is none of these; the room, if it can be named."""
        assert event.joins is not None  # noqa: S101 - only such events are asked with
        try:
            argument = event.asking(event.joins, known, lambda role: self.case.acting(role).id)
        except (KeyError, NotTestable):
            return None
        room = event.room_of(event.joins, argument)
        if room in beside:
            return None
        addresses = {channel.address for channel in event.channels}
        for line in person.lines:
            if line.channel in addresses and line.is_open:
                await line.asks(event.name, argument)
        return room

    async def _prepared(self, user: Person, number: int = 0) -> dict[str, Any]:
        """Do all that comes before the call; what is known then. Each `number` has its own of what clients choose."""
        known = begun(self.case.system, number)
        for needed in self.before:
            _, cause = await perform(self.case, user, needed, known)
            if self.is_told:
                self.is_told = await heard(self.case, self.lines, caused(self.case, cause))
        return known

    async def _canary(self, people: Sequence[Person]) -> Inconclusive | None:
        try:
            await self.case.canary(*people)
        except Inconclusive as lost:
            return lost
        return None
