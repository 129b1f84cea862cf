"""What the calls of one process leave on the target: entered where a call takes it back, else counted."""

from collections import defaultdict
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from eventproof.catalog import OfSession, Operation, Undoing
from eventproof.catalog.placeholders import PLACEHOLDER
from eventproof.load.actor import Actor
from eventproof.load.calls import said
from eventproof.load.changes import Left
from eventproof.load.generator import Generator

__all__ = ["Traces"]

Thing = frozenset[tuple[str, str]]
"""By what it is removed: the parameters of that call, each with its value as text."""
_NOT_AS_BEFORE: Final = ("user is not as before", "users are not as before")
_GONE: Final = (404, 410)
_EDITS: Final = ("PUT", "PATCH")
"""The methods of calls of which nothing is left once their thing is removed."""


class Traces:
    """Of every call that the target accepted, what there is of it."""

    def __init__(self, generator: Generator) -> None:
        self._changes, self._system, self._target = generator.books.changes, generator.system, generator.target
        self._told: dict[tuple[Actor, str], Any] = {}
        self._there: set[Thing] = set()
        self._makers: dict[str, list[Operation]] = defaultdict(list)
        """By a call that removes things: those that make them."""
        for operation in generator.system.operations:
            if operation.undone_by is not None and operation.undone_by.removes:
                self._makers[operation.undone_by.operation].append(operation)

    def made(self, operation: Operation, given: Mapping[str, Any], says: Mapping[str, Any], by: Actor) -> None:
        """A call was accepted, and says this."""
        for maker in self._makers.get(operation.id, ()):
            self._removed(maker, given)
        back = operation.undone_by
        if back is not None and back.removes:
            self._made_a_thing(operation, back, says, by)
        elif back is None and operation.method != "GET" and operation.id not in self._makers:
            self._stays(operation, given)

    def undoing(self, operation: Operation, user: Actor) -> Mapping[str, Mapping[str, Any]]:
        """What undoes what a call, and what comes before it, do to a user: calls with their parameters. May wait."""
        calls = {}
        for call in (operation, *reversed(self._system.before(operation.id))):
            back = call.undone_by
            if back is not None and not back.removes and (back.operation != operation.id or call is operation):
                filled = {name: self._as_it_is(user, value) for name, value in back.parameters.items()}
                if None not in filled.values():
                    calls[back.operation] = {"userId": user.identity.id, **filled}
        return calls

    def does(self, user: Actor, undoing: str, given: Mapping[str, Any], by: Actor) -> None:
        """Something is done to a user that this call undoes, made with this by them."""
        undo = partial(self._undo, user, undoing, given, by)
        self._changes.enter(_NOT_AS_BEFORE, (user, undoing), undo)

    def undone(self, call: str, user: Actor) -> None:
        """That call was accepted."""
        self._changes.clear(_NOT_AS_BEFORE, (user, call))

    def _undo(self, user: Actor, undoing: str, given: Mapping[str, Any], by: Actor) -> None:
        if by.perform(undoing, given).done:
            self.undone(undoing, user)

    def _as_it_is(self, user: Actor, value: Any) -> Any:
        """What stands for a parameter: `{tier}` is what the target tells of this user, else the profile."""
        name = PLACEHOLDER.fullmatch(value) if isinstance(value, str) else None
        if name is None:
            return value
        if (user, name[1]) not in self._told:
            self._told[user, name[1]] = self._asked(user, name[1])
        return self._told[user, name[1]]

    def _asked(self, user: Actor, name: str) -> Any:
        there = self._target.operations
        for shows in self._system.operations:
            if shows.session is OfSession.SHOWS and name in shows.answers and shows.id in there:
                told = said(there[shows.id], user.perform(shows.id, {}))
                if name in told:
                    return told[name]
        return getattr(user.identity, name, None)

    def _made_a_thing(self, operation: Operation, back: Undoing, says: Mapping[str, Any], by: Actor) -> None:
        names = {name: value[1:-1] for name, value in back.parameters.items()}
        if not set(names.values()) <= says.keys():
            self._changes.stays(operation.id)
            return
        about = {name: says[at] for name, at in names.items()}
        self._there.add(_thing(about))
        undo = partial(self._remove, operation, back.operation, about, by)
        self._changes.enter(_left(operation), _thing(about), undo)

    def _remove(self, maker: Operation, removing: str, about: Mapping[str, Any], by: Actor) -> None:
        answer = by.perform(removing, about)
        if answer.done or answer.status in _GONE:
            self._removed(maker, about)

    def _removed(self, maker: Operation, given: Mapping[str, Any]) -> None:
        assert maker.undone_by is not None  # noqa: S101 - it is one of those that something removes
        thing = _thing({name: given.get(name) for name in maker.undone_by.parameters})
        self._there.discard(thing)
        self._changes.clear(_left(maker), thing)

    def _stays(self, operation: Operation, given: Mapping[str, Any]) -> None:
        """Count it, but for an edit of a thing that is removed at the end, or told of as there."""
        things = [_thing({name: given.get(name)}) for name in operation.in_path if operation.method in _EDITS]
        if not any(thing in self._there for thing in things):
            self._changes.stays(operation.id)


def _thing(parameters: Mapping[str, Any]) -> Thing:
    return frozenset((name, str(value)) for name, value in parameters.items())


def _left(operation: Operation) -> Left:
    return f"thing of {operation.id} is there", f"things of {operation.id} are there"
