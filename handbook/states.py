"""The states of which a system's events tell, as diagrams in Mermaid.

An event tells of a change by a pair of fields, `previousX` and `newX`, and the change is drawn where their values say
which states lead where: where no value stands in both. What the event is about (`x-correlate`) owns the states.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from eventproof.catalog import Direction, Event, System

from .kinds import resolved
from .links import Links
from .markdown import bullets, code, link, listed
from .material import Drawing

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


def changes(system: System) -> tuple[Change, ...]:
    """Every change that an event of the system tells of."""
    return tuple(
        change
        for event in system.events
        if event.direction is Direction.SEND
        for change in _changes(event, event.schema)
    )


def section(system: System, drawings: tuple[Drawing, ...], links: Links) -> str:
    """The diagrams, what else tells of changes, and the tables that the reference server decides by; may be empty."""
    found = changes(system)
    parts = []
    for subject in dict.fromkeys(change.subject for change in found):
        of_it = [change for change in found if change.subject == subject]
        specific = [change for change in of_it if change.is_specific]
        parts.append(f"### {subject}")
        if specific:
            parts.append(diagram(specific))
        if others := [change for change in of_it if not change.is_specific]:
            parts.append(bullets(_open_change(change, links) for change in others))
    if drawings:
        tables = listed(link(drawing.title, f"../{drawing.path}") for drawing in drawings)
        parts.append(f"What the reference server decides by, drawn from its tables: {tables}.")
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
    lines = [f"[*] --> {_id(state)}" for state in left if state not in reached]
    lines += [f"{_id(before)} --> {_id(after)}: {', '.join(names)}" for (before, after), names in arrows.items()]
    lines += [f"{_id(state)} --> [*]" for state in reached if state not in left]
    return "\n".join(["```mermaid", "stateDiagram-v2", *(f"    {line}" for line in lines), "```"])


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
