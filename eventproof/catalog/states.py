"""The states of a thing, as its contract has them: which calls make it, and which take it from one to another."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from .documents import Document
from .operation import Operation, needed
from .pointer import pointer

__all__ = ["States", "in_order", "states"]

_KEY = "x-states"


@dataclass(frozen=True)
class States:
    """One table: what it does not have is no change of the thing, and is refused.

    A call stands there by its operationId; where what it is made with decides, with that behind it:
    `CALL PARAMETER=VALUE`.
    """

    thing: str
    """What it is called: `claim`."""
    id: str
    """The name of its id: of a parameter of the calls that change it, and in the answer of those that make it."""
    made: Mapping[str, str]
    """The calls that make it, each with the state that it is in then."""
    moves: Mapping[str, Mapping[str, str]]
    """The calls that change it: from which states, each with the one that follows."""
    told: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Likewise, those by which another server tells of a change: where it can be none, they are taken all the same."""
    given: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """What each of these is made with that has it behind its operationId."""

    @property
    def operations(self) -> frozenset[str]:
        """The operationIds of all calls of the table."""
        return frozenset(map(self.operation, (*self.made, *self.moves, *self.told)))

    @property
    def steps(self) -> tuple[tuple[str, str, str], ...]:
        """Each change: by which call, from which state, to which one."""
        changes = {**self.moves, **self.told}
        return tuple((call, before, after) for call, moved in changes.items() for before, after in moved.items())

    @property
    def states(self) -> tuple[str, ...]:
        """All states, in the order in which the table comes to them."""
        return tuple(dict.fromkeys((*self.made.values(), *(after for _, _, after in self.steps))))

    @property
    def ends(self) -> frozenset[str]:
        """The states from which nothing leads on."""
        return frozenset(self.states) - {before for _, before, _ in self.steps}

    @cached_property
    def ways(self) -> Mapping[str, tuple[str, ...]]:
        """By each state that calls can bring it to, the fewest from nothing to it; the nearest states come first."""
        return self._ways(self.moves)

    @cached_property
    def lives(self) -> tuple[tuple[str, ...], ...]:
        """Every way by calls from nothing on that comes to no state twice, to where it goes no further."""
        return tuple(life for call, state in self.made.items() for life in self._onward((call,), (state,)))

    def operation(self, call: str) -> str:
        """The operationId of a call of the table."""
        return call.rsplit(" ", len(self.given.get(call, ())))[0]

    def calls(self, operation: str) -> tuple[str, ...]:
        """How an operation stands in the table: once, or once for each of what it may be made with."""
        return tuple(call for call in (*self.made, *self.moves, *self.told) if self.operation(call) == operation)

    def after(self, state: str, call: str) -> str | None:
        """Where a call that changes the thing takes it from a state; None where that is no change of it."""
        return (self.moves if call in self.moves else self.told)[call].get(state)

    def repeats(self, state: str) -> tuple[str, ...]:
        """The calls that would lead from a state to itself: refused, or accepted as done already."""
        return tuple(call for call in self._refused(state) if state in self.moves[call].values())

    def forbids(self, state: str) -> tuple[str, ...]:
        """The calls that would lead from a state to another one, which the table does not have."""
        return tuple(call for call in self._refused(state) if state not in self.moves[call].values())

    def _refused(self, state: str) -> Iterator[str]:
        return (call for call, moved in self.moves.items() if state not in moved)

    def is_reached(self, state: str) -> bool:
        """Whether anything leads there."""
        return state in self._ways({**self.moves, **self.told})

    def _ways(self, changes: Mapping[str, Mapping[str, str]]) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for call, state in self.made.items():
            found.setdefault(state, (call,))
        nearest = list(found)
        for state in nearest:  # it grows meanwhile
            for call, after in _from(changes, state):
                if after not in found:
                    found[after] = (*found[state], call)
                    nearest.append(after)
        return found

    def _onward(self, calls: tuple[str, ...], visited: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        onward = [(call, after) for call, after in _from(self.moves, visited[-1]) if after not in visited]
        for call, after in onward:
            yield from self._onward((*calls, call), (*visited, after))
        if not onward:
            yield calls


def states(document: Document, operations: Mapping[str, Operation]) -> Mapping[str, States]:
    """The tables of an OpenAPI document, by their things; these are its operations, in order (`in_order`).

    Raises ContractError.
    """
    found = _tables(document, operations)
    for table in found.values():
        _must_fit(document, table, operations)
    return found


def in_order(document: Document, operations: Mapping[str, Operation]) -> Mapping[str, Operation]:
    """The operations of a document, each after what brings its thing to a state from which it leads on.

    What its `x-needs` brings there needs no more. Raises ContractError where a table names what is no operation.
    """
    found = dict(operations)
    for table in _tables(document, operations).values():
        for name in dict.fromkeys(map(table.operation, table.moves)):
            leads_from = {state for call in table.calls(name) for state in table.moves[call]}
            nearest = next((way for state, way in table.ways.items() if state in leads_from), ())
            if nearest and _before(table, found, name) not in leads_from:
                found[name] = replace(found[name], needs=(*found[name].needs, table.operation(nearest[-1])))
    return found


def _before(table: States, operations: Mapping[str, Operation], name: str) -> str | None:
    """The state of the thing after all that an operation needs; None where that does not make it."""
    state: str | None = None
    for earlier in needed(operations, name):
        for call in table.calls(earlier.id):
            if table.given.get(call, {}).items() <= earlier.example.items():
                state = table.made.get(call) or (None if state is None else table.after(state, call))
    return state


def _from(changes: Mapping[str, Mapping[str, str]], state: str) -> Iterator[tuple[str, str]]:
    return ((call, moved[state]) for call, moved in changes.items() if state in moved)


def _tables(document: Document, operations: Mapping[str, Operation]) -> Mapping[str, States]:
    found = {}
    for thing, entry in document.content.get(_KEY, {}).items():
        given = {call: _given(document, thing, call, operations) for call in entry["calls"]}
        table = States(thing, entry["id"], {}, {}, given={call: value for call, value in given.items() if value})
        made = {call: state for call, state in entry["calls"].items() if isinstance(state, str)}
        changes = {call: moved for call, moved in entry["calls"].items() if not isinstance(moved, str)}
        told = {
            call
            for call in changes
            if table.id not in operations[table.operation(call)].parameters
            and table.id in operations[table.operation(call)].answers
        }
        found[thing] = replace(
            table,
            made=made,
            moves={call: moved for call, moved in changes.items() if call not in told},
            told={call: moved for call, moved in changes.items() if call in told},
        )
    return found


def _given(document: Document, thing: str, call: str, operations: Mapping[str, Operation]) -> dict[str, str]:
    """What a call of a table is made with. Raises ContractError where there is no such operation or parameter."""
    name, given = call, dict[str, str]()
    while name not in operations:
        name, _, last = name.rpartition(" ")
        parameter, is_given, value = last.partition("=")
        if not name or not is_given:
            raise document.fault(_place(thing), f'names "{call}", which is no operation here')
        given = {parameter: value, **given}
    for parameter in given:
        if parameter not in operations[name].parameters:
            raise document.fault(_place(thing), f"{parameter} is not a parameter of {name}")
    return given


def _place(thing: str) -> str:
    return pointer([_KEY, thing, "calls"])


def _must_fit(document: Document, table: States, operations: Mapping[str, Operation]) -> None:
    """It has a call that makes the thing, comes to every state, and each call tells which thing it is."""
    place = _place(table.thing)
    if not table.made:
        raise document.fault(place, f"no call makes the {table.thing}: give one with the state that it is in then")
    for call in (*table.made, *table.moves):
        operation = operations[table.operation(call)]
        if table.id not in (*operation.parameters, *(operation.answers if call in table.made else ())):
            what = "in the answer (x-answers)" if call in table.made else "a parameter"
            raise document.fault(place, f"{table.id} is not {what} of {operation.id}")
    for call, before, _ in table.steps:
        if not table.is_reached(before):
            raise document.fault(place, f"nothing leads to {before}, from which {call} leads")
