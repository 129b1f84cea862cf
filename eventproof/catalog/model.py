"""What the contracts say, as frozen values, and the look-ups in it."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TypeVar

from eventproof.errors import UsageError
from eventproof.settings import nearest
from eventproof.verdict import Level

from .schema import Problem, Schema, at

Json = Any
PLACEHOLDER = re.compile(r"\{(\w+)\}")
OWNER: Final = "userId"
"""The placeholder of an audience that may stand for the caller of a trigger."""
_CAUSED: Final = frozenset({"delivery", "audience", "retry", "ack", "foreign-ack"})
_OF_EVENTS: Final = frozenset({"schema", "order", *_CAUSED})
"""The kinds of what follows from the contract of one event; the former need a call that causes it for certain."""
ANYONE: Final = "anyone"
"""The role of a call that takes no session."""
USER: Final = "user"
"""The role of a call that takes every session."""
ADMIN: Final = "admin"
CALLER: Final = "caller"
"""Who makes a call, where it says whom it has join a room."""
CALLBACK: Final = "callback"
"""How an event is acknowledged that the wire itself acknowledges."""


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
class Retry:
    """When what is not acknowledged is sent again: a first pause, each next one `factor` times longer; in seconds."""

    first: float
    factor: float
    longest: float
    """No pause is longer."""
    within: float
    """After the event; later nothing is sent again."""

    def times(self) -> Iterator[float]:
        """How long after the event each of its retries is sent."""
        pause, sent = self.first, 0.0
        while (sent := sent + min(pause, self.longest)) <= self.within:
            yield sent
            pause *= self.factor


@dataclass(frozen=True, slots=True)
class Ack:
    """How an event is acknowledged: by the `callback` of its wire, or by an event of this name sent back."""

    level: AckLevel
    by: str
    match: Mapping[str, str] = field(default_factory=dict, hash=False)
    """The fields of the acknowledging event, each with where it stands in what it acknowledges (a JSON pointer)."""
    retry: Retry | None = None
    """When an event whose acknowledgement is missing is sent again; None: never."""
    constants: Mapping[str, Json] = field(default_factory=dict, hash=False)
    """The fields that every acknowledging event has alike, such as `received: true`."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The server's event that shows a connection to be alive, and the client's that answers it."""

    event: str
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class Opening:
    """The event that every client sends on a new connection; `{role}` in its argument is that of its session."""

    event: str
    argument: Json = None


@dataclass(frozen=True, slots=True)
class Channel:
    """Where events go: a Socket.IO namespace, the path of a stream, or the path of a native WebSocket."""

    name: str
    wire: Wire
    address: str
    auth: Mapping[str, str] = field(default_factory=lambda: {"token": "{token}"}, hash=False)
    """What a client of Socket.IO sends in CONNECT, `{token}` in it standing for the session's token."""
    name_at: str | None = None
    """Where a message has its event's name: a JSON pointer; None: where the wire has it."""
    greeting: str | None = None
    """The first event of every connection."""
    heartbeat: Heartbeat | None = None
    room: str | None = None
    """The room of its connections, beside those of their users, with the address's parameters in it."""
    opening: Opening | None = None
    roles: tuple[str, ...] = ()
    """The roles of those whom it is for; none: every session."""
    envelope: str | None = None
    """Where an event has what it says: a JSON pointer; None: its whole argument says it."""
    refused_with: Mapping[str, str] = field(default_factory=dict, hash=False)
    """The codes with which it refuses bad tokens, by what is bad about them; `otherwise` stands for all others."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """What the address needs the values of: `{planId}`."""
        return tuple(PLACEHOLDER.findall(self.address))

    def refusal_of(self, token: str) -> str | None:
        """The code with which such a token is refused; None where the contract gives none."""
        return self.refused_with.get(token, self.refused_with.get("otherwise"))

    @property
    def unasked(self) -> frozenset[str]:
        """The names of what the server tells every connection of its own accord."""
        beats = (self.heartbeat.event,) if self.heartbeat else ()
        return frozenset(name for name in (self.greeting, *beats) if name)


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
    """Those that the contract gives; `samples.broken` derives the others."""
    ack: Ack | None
    audience: tuple[str, ...]
    """Who receives it, in the grammar of `contracts/README.md`: `user:{userId}`, `role:admin`, `everyone`, …; all that
    any of its triggers has, where they differ."""
    order_by: str | None
    correlate: str | None
    triggers: tuple[str, ...]
    """The operations that cause it, or may."""
    _validator: Schema = field(repr=False)
    caused_by_owner: frozenset[str] = frozenset()
    """Those of the triggers whose caller is the `{userId}` of the audience."""
    at_times: frozenset[str] = frozenset()
    """Those of the triggers that cause it now and then: no one can tell from the call whether."""
    audiences: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Who receives it after each trigger, where that depends on the trigger."""
    possible: tuple[str, ...] = ()
    """Who else may receive it: no one can tell from the call whether."""
    joins: str | None = None
    """The room that a connection is in once it has sent this, and the server has not refused it."""
    leaves: str | None = None
    """The room that it is in no more."""

    def is_valid(self, payload: Json) -> bool:
        """Whether the payload fits the contract; a few microseconds."""
        return self._validator.is_valid(payload)

    def explain(self, payload: Json) -> tuple[Problem, ...]:
        """Every reason why the payload does not fit; empty where it does. Slow: for people and reports."""
        return self._validator.explain(payload)

    @property
    def certain(self) -> tuple[str, ...]:
        """Those of the triggers that cause it whenever they are accepted."""
        return tuple(trigger for trigger in self.triggers if trigger not in self.at_times)

    @property
    def subject_name(self) -> str | None:
        """The name by which a call knows the id that ties the event to it: the last part of its place."""
        return None if self.correlate is None else self.correlate.rpartition("/")[2]

    @property
    def key_name(self) -> str | None:
        """The name by which a call knows the id within which the event keeps its order."""
        return None if self.order_by is None else self.order_by.rpartition("/")[2]

    @property
    def placeholders(self) -> tuple[str, ...]:
        """What `recipients` needs the values of."""
        return tuple(PLACEHOLDER.findall(" ".join((*self.audience, *self.possible))))

    def recipients(self, values: Mapping[str, object], trigger: str | None = None) -> frozenset[str]:
        """The audience of one occurrence, its placeholders filled from the action's parameters and the payload.

        Raises KeyError with the placeholder's name where `values` lacks it.
        """
        terms = self.audience if trigger is None else self.audiences.get(trigger, self.audience)
        return frozenset(filled(term, values) for term in terms)

    def perhaps(self, values: Mapping[str, object]) -> frozenset[str]:
        """Who else may receive one occurrence; terms with a placeholder that `values` lacks stand for nobody."""
        known = (term for term in self.possible if all(name in values for name in PLACEHOLDER.findall(term)))
        return frozenset(filled(term, values) for term in known)

    def room_of(self, template: str, payload: Json) -> str:
        """The room that one such event from a client joins or leaves: `joins` or `leaves`, filled from its argument.

        An argument that is no object stands for the one placeholder there. Raises KeyError where a field is missing.
        """
        names = PLACEHOLDER.findall(template)
        return filled(template, payload if isinstance(payload, Mapping) else dict.fromkeys(names, payload))

    def asking(self, template: str, known: Mapping[str, Json], people: Callable[[str], Json]) -> Json:
        """The argument with which a client asks for one room, `joins` filled; `people` gives the id of who has a role.

        Raises KeyError with the placeholder's name where neither what is `known` nor a role tells its value.
        """
        fields = self.schema.get("properties", {})
        is_object = bool(fields)

        def value(name: str) -> Json:
            role = (fields[name] if is_object else self.schema).get("x-role")
            return known[name] if name in known or role is None else people(role)

        values = {name: value(name) for name in PLACEHOLDER.findall(template)}
        return values if is_object else next(iter(values.values()), None)

    def key(self, payload: Json) -> str | int | None:
        """The id within which the event keeps its order; None where it promises none, or the payload has no such id."""
        return _id(payload, self.order_by)

    def subject(self, payload: Json) -> str | int | None:
        """The id that ties the event to its cause; None where no id does, or the payload has no such id."""
        return _id(payload, self.correlate)

    def content(self, payload: Json) -> Json:
        """What the payload says, without the envelope of its channel: what is sent again may carry another time."""
        place = self.channels[0].envelope
        try:
            return payload if place is None else at(payload, place)
        except KeyError:
            return payload

    def acknowledgement(self, payload: Json) -> dict[str, Json] | None:
        """The argument of the event that acknowledges this payload.

        None where none is sent: the event takes no acknowledgement or one by `callback`, or the payload lacks a field
        that the acknowledgement must name.
        """
        if self.ack is None or self.ack.by == CALLBACK:
            return None
        try:
            named = {name: at(payload, place) for name, place in self.ack.match.items()}
        except KeyError:
            return None
        return {**named, **self.ack.constants}


@dataclass(frozen=True, slots=True)
class Undoing:
    """The admin's call that undoes another for its user; `{tier}` among its further `parameters` is the user's own.

    Where `removes`, it is about what the other call made: each of its parameters is a `{name}` of that call's answer.
    """

    operation: str
    parameters: Mapping[str, str] = field(default_factory=dict, hash=False)
    removes: bool = False


class OfSession(StrEnum):
    """What a call is to a session."""

    BEGINS = "begins"
    """Its answer has the token of a new one."""
    SHOWS = "shows"
    """It tells whose a token is, and so whether it is good."""


class Ends(StrEnum):
    """Whose sessions a call ends."""

    CALLER = "caller"
    """The session that it is made with."""
    USER = "userId"
    """All of the user whom it names."""


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One call: an operationId of the OpenAPI document."""

    system: str
    id: str
    method: str
    path: str
    role: str
    """Who calls it: `anyone`, `user` (every session), `admin`, or another one; the first of the document's `x-role`."""
    summary: str
    parameters: tuple[str, ...]
    """The names of all that it takes: in the path, in the query, in headers, and the fields of its body."""
    refusals: tuple[str, ...]
    """The error codes that it can refuse with."""
    capability: str | None = None
    """Is there only on a target that claims it."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """The headers that carry a parameter, each with its name among the parameters: `If-Match` has `ifMatch`."""
    optional: frozenset[str] = frozenset()
    """The parameters in headers that may be left out."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """What is read from the answer, and where it stands: a JSON pointer, of a list's items where it is in an item; or
    `$response.header.NAME`."""
    undone_by: Undoing | None = None
    """None: nothing undoes it."""
    session: OfSession | None = None
    ends: Ends | None = None
    """Whose sessions it ends."""
    lasts: bool = False
    """Whether what it does to a user waits until it is used up, and cannot be taken back."""
    needs: tuple[str, ...] = ()
    """The operations that come before it, about the same things; what these need comes before them."""
    example: Mapping[str, Json] = field(default_factory=dict)
    """A value for each parameter of which the document gives one; the body's are those of its first example."""
    unique: frozenset[str] = frozenset()
    """The parameters whose value no earlier call may have had: texts."""
    required: frozenset[str] = frozenset()
    """The parameters without which it cannot be called."""
    also: tuple[str, ...] = ()
    """The further roles that may call it."""
    people: Mapping[str, str] = field(default_factory=dict)
    """The parameters that are somebody's id, each with the role of that person."""
    joins: Mapping[str, str] = field(default_factory=dict)
    """The rooms that users are in once it was accepted, each with who: `caller`, or the name of a parameter."""
    leaves: Mapping[str, str] = field(default_factory=dict)
    """The rooms that they are in no more, likewise."""

    @property
    def in_path(self) -> tuple[str, ...]:
        """The parameters in its path: the ids of what it is about."""
        return tuple(PLACEHOLDER.findall(self.path))

    @property
    def roles(self) -> tuple[str, ...]:
        """All roles that may call it."""
        return (self.role, *self.also)

    @property
    def is_bound_to_a_role(self) -> bool:
        """Whether the session alone is not enough."""
        return self.role not in (ANYONE, USER)


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """One code that a refusal can carry, the HTTP status it comes with, and what the caller can do."""

    code: str
    status: int
    sentence: str
    applies: str | None
    """Which operations refuse with it unasked: `call` (all), `path`, `body`, `session`, `admin`; else None."""


@dataclass(frozen=True, slots=True)
class Derived:
    """Something that follows from the contract alone: `EVENT/schema`, `/scope`, `/connect/forged`."""

    kind: str
    about: str | None
    """The event, or what else it is about; None: the system."""
    by: str = ""
    """The call after which the event follows; empty: each of those that cause it."""

    @classmethod
    def read(cls, text: str) -> "Derived":
        """What is written so in `includes`."""
        before, _, after = text.partition("/")
        kind, _, rest = after.partition("/")
        return cls(kind, before, rest) if before else cls(kind, rest or None)

    @property
    def is_caused(self) -> bool:
        """Whether a call has to cause the event for it to be seen."""
        return self.kind in _CAUSED

    @property
    def is_of_event(self) -> bool:
        """Whether it is about one event."""
        return self.kind in _OF_EVENTS


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
    includes: tuple[Derived, ...] = ()
    """What follows from the contract and is a part of it."""


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
    _operations: Mapping[str, Operation] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_operations", {known.id: known for known in self.operations})
        by_key = {(at.address, event.direction, event.name): event for event in self.events for at in event.channels}
        object.__setattr__(self, "_events", by_key)

    def event(self, address: str, direction: Direction, name: str) -> Event | None:
        """The event of that name on that channel, or None: then nobody may send it there."""
        return self._events.get((address, direction, name))

    def operation(self, operation_id: str) -> Operation:
        """The operation of that id; UsageError where the system has none."""
        return _named(f"operation of {self.name}", operation_id, self._operations)

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles of those who may do anything here, in the order of its calls."""
        named = (role for call in self.operations for role in call.roles)
        return tuple(dict.fromkeys(role for role in named if role != ANYONE))

    @property
    def member(self) -> str:
        """The role of those whom its main channel is for; `user` where that is every session."""
        return next(iter(self.channels[0].roles), USER)

    def before(self, operation_id: str) -> tuple[Operation, ...]:
        """All that comes before an operation, each once, in an order in which each has what it needs."""
        found: dict[str, Operation] = {}
        for needed in self.operation(operation_id).needs:
            found |= {each.id: each for each in (*self.before(needed), self.operation(needed))}
        return tuple(found.values())


@dataclass(frozen=True, slots=True, eq=False)
class Catalog:
    """All systems by name, the requirements that every system shares, and every error code."""

    systems: Mapping[str, System]
    shared: tuple[Requirement, ...]
    errors: Mapping[str, ErrorCode]

    @property
    def roles(self) -> tuple[str, ...]:
        """Every role that somebody may have."""
        return tuple(dict.fromkeys((ADMIN, USER, *(role for known in self.systems.values() for role in known.roles))))

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


def filled(template: str, values: Mapping[str, object]) -> str:
    """The template with its placeholders filled; raises KeyError with the name of one that `values` lacks."""
    return PLACEHOLDER.sub(lambda found: str(values[found[1]]), template)


def _id(payload: Json, place: str | None) -> str | int | None:
    try:
        value = None if place is None else at(payload, place)
    except KeyError:
        return None
    return value if isinstance(value, str | int) else None


_Found = TypeVar("_Found")


def _named(kind: str, name: str, known: Mapping[str, _Found]) -> _Found:
    if name not in known:
        raise UsageError(f'there is no {kind} "{name}"{nearest(name, known)}; there are {", ".join(known)}')
    return known[name]
