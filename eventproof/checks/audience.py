"""Did anyone receive what was not for them?

An event is for the rooms that its `x-audience` names, filled with the parameters of a call that triggers it, with the
fields of its payload, and, where nothing else names the user, with the caller. So a receipt is lawful only where such a
call came before it, which was not refused, and one of those rooms is the receiver's, or its connection's, at that
moment. An event for the one connection
that caused it is not judged here, since no call tells which that was; nor is one for everyone, which leaks to nobody.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from eventproof.catalog import Event
from eventproof.history import Kind, Record

from .answering import refused
from .contract import Known
from .finding import Finding

Rooms = Mapping[str, frozenset[str]]
"""The rooms of each actor, such as `user:42`; a user is in one room of that kind, their own."""

_Values = frozenset[tuple[str, str]]
"""What one call says of the placeholders of an audience."""


def leaked(records: Iterable[Record], known: Known, rooms: Rooms, name: str | None = None) -> Iterator[Finding]:
    """What was received by someone outside its audience; of one event, where it is named."""
    causes: dict[Event, set[_Values]] = {
        event: set() if event.triggers else {frozenset()}
        for event in known.values()
        if not {"connection", "everyone"} & set(event.audience) and (name is None or event.name == name)
    }
    story = tuple(records)
    without_effect = refused(story)
    joined: dict[str, set[str]] = {}
    for index, record in enumerate(story):
        if record.kind is Kind.JOINED:
            joined.setdefault(record.connection, set()).add(record.name)
        if record.kind is Kind.CALLED and index not in without_effect:
            for event, said in causes.items():
                if record.name in event.triggers:
                    said.add(_values(event, record, rooms))
        if record.kind is not Kind.RECEIVED:
            continue
        found = known.get((record.channel, record.name))
        if found is None or found not in causes:
            continue
        lawful = _lawful(found, causes[found], record.payload)
        own = rooms.get(record.actor, frozenset()) | joined.get(record.connection, set())
        if not lawful & own:
            yield Finding(
                f"{record.actor} received `{record.name}`, which is not for them",
                expected=f"only {', '.join(sorted(lawful)) or 'nobody'} to receive it",
                observed=f"{record.connection or record.actor} received it",
                record=record,
            )


def foreign(records: Iterable[Record], known: Known, owners: Mapping[Any, str]) -> Iterator[Finding]:
    """What was received by one actor about something that belongs to another.

    `owners` says which actor each thing belongs to, by the id that the event's `x-correlate` reads. Only events for
    one user are judged, and only where that id is known.
    """
    for record in records:
        event = known.get((record.channel, record.name)) if record.kind is Kind.RECEIVED else None
        if event is None or event.audience != ("user:{userId}",):
            continue
        subject = event.subject(record.payload)
        owner = owners.get(subject, record.actor)
        if owner != record.actor:
            yield Finding(
                f"{record.actor} received `{record.name}` about what belongs to {owner}",
                expected=f"only {owner} to hear of {subject}",
                observed=f"{record.connection or record.actor} received it",
                record=record,
            )


def _values(event: Event, call: Record, rooms: Rooms) -> _Values:
    given = call.payload if isinstance(call.payload, Mapping) else {}
    values = {name: str(given[name]) for name in event.placeholders if name in given}
    if call.name in event.caused_by_owner:
        for room in rooms.get(call.actor, ()):
            if room.startswith("user:"):
                values["userId"] = room.removeprefix("user:")
    return frozenset(values.items())


def _lawful(event: Event, causes: Iterable[_Values], payload: Any) -> frozenset[str]:
    """The rooms of all the calls that may have caused it; one that names something else than the payload did not."""
    lawful: set[str] = set()
    fields = payload if isinstance(payload, Mapping) else {}
    for values in causes:
        if any(name in fields and str(fields[name]) != value for name, value in values):
            continue
        with suppress(KeyError):
            lawful |= event.recipients({**fields, **dict(values)})
    return frozenset(lawful)
