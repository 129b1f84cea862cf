"""What follows from a call: which events, for whom, about what. Pure, and the one place that says so.

Whoever judges audience, loss, duplicates or order asks here: the checks of a history afterwards, the ledger of a swarm
while it runs.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from .audience import Audience
from .event import OWNER, Event

__all__ = ["Cause", "Effect", "effects"]


@dataclass(frozen=True, slots=True)
class Cause:
    """One call, by the names of our contracts: what it was made with, and what its answer says."""

    operation: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    caller: str | int | None = None
    """The id of the user who made it; None where nobody knows it."""
    says: Mapping[str, Any] = field(default_factory=dict)
    """What its answer says (`x-answers`); empty as long as there is none."""
    of_thing: Mapping[str, Any] = field(default_factory=dict)
    """What the call that made the thing said of it, such as whose it is, where this call does not say that."""

    def names(self, name: str) -> str | None:
        """The id that it has under this name, as text: ids may be numbers in one place and texts in another."""
        value = self.parameters.get(name, self.says.get(name))
        return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None


@dataclass(frozen=True)
class Effect:
    """One event that a call causes, as far as the call tells."""

    event: Event
    values: Mapping[str, str]
    """Of the placeholders of its audience; those that are missing stand in the payload."""
    subject: str | None
    """What it is about (`x-correlate`); None where no id ties it to its cause, or the call does not tell it yet."""
    key: str | None
    """Within what it keeps its order (`x-order-by`)."""
    is_certain: bool
    """Whether the call, once it was accepted, must cause it."""
    trigger: str | None = None
    """The operation that causes it; its audience may depend on that."""

    @cached_property
    def audience(self) -> Audience:
        """Who is to receive it, as far as the call tells."""
        return self.event.audience_after(self.trigger, self.values)

    def lawful(self, payload: Any) -> Audience:
        """Who may receive it with this payload."""
        fields = self.event.fields(payload)
        return self.event.lawful_after(self.trigger, {**fields, **self.values})

    def may_be(self, payload: Any) -> bool:
        """Whether a payload may be that of this effect: it names nothing else than the call does."""
        fields = self.event.fields(payload)
        return all(str(fields[name]) == value for name, value in self.values.items() if name in fields)

    def is_about(self, payload: Any) -> bool:
        """Whether a payload is about what the call is about; also where no id tells."""
        told = self.event.subject(payload)
        return self.subject is None or told is None or str(told) == self.subject


def effects(events: Iterable[Event], cause: Cause) -> Iterator[Effect]:
    """What an accepted call causes, of these events; one that was refused causes nothing."""
    for event in events:
        if cause.operation in event.triggers:
            yield Effect(
                event=event,
                values=_values(event, cause),
                subject=None if event.subject_name is None else cause.names(event.subject_name),
                key=None if event.key_name is None else cause.names(event.key_name),
                is_certain=cause.operation not in event.at_times,
                trigger=cause.operation,
            )


def _values(event: Event, cause: Cause) -> Mapping[str, str]:
    made = Cause(cause.operation, says=cause.of_thing)
    found = {name: cause.names(name) or made.names(name) for name in event.placeholders}
    if cause.operation in event.caused_by_owner and cause.caller is not None:
        found[OWNER] = str(cause.caller)
    return {name: value for name, value in found.items() if value is not None}
