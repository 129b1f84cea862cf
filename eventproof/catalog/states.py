"""The states of a thing, as its contract has them: which calls make it, and which take it from one to another."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from .documents import Document
from .operation import Operation, needed
from .pointer import pointer

__all__ = ["States", "in_order", "states"]

_KEY = "x-states"


@dataclass(frozen=True)
class States:
    """One table: what it does not have is no change of the thing, and is refused."""

    thing: str
    """What it is called: `claim`."""
    id: str
    """The name of its id: of a parameter of the calls that change it, and in the answer of those that make it."""
    made: Mapping[str, str]
    """The calls that make it, each with the state that it is in then."""
    moves: Mapping[str, Mapping[str, str]]
    """The calls that change it: from which states, each with the one that follows."""

    @property
    def calls(self) -> tuple[str, ...]:
        """All calls of the table."""
        return (*self.made, *self.moves)

    @property
    def steps(self) -> tuple[tuple[str, str, str], ...]:
        """Each change: by which call, from which state, to which one."""
        return tuple((call, before, after) for call, moved in self.moves.items() for before, after in moved.items())

    @cached_property
    def ways(self) -> Mapping[str, tuple[str, ...]]:
        """By each state that can be reached, the fewest calls from nothing to it; the nearest states come first."""
        found: dict[str, tuple[str, ...]] = {}
        for call, state in self.made.items():
            found.setdefault(state, (call,))
        nearest = list(found)
        for state in nearest:  # it grows meanwhile
            for call, after in self._from(state):
                if after not in found:
                    found[after] = (*found[state], call)
                    nearest.append(after)
        return found

    @cached_property
    def lives(self) -> tuple[tuple[str, ...], ...]:
        """Every way from nothing on that comes to no state twice, to where it goes no further."""
        return tuple(life for call, state in self.made.items() for life in self._onward((call,), (state,)))

    def after(self, state: str, call: str) -> str | None:
        """Where a call takes the thing from a state; None where it has to be refused."""
        return self.moves[call].get(state)

    def repeats(self, state: str) -> tuple[str, ...]:
        """The calls that would lead from a state to itself: refused, or accepted as done already."""
        return tuple(call for call in self._refused(state) if state in self.moves[call].values())

    def forbids(self, state: str) -> tuple[str, ...]:
        """The calls that would lead from a state to another one, which the table does not have."""
        return tuple(call for call in self._refused(state) if state not in self.moves[call].values())

    def _refused(self, state: str) -> Iterator[str]:
        return (call for call, moved in self.moves.items() if state not in moved)

    def _from(self, state: str) -> Iterator[tuple[str, str]]:
        return ((call, moved[state]) for call, moved in self.moves.items() if state in moved)

    def _onward(self, calls: tuple[str, ...], visited: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        onward = [(call, after) for call, after in self._from(visited[-1]) if after not in visited]
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
        for call, moved in table.moves.items():
            nearest = next((way for state, way in table.ways.items() if state in moved), ())
            if nearest and _before(table, operations, call) not in moved:
                found[call] = replace(found[call], needs=(*found[call].needs, nearest[-1]))
    return found


def _before(table: States, operations: Mapping[str, Operation], call: str) -> str | None:
    """The state of the thing after all that a call needs; None where that does not make it."""
    state: str | None = None
    for earlier in needed(operations, call):
        if earlier.id in table.made:
            state = table.made[earlier.id]
        elif earlier.id in table.moves and state is not None:
            state = table.after(state, earlier.id)
    return state


def _tables(document: Document, operations: Mapping[str, Operation]) -> Mapping[str, States]:
    found = {}
    for thing, entry in document.content.get(_KEY, {}).items():
        for call in entry["calls"]:
            if call not in operations:
                raise document.fault(_place(thing), f'names "{call}", which is no operation here')
        made = {call: state for call, state in entry["calls"].items() if isinstance(state, str)}
        moves = {call: moved for call, moved in entry["calls"].items() if not isinstance(moved, str)}
        found[thing] = States(thing, entry["id"], made, moves)
    return found


def _place(thing: str) -> str:
    return pointer([_KEY, thing, "calls"])


def _must_fit(document: Document, table: States, operations: Mapping[str, Operation]) -> None:
    """It has a call that makes the thing, comes to every state, and each call tells which thing it is."""
    place = _place(table.thing)
    if not table.made:
        raise document.fault(place, f"no call makes a {table.thing}: give one with the state that it is in then")
    for call in table.calls:
        operation = operations[call]
        if table.id not in (*operation.parameters, *(operation.answers if call in table.made else ())):
            what = "in the answer (x-answers)" if call in table.made else "a parameter"
            raise document.fault(place, f"{table.id} is not {what} of {call}")
    for call, moved in table.moves.items():
        for state in moved:
            if state not in table.ways:
                raise document.fault(place, f"nothing leads to {state}, from which {call} leads")
