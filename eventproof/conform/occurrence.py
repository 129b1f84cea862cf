"""What one call causes, with everybody listening whom it could reach: as the contract has it, made once a run.

Nothing here knows a system. Who calls, what comes before, what a call is made with, who is to hear of it: all of it
stands in the contract.
"""

import asyncio
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from eventproof.catalog import Cause, Effect, Ends, Event, Operation, effects
from eventproof.checks import Story
from eventproof.client.aio import Received
from eventproof.errors import ContractViolation, EventproofError, Inconclusive
from eventproof.target import Endpoint

from .calls import Answer
from .doors import Handshake
from .line import Line
from .person import Person
from .stage import Stage
from .undoing import TIER

__all__ = ["Occurrence", "arguments", "caused", "occurrences", "perform"]

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


async def occurrences(stage: Stage, event: str) -> Sequence[Occurrence]:
    """One for each call that causes the event for certain; those are left out that the target has not or refuses.

    Raises what the last of these raised, where there is none at all.
    """
    triggers = dict.fromkeys(
        trigger
        for known in stage.system.events
        if known.name == event
        for trigger in known.triggers
        if trigger not in known.at_times
    )
    found: list[Occurrence] = []
    refused: EventproofError | None = None
    for trigger in triggers:
        try:
            found.append(await _occurrence(stage, stage.system.operation(trigger)))
        except EventproofError as error:
            refused = error
            stage.note(f"`{event}` by {trigger}: {error}")
    if not found and refused is not None:
        raise refused
    return found


async def _occurrence(stage: Stage, operation: Operation) -> Occurrence:
    """The one of this run; what kept it from being made keeps it for every case."""
    made = stage.occurrences
    if operation.id not in made:
        try:
            made[operation.id] = await _Making(stage, operation).made()
        except EventproofError as error:
            made[operation.id] = error
    found = made[operation.id]
    if isinstance(found, EventproofError):
        raise found
    assert isinstance(found, Occurrence)  # noqa: S101 - nothing else is put there
    return found


def arguments(operation: Operation, known: Mapping[str, Any], tier: str | None = None) -> dict[str, Any]:
    """What a call is made with: what is `known` of what it is about, else the document's examples.

    A tier that its undoing would give back is another one than `tier`, the one to give.
    """
    given = {name: _unique(value) if name in operation.unique else value for name, value in operation.example.items()}
    if tier is not None and operation.undone_by is not None:
        given |= {name: tier for name, value in operation.undone_by.parameters.items() if value == TIER}
    return {**{name: known[name] for name in operation.parameters if name in known}, **given}


def _unique(value: Any) -> Any:
    return f"{value} {secrets.token_hex(4)}" if isinstance(value, str) else value


async def perform(stage: Stage, user: Person, operation: Operation, known: dict[str, Any]) -> tuple[Answer, Cause]:
    """Make a call about a user, by whoever makes it; what its answer says is `known` from then on.

    Raises Inconclusive where it is not accepted: what it only arranges cannot be seen then.
    """
    given = arguments(operation, {**known, "userId": user.id}, stage.another_tier(user))
    caller = stage.admin if operation.role == "admin" else user
    answer = (await caller.call(operation.id, **given)).must_succeed()
    known |= {name: answer.says(name) for name in operation.answers if name in answer.ids}
    return answer, Cause(operation.id, given, caller.id, answer.ids)


def caused(stage: Stage, cause: Cause) -> Iterator[Effect]:
    """What must follow from an accepted call."""
    return (effect for effect in effects(stage.system.events, cause) if effect.is_certain)


@dataclass(slots=True)
class _Making:
    """One occurrence while it is made."""

    stage: Stage
    operation: Operation
    lines: list[Line] = field(default_factory=list)

    async def made(self) -> Occurrence:
        stage, operation = self.stage, self.operation
        user, other = await stage.users(2)
        admins = (await stage.admins(min(_ADMINS, len(stage.target.admins)))) if stage.target.admins else []
        await self._connect(user, others=[other, *admins])
        await stage.canary(user, other)  # what earlier cases caused, and was missed, has arrived by now
        settled = len(stage.whole_run)
        known = await self._prepared(user)
        if self._has_rooms():
            await self._enter_rooms(user, known)
            await self._enter_rooms(other, await self._prepared(other))
        _, cause = await perform(stage, user, operation, known)
        await self._heard(cause)
        silence = await self._canary([other] if operation.ends is Ends.USER else [user, other])
        special = {line.name: line.role for line in self.lines if line.role}
        return Occurrence(operation.id, Story(stage.whole_run, stage.known, stage.rooms, settled), special, silence)

    async def _connect(self, user: Person, others: Sequence[Person]) -> None:
        """All the user's devices, and one of each other person."""
        sessions = {"an older session": await user.session(), "a newer session": await user.another_token()}
        for channel, endpoint in self._endpoints():
            for number, transport in enumerate(endpoint.transports):
                session = list(sessions)[number % len(sessions)]
                line = await user.connect(transport, channel=channel, token=sessions[session], acknowledges=True)
                self._listens(line, session)
            for person in others:
                self._listens(await person.connect(channel=channel, acknowledges=True))
        for endpoint in self._further():
            self._listens(await user.enter(endpoint))
            self._listens(await others[0].enter(endpoint))

    def _listens(self, line: Line, role: str = "") -> None:
        line.role = role
        self.lines.append(line)

    def _endpoints(self) -> Iterator[tuple[str, Endpoint]]:
        """The system's channels that need no parameter, by their names."""
        for channel in self.stage.system.channels:
            endpoint = self.stage.target.channels.get((self.stage.system.name, channel.name))
            if endpoint is not None and not channel.parameters:
                yield channel.name, endpoint

    def _further(self) -> Iterator[Endpoint]:
        """The other doors of the profile that are known to carry the system's events."""
        own = {channel.address for channel in self.stage.system.channels}
        listed = {endpoint.known_as for _, endpoint in self._endpoints()}
        for endpoint in self.stage.target.other_channels or ():
            if endpoint.known_as in own - listed and endpoint.presents_token:
                yield endpoint

    def _has_rooms(self) -> bool:
        return any(True for _ in self._rooms())

    def _rooms(self) -> Iterator[str]:
        """The channels about one thing that carry what the call causes."""
        for channel in self.stage.system.channels:
            is_told = any(self._is_caused(event) and channel in event.channels for event in self.stage.system.events)
            if channel.parameters and is_told and (self.stage.system.name, channel.name) in self.stage.target.channels:
                yield channel.name

    def _is_caused(self, event: Event) -> bool:
        return self.operation.id in event.triggers

    async def _enter_rooms(self, person: Person, known: Mapping[str, Any]) -> None:
        for name in self._rooms():
            channel = next(each for each in self.stage.system.channels if each.name == name)
            if all(parameter in known for parameter in channel.parameters):
                says = Handshake(parameters={parameter: str(known[parameter]) for parameter in channel.parameters})
                self._listens(await person.connect(channel=name, says=says))

    async def _prepared(self, user: Person) -> dict[str, Any]:
        """Do all that comes before the call; what is known by then."""
        known: dict[str, Any] = {}
        for needed in self.stage.system.before(self.operation.id):
            _, cause = await perform(self.stage, user, needed, known)
            await self._heard(cause)
        return known

    async def _heard(self, cause: Cause) -> None:
        """Wait until all that the call causes has come, as long as it may take; whether it has is judged by others."""
        waits = [
            self._comes(line, effect)
            for effect in caused(self.stage, cause)
            for line in self.lines
            if effect.rooms and effect.rooms & self._rooms_of(line) and _carries(line, effect)
        ]
        await asyncio.gather(*waits)

    def _rooms_of(self, line: Line) -> frozenset[str]:
        own = self.stage.rooms.get(line.name.partition("/")[0], frozenset())
        return own | ({line.room} if line.room else set())

    @staticmethod
    async def _comes(line: Line, effect: Effect) -> None:
        def is_it(event: Received) -> bool:
            return effect.may_be(event.payload) and effect.is_about(event.payload)

        with suppress(ContractViolation):
            await line.hears(effect.event.name, is_it)

    async def _canary(self, people: Sequence[Person]) -> Inconclusive | None:
        try:
            await self.stage.canary(*people)
        except Inconclusive as lost:
            return lost
        return None


def _carries(line: Line, effect: Effect) -> bool:
    return line.channel in {channel.address for channel in effect.event.channels}
