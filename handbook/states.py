"""The states of a system's things, as diagrams in Mermaid.

Where the contract has them as a table (`x-states`), that is drawn, with the events that tell of each step. Else an
event tells of a change by a pair of fields, `previousX` and `newX`, and the change is drawn where their values say
which states lead where: where no value stands in both. What the event is about (`x-correlate`) owns the states.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from eventproof.catalog import Direction, Event, States, System

from .kinds import resolved
from .links import Links
from .markdown import bullets, code, listed

__all__ = ["Change", "changes", "diagram", "section"]

_BEFORE: Final = "previous"
_AFTER: Final = "new"


@dataclass(frozen=True, slots=True)
class Change:
    """What one event tells of a change: of what, from which states, into which."""

    subject: str
    """The field that changes, and whose it is, in words."""
    event: Event
    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def is_specific(self) -> bool:
        """Whether it says which states lead where; a catch-all does not."""
        return not set(self.before) & set(self.after)

    def is_of(self, table: States) -> bool:
        """Whether it is one of these states that changes; it may have been in another one that the table knows not."""
        known = set(table.states)
        return (
            self.event.subject_name == table.id and known.issuperset(self.after) and not known.isdisjoint(self.before)
        )

    def is_told(self, operation: str, before: str, after: str) -> bool:
        """Whether this call causes the event, and it says that this state leads to that one."""
        return self.is_specific and operation in self.event.certain and before in self.before and after in self.after


def changes(system: System) -> tuple[Change, ...]:
    """Every change that an event of the system tells of."""
    return tuple(
        change
        for event in system.events
        if event.direction is Direction.SEND
        for change in _changes(event, event.schema)
    )


def section(system: System, links: Links) -> str:
    """The diagrams, and what else tells of changes; may be empty."""
    found = changes(system)
    parts = []
    for table in system.states.values():
        of_it = [change for change in found if change.is_of(table)]
        found = tuple(change for change in found if change not in of_it)
        parts += [
            f"### The states of {code(table.thing)}, by its {code(table.id)}",
            _table(table, of_it),
            *_open_changes(of_it, links),
        ]
    for subject in dict.fromkeys(change.subject for change in found):
        of_it = [change for change in found if change.subject == subject]
        specific = [change for change in of_it if change.is_specific]
        parts += [f"### {subject}", *([diagram(specific)] if specific else []), *_open_changes(of_it, links)]
    return "\n\n".join(parts)


def diagram(found: list[Change]) -> str:
    """One diagram; a state that nothing leads to is a beginning, one that nothing leads out of an end."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for change in found:
        for before in change.before:
            for after in change.after:
                arrows.setdefault((before, after), []).append(change.event.name)
    left = dict.fromkeys(before for before, _ in arrows)
    reached = dict.fromkeys(after for _, after in arrows)
    return _drawn({("", state): [] for state in left if state not in reached} | arrows)


def _table(table: States, told: list[Change]) -> str:
    arrows: dict[tuple[str, str], list[str]] = {}
    for call, state in table.made.items():
        arrows.setdefault(("", state), []).append(call)
    for call, before, after in table.steps:
        operation = table.operation(call)
        events = [change.event.name for change in told if change.is_told(operation, before, after)]
        arrows.setdefault((before, after), []).append(f"{call} sends {listed(events)}" if events else call)
    return _drawn(arrows)


def _drawn(arrows: Mapping[tuple[str, str], list[str]]) -> str:
    """Each arrow with its words; one from no state is a beginning, and a state that none leads out of is an end."""
    left = {before for before, _ in arrows}
    ends = [state for state in dict.fromkeys(after for _, after in arrows) if state not in left]
    lines = [
        f"{_id(before) if before else '[*]'} --> {_id(after)}" + (f": {', '.join(words)}" if words else "")
        for (before, after), words in arrows.items()
    ]
    lines += [f"{_id(state)} --> [*]" for state in ends]
    return "\n".join(["```mermaid", "stateDiagram-v2", *(f"    {line}" for line in lines), "```"])


def _open_changes(found: list[Change], links: Links) -> Iterator[str]:
    if told := [_open_change(change, links) for change in found if not change.is_specific]:
        yield bullets(told)


def _open_change(change: Change, links: Links) -> str:
    states = listed(map(code, change.after), "or")
    return f"{links.event(change.event)} tells of any change; afterwards it is {states}."


def _changes(event: Event, schema: Any) -> Iterator[Change]:
    known = resolved(schema, event.schema)
    described: Mapping[str, Any] = known.get("properties", {})
    for name, part in described.items():
        field = name.removeprefix(_BEFORE)
        if name.startswith(_BEFORE) and (new := _AFTER + field) in described:
            before, after = _values(part, event), _values(described[new], event)
            if before and after:
                owner = f"of one {code(event.subject_name)}" if event.subject_name else f"in {code(event.name)}"
                yield Change(f"{field} {owner}", event, before, after)
        yield from _changes(event, part)


def _values(schema: Any, event: Event) -> tuple[str, ...]:
    known = resolved(schema, event.schema)
    values = (known["const"],) if "const" in known else tuple(known.get("enum", ()))
    return tuple(value for value in values if isinstance(value, str))


def _id(state: str) -> str:
    """A state's name as Mermaid takes it."""
    return "".join(letter if letter.isalnum() else "_" for letter in state)
