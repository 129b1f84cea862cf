"""What the contracts say of systems and of all of them, as frozen values, and the look-ups in it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar

from eventproof.errors import UsageError
from eventproof.settings import nearest
from eventproof.verdict import Level

from .channel import Channel
from .event import Direction, Event
from .guide import Guide
from .operation import ADMIN, ANYONE, USER, Operation, needed
from .reading import Reading
from .states import States

__all__ = ["Catalog", "Chosen", "Derived", "ErrorCode", "Requirement", "System"]

Json = Any
_CAUSED: Final = frozenset({"delivery", "audience", "once", "retry", "ack", "foreign-ack"})
_OF_EVENTS: Final = frozenset({"schema", "order", "sequence", "accepts", "answer", "refusal", "asks", *_CAUSED})
"""The kinds of what follows from the contract of one event; the former need a call that causes it for certain."""


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
    binds: str | None = None
    """Of what every system shares: what somebody's own contract must have for this to bind it; None: it never does."""
    guides: tuple[Guide, ...] = ()
    """How it is checked and mended: its own guides, then that of each kind which it includes."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What stands for a name that clients choose themselves."""

    example: Json
    """Made unique where it is used: nobody else is to choose the same."""
    values: tuple[Json, ...] = ()
    """In its place: those that are there."""


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
    states: Mapping[str, States] = field(default_factory=dict)
    """The tables of states, by what they are of."""
    chosen: Mapping[str, "Chosen"] = field(default_factory=dict)
    """The names of what clients choose themselves, such as a room that nobody has to make."""
    reading: Reading | None = None
    """How the documents of somebody's own contract were read; None: it is one of those that are shipped."""
    has: frozenset[str] = frozenset()
    """Of somebody's own contract: what it has of that by which shared requirements bind it."""
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

    def shares(self, line: Requirement) -> bool:
        """Whether a requirement that every system shares binds this one."""
        return self.reading is None or line.binds in self.has

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
        return needed(self._operations, self.operation(operation_id).id)

    def called(self, table: States, call: str) -> Operation:
        """The operation of a call of a table; made with what stands behind it there."""
        operation = self.operation(table.operation(call))
        given = table.given.get(call)
        return operation if given is None else replace(operation, example={**operation.example, **given})

    def brought_to(self, table: States, state: str, tried: Iterable[str] = ()) -> tuple[Operation, ...]:
        """The calls that make a thing and bring it to a state, in their order, with all else that they need.

        That is also what the calls of the table need beside that are `tried` there.
        """
        found: list[Operation] = []
        for call in table.ways[state]:
            found += [*self._beside(table, call, found), self.called(table, call)]
        for call in tried:
            found += self._beside(table, call, found)
        return tuple(found)

    def _beside(self, table: States, call: str, found: Collection[Operation]) -> list[Operation]:
        before = self.before(table.operation(call))
        return [each for each in before if each.id not in table.operations and each not in found]

    def ways_before(self, operation_id: str) -> tuple[tuple[Operation, ...], ...]:
        """What comes before an operation, once for each state of its thing from which it leads; else once.

        Those states are left out that no call brings it to.
        """
        before, found = self.before(operation_id), []
        for table in self.states.values():
            others = [each for each in before if each.id not in table.operations]
            leads_from = {state for call in table.calls(operation_id) for state in table.moves.get(call, ())}
            for state in (state for state in table.ways if state in leads_from):
                way = self.brought_to(table, state)
                found.append((*(each for each in others if each not in way), *way))
        return tuple(found) or (before,)


@dataclass(frozen=True, slots=True, eq=False)
class Catalog:
    """All systems by name, the requirements that every system shares, every error code, and every guide."""

    systems: Mapping[str, System]
    shared: tuple[Requirement, ...]
    errors: Mapping[str, ErrorCode]
    guides: Mapping[str, Guide] = field(default_factory=dict)

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
        """The requirements of these systems (of all, where none are named), then those that every system shares.

        Of the latter those are left out that bind none of them.
        """
        chosen = list(self.systems.values()) if systems is None else [self.system(name) for name in systems]
        shared = [line for line in self.shared if not chosen or any(system.shares(line) for system in chosen)]
        return (*(line for system in chosen for line in system.requirements), *shared)

    def with_own(self, systems: Iterable[System]) -> "Catalog":
        """The same, with somebody's own systems in front; itself where there are none, so that it is known again."""
        own = {system.name: system for system in systems}
        return replace(self, systems={**own, **self.systems}) if own else self

    def guided(self, system: System) -> System:
        """Somebody's own system, whose requirements have the guides of what they include."""
        return replace(system, requirements=tuple(map(self._guided, system.requirements)))

    def _guided(self, line: Requirement) -> Requirement:
        kinds = dict.fromkeys(part.kind for part in line.includes)
        return replace(line, guides=tuple(self.guides[kind] for kind in kinds if kind in self.guides))

    def requirement(self, requirement_id: str) -> Requirement:
        """The requirement of that id; UsageError where there is none."""
        return _named("requirement", requirement_id, {line.id: line for line in self.requirements()})


_Found = TypeVar("_Found")
_SHOWN: Final = 30
"""Names that a sentence lists at most."""


def _named(kind: str, name: str, known: Mapping[str, _Found]) -> _Found:
    if name not in known:
        some = [*known][:_SHOWN]
        more = f" and {len(known) - len(some)} more" if len(known) > len(some) else ""
        raise UsageError(f'there is no {kind} "{name}"{nearest(name, known)}; there are {", ".join(some)}{more}')
    return known[name]
