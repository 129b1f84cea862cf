"""Did anyone receive what was not for them?

An event is for the rooms that its `x-audience` names, filled with the parameters of a call that triggers it. So a
receipt is lawful only where such a call came before it and one of those rooms is the receiver's.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from eventproof.catalog import Event
from eventproof.history import Kind, Record

from .contract import Known
from .finding import Finding

Rooms = Mapping[str, frozenset[str]]
"""The rooms of each actor, such as `user:42`."""


def leaked(records: Iterable[Record], known: Known, rooms: Rooms, name: str | None = None) -> Iterator[Finding]:
    """What was received by someone outside its audience; of one event, where it is named."""
    calls: list[Record] = []
    for record in records:
        if record.kind is Kind.CALLED:
            calls.append(record)
        if record.kind is not Kind.RECEIVED or (name is not None and record.name != name):
            continue
        event = known.get((record.channel, record.name))
        if event is None or not event.audience:
            continue
        lawful = _audience_so_far(event, calls)
        if not lawful & rooms.get(record.actor, frozenset()):
            yield Finding(
                f"{record.actor} received `{record.name}`, which is not for them",
                expected=f"only {', '.join(sorted(lawful)) or 'nobody'} to receive it",
                observed=f"{record.connection or record.actor} received it",
                record=record,
            )


def _audience_so_far(event: Event, calls: Iterable[Record]) -> frozenset[str]:
    lawful: set[str] = set()
    for call in calls:
        if call.name in event.triggers and isinstance(call.payload, Mapping):
            with suppress(KeyError):
                lawful |= event.recipients(call.payload)
    return frozenset(lawful)
