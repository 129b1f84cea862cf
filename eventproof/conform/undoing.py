"""What calls do to a user that the next case would stumble over, and what undoes it: as the contracts say."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from eventproof.actions import at
from eventproof.catalog import Ends, System, Undoing
from eventproof.checks.closing import DISCONNECT
from eventproof.history import Kind, Record
from eventproof.target import Target

from .person import Person

__all__ = ["TIER", "Undo", "done_to", "may_doubt"]

TIER: Final = "{tier}"
"""Stands for the user's own tier among the parameters of what undoes a call."""


class Undo:
    """The calls of some systems, by what they do to users."""

    def __init__(self, systems: Iterable[System]) -> None:
        self._known = {operation.id: operation for system in systems for operation in system.operations}

    def back(self, operation: str) -> str:
        """The operation that undoes this one; itself where nothing does."""
        undone_by = self._known[operation].undone_by
        return undone_by.operation if undone_by else operation

    def calls(
        self, person: Person, target: Target, done: frozenset[str] | None = None
    ) -> list[tuple[str, dict[str, Any]]]:
        """The calls, with their parameters, that undo what was done to this person; what lets them in again is first.

        Where `done` is None, anything may have been: whatever can be done on this target is undone.
        """
        tier = person.tier or (target.tiers[0].name if target.tiers else None)
        calls: dict[str, dict[str, Any]] = {}
        for operation in sorted(self._known.values(), key=lambda each: each.ends is not Ends.USER):
            was_done = operation.id in (target.operations if done is None else done)
            if not was_done or operation.undone_by is None or operation.undone_by.removes:
                continue
            further = operation.undone_by.parameters
            if tier is not None or TIER not in further.values():
                filled = {name: tier if value == TIER else value for name, value in further.items()}
                calls[operation.undone_by.operation] = {"userId": person.id, **filled}
        return list(calls.items())

    def made(self, records: Iterable[Record], target: Target) -> list[tuple[str, str, dict[str, Any]]]:
        """The calls that remove what calls made in these records and none of them removed.

        Each with who made the thing and so can remove it, and with its parameters; what was made last comes first.
        """
        known = tuple(records)
        gone, calls = self._removed(known), []
        for record in known:
            back = self._removing(record)
            if back is not None:
                things = _things(record, back, target)
                if None not in things.values() and not gone & _pairs(things):
                    calls.append((record.actor, back.operation, things))
        return calls[::-1]

    def removes(self, operation: str) -> bool:
        """Whether there is a call that removes what this one makes."""
        back = self._known[operation].undone_by if operation in self._known else None
        return back is not None and back.removes

    def _removing(self, record: Record) -> Undoing | None:
        """The call that removes what an accepted one made; None where the record tells of no such thing."""
        operation = self._known.get(record.name)
        back = operation.undone_by if operation else None
        return back if back is not None and back.removes and _was_accepted(record) else None

    def _removed(self, records: tuple[Record, ...]) -> frozenset[tuple[str, str]]:
        """What is gone, by the names and the values of parameters: it was removed, or is not there to be removed."""
        undoing = (operation.undone_by for operation in self._known.values())
        removing = {back.operation for back in undoing if back and back.removes}
        done = {
            record.call for record in records if record.name in removing and (_was_accepted(record) or _is_gone(record))
        }
        calls = (record for record in records if record.kind is Kind.CALLED and record.call in done)
        return frozenset(pair for record in calls for pair in _pairs(record.payload))

    def tier(self, person: Person, records: Sequence[Record]) -> str | None:
        """The tier that somebody has now: what the last call about them gave, else what they began with.

        One that was refused gave nothing.
        """
        refused: set[int] = set()
        for record in reversed(records):
            payload = record.payload if isinstance(record.payload, dict) else {}
            if record.kind is Kind.ANSWERED and record.call is not None and 400 <= payload.get("status", 0) < 500:
                refused.add(record.call)
            given = payload.get("tier") if record.kind is Kind.CALLED and record.call not in refused else None
            if given is not None and _object(record, person) and self.gives_tier([record.name]):
                return str(given)
        return person.tier

    def gives_tier(self, done: Iterable[str]) -> bool:
        """Whether one of these operations may have given the user another tier."""
        undone_by = [self._known[name].undone_by for name in done if name in self._known]
        return any(back is not None and TIER in back.parameters.values() for back in undone_by)

    def may_last(self, target: Target) -> bool:
        """Whether something of a user to whom anything may have been done may stay with them for ever."""
        return any(operation.lasts and operation.id in target.operations for operation in self._known.values())

    def ends_session(self, records: Iterable[Record], person: Person) -> bool:
        """Whether the records tell of something that ended the person's session."""
        known = tuple(records)
        made = {record.name for record in known if record.kind is Kind.CALLED and record.actor == person.name}
        return bool(made & self._ending(Ends.CALLER) or done_to(person, known) & self._ending(Ends.USER))

    def left_behind(self, records: Iterable[Record], target: Target) -> Counter[str]:
        """How many calls of each operation changed something for good: accepted, and nothing here undid them."""
        undoing = {operation.undone_by.operation for operation in self._known.values() if operation.undone_by}
        undoing |= {ending.undone_by for ending in target.endings.known.values() if ending.undone_by}
        lasting = (
            {
                operation.id
                for operation in self._known.values()
                if operation.method.upper() != "GET" and operation.role != "anyone" and operation.undone_by is None
            }
            - undoing
            - self._ending(Ends.CALLER)
        )
        known = tuple(records)
        gone = self._removed(known)
        about = {record.call: _pairs(record.payload) for record in known if record.kind is Kind.CALLED}
        left = Counter(
            record.name
            for record in known
            if (back := self._removing(record)) is not None and not gone & _pairs(_things(record, back, target))
        )
        # An admin's call about something that is gone has left nothing.
        return left + Counter(
            record.name
            for record in known
            if record.name in lasting
            and _was_accepted(record)
            and not (self._known[record.name].role == "admin" and gone & about.get(record.call, frozenset()))
        )

    def _ending(self, whose: Ends) -> frozenset[str]:
        return frozenset(operation.id for operation in self._known.values() if operation.ends is whose)


def done_to(person: Person, records: Iterable[Record]) -> frozenset[str]:
    """The operations that the records tell were tried on this person, by whomever; also by themselves on themselves."""
    return frozenset(record.name for record in records if record.kind is Kind.CALLED and _object(record, person))


def _object(record: Record, person: Person) -> bool:
    parameters = record.payload if isinstance(record.payload, dict) else {}
    return str(parameters["userId"]) == str(person.id) if "userId" in parameters else record.actor == person.name


def may_doubt(records: Iterable[Record], person: Person) -> bool:
    """Whether the person's session may have ended although nothing that was done should have ended it."""
    return any(record.actor == person.name and _speaks_against(record) for record in records)


def _speaks_against(record: Record) -> bool:
    payload = record.payload if isinstance(record.payload, dict) else {}
    match record.kind:
        case Kind.ANSWERED:
            return payload.get("status") in (401, 403)
        case Kind.CLOSED:
            return payload.get("by") == "peer"
        case Kind.NOTE:
            return record.name == DISCONNECT
        case _:
            return record.kind is Kind.REFUSED


def _things(record: Record, back: Undoing, target: Target) -> dict[str, Any]:
    """What an accepted call made, by the parameters of what removes it; None for what its body does not say."""
    answers = target.operations[record.name].answers if record.name in target.operations else {}
    return {name: at(record.payload["body"], answers.get(value[1:-1], "/")) for name, value in back.parameters.items()}


def _pairs(parameters: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
    return frozenset((name, str(value)) for name, value in parameters.items())


def _is_gone(record: Record) -> bool:
    """Whether a call found nothing of what it is about."""
    payload = record.payload if isinstance(record.payload, dict) else {}
    return record.kind is Kind.ANSWERED and payload.get("status") in (404, 410)


def _was_accepted(record: Record) -> bool:
    payload = record.payload if isinstance(record.payload, dict) else {}
    return record.kind is Kind.ANSWERED and 200 <= payload.get("status", 0) < 300
