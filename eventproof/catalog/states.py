"""The states of a thing, as its contract has them: which calls make it, and which take it from one to another."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from .documents import Document
from .operation import Operation, needed
from .pointer import pointer

__all__ = ["States", "states"]

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
    """The tables of an OpenAPI document, by their things; these are its operations.

    Each has a call that makes the thing, and comes to every state. What comes before a call by its `x-needs` leaves the
    thing in a state from which the call leads on. Raises ContractError.
    """
    return {thing: _states(document, thing, operations) for thing in document.content.get(_KEY, {})}


def _states(document: Document, thing: str, operations: Mapping[str, Operation]) -> States:
    entry, place = document.content[_KEY][thing], pointer([_KEY, thing, "calls"])
    for call in entry["calls"]:
        if call not in operations:
            raise document.fault(place, f'names "{call}", which is no operation here')
    found = States(
        thing,
        entry["id"],
        {call: state for call, state in entry["calls"].items() if isinstance(state, str)},
        {call: moved for call, moved in entry["calls"].items() if not isinstance(moved, str)},
    )
    if not found.made:
        raise document.fault(place, f"no call makes a {thing}: give one with the state that it is in then")
    for call in found.calls:
        operation = operations[call]
        known = (*operation.parameters, *operation.answers) if call in found.made else operation.parameters
        if found.id not in known:
            what = "in the answer (x-answers)" if call in found.made else "a parameter"
            raise document.fault(place, f"{found.id} is not {what} of {call}")
        for state in found.moves.get(call, ()):
            if state not in found.ways:
                raise document.fault(place, f"nothing leads to {state}, from which {call} leads")
        _must_begin_where_it_leads_from(document, place, found, call, operations)
    return found


def _must_begin_where_it_leads_from(
    document: Document, place: str, table: States, call: str, operations: Mapping[str, Operation]
) -> None:
    state: str | None = None
    for before in needed(operations, call):
        if before.id in table.made:
            state = table.made[before.id]
        elif before.id in table.moves and state is not None:
            state = table.after(state, before.id)
    if call in table.moves and (state is None or table.after(state, call) is None):
        what = f"leave the {table.thing} {state}" if state else f"make no {table.thing}"
        raise document.fault(place, f"what {call} needs (x-needs) would {what}, from which {call} does not lead")
