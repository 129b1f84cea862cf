"""What the contracts say, as frozen values, and the look-ups in it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from eventproof.errors import UsageError
from eventproof.settings import nearest
from eventproof.verdict import Level

from .schema import Problem, Schema

Json = Any
PLACEHOLDER = re.compile(r"\{(\w+)\}")


class Wire(StrEnum):
    """The protocol of a channel."""

    SOCKET_IO = "socket.io"
    SSE = "sse"
    WEBSOCKET = "websocket"


class Direction(StrEnum):
    """Who sends: `SEND` is server to client, as in AsyncAPI's view of the server."""

    SEND = "send"
    RECEIVE = "receive"


class AckLevel(StrEnum):
    """Whether the receiver of an event must acknowledge it."""

    OPTIONAL = "optional"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class Ack:
    """How an event is acknowledged: by the `callback` of its wire, or by an event of this name sent back."""

    level: AckLevel
    by: str


@dataclass(frozen=True, slots=True)
class Channel:
    """One door: a Socket.IO namespace, the path of a stream, or the path of a native WebSocket."""

    name: str
    wire: Wire
    address: str


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A payload that breaks one rule; `breaks` is the rule in words, `rule` its JSON pointer in the schema."""

    breaks: str
    rule: str
    payload: Json


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    """One message of a system, as its contract describes it; `channels` are those that carry it, the main one first."""

    system: str
    channels: tuple[Channel, ...]
    direction: Direction
    name: str
    summary: str
    schema: Mapping[str, Json]
    schema_path: Path
    examples: tuple[Json, ...]
    counterexamples: tuple[Counterexample, ...]
    ack: Ack | None
    audience: tuple[str, ...]
    """Who may receive it, in the grammar of `contracts/README.md`: `user:{userId}`, `role:admin`, `everyone`, …"""
    order_by: str | None
    correlate: str | None
    triggers: tuple[str, ...]
    _validator: Schema = field(repr=False)

    def is_valid(self, payload: Json) -> bool:
        """Whether the payload fits the contract; a few microseconds."""
        return self._validator.is_valid(payload)

    def explain(self, payload: Json) -> tuple[Problem, ...]:
        """Every reason why the payload does not fit; empty where it does. Slow: for people and reports."""
        return self._validator.explain(payload)

    def recipients(self, values: Mapping[str, object]) -> frozenset[str]:
        """The audience of one occurrence, its placeholders filled from the action's parameters and the payload.

        Raises KeyError with the placeholder's name where `values` lacks it.
        """
        return frozenset(PLACEHOLDER.sub(lambda found: str(values[found[1]]), term) for term in self.audience)


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One call: an operationId of the OpenAPI document."""

    system: str
    id: str
    method: str
    path: str
    role: str
    """Who may call it: `anyone`, `user` or `admin` (the document's `x-role`)."""
    summary: str
    parameters: tuple[str, ...]
    """The names of all that it takes: in the path, in the query, and the fields of its body."""
    refusals: tuple[str, ...]
    """The error codes that it can refuse with."""


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """One code that a refusal can carry, the HTTP status it comes with, and what the caller can do."""

    code: str
    status: int
    sentence: str
    applies: str | None
    """Which operations refuse with it unasked: `call` (all), `path`, `body`, `session`, `admin`; else None."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One line of what must hold."""

    id: str
    system: str
    level: Level
    sentence: str
    source: str
    capability: str | None
    """Binds only a target that claims it."""
    decision: str | None
    """Why it says what the specification leaves open."""
    excluded: str | None
    """Why no case can check it; None for nearly all."""


@dataclass(frozen=True, slots=True, eq=False)
class System:
    """One system: its events, its calls and its requirements."""

    name: str
    prefix: str
    title: str
    channels: tuple[Channel, ...]
    events: tuple[Event, ...]
    operations: tuple[Operation, ...]
    requirements: tuple[Requirement, ...]
    openapi: Mapping[str, Json] = field(repr=False)
    asyncapi: Mapping[str, Json] = field(repr=False)
    _events: Mapping[tuple[str, Direction, str], Event] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        by_key = {(at.address, event.direction, event.name): event for event in self.events for at in event.channels}
        object.__setattr__(self, "_events", by_key)

    def event(self, address: str, direction: Direction, name: str) -> Event | None:
        """The event of that name on that channel, or None: then nobody may send it there."""
        return self._events.get((address, direction, name))

    def operation(self, operation_id: str) -> Operation:
        """The operation of that id; UsageError where the system has none."""
        return _named(f"operation of {self.name}", operation_id, {known.id: known for known in self.operations})


@dataclass(frozen=True, slots=True, eq=False)
class Catalog:
    """All systems by name, the requirements that every system shares, and every error code."""

    systems: Mapping[str, System]
    shared: tuple[Requirement, ...]
    errors: Mapping[str, ErrorCode]

    def system(self, name: str) -> System:
        """The system of that name; UsageError where there is none."""
        return _named("system", name, self.systems)

    def event(self, system: str, address: str, direction: Direction, name: str) -> Event | None:
        """The event of that name on that channel of a system, or None: then nobody may send it there."""
        return self.system(system).event(address, direction, name)

    def requirements(self, systems: Iterable[str] | None = None) -> tuple[Requirement, ...]:
        """The requirements of these systems (of all, where none are named), then those that every system shares."""
        chosen = self.systems.values() if systems is None else [self.system(name) for name in systems]
        return (*(line for system in chosen for line in system.requirements), *self.shared)

    def requirement(self, requirement_id: str) -> Requirement:
        """The requirement of that id; UsageError where there is none."""
        return _named("requirement", requirement_id, {line.id: line for line in self.requirements()})


_Found = TypeVar("_Found")


def _named(kind: str, name: str, known: Mapping[str, _Found]) -> _Found:
    if name not in known:
        raise UsageError(f'there is no {kind} "{name}"{nearest(name, known)}; there are {", ".join(known)}')
    return known[name]
