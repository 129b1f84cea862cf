"""Does everything that was received stand in the catalogue, and is it valid against its schema?"""

import json
from collections.abc import Iterable, Iterator, Mapping

from eventproof.catalog import AckLevel, Direction, Event, System
from eventproof.catalog.event import CALLBACK
from eventproof.history import Kind, Record

from .finding import Finding

Known = Mapping[tuple[str, str], Event]
"""The events that the server may send, by the address of their channel and their name."""


def known_events(systems: Iterable[System]) -> Known:
    """All that the servers of these systems may send."""
    return {
        (channel.address, event.name): event
        for system in systems
        for event in system.events
        if event.direction is Direction.SEND
        for channel in event.channels
    }


def outside_the_catalogue(records: Iterable[Record], known: Known) -> Iterator[Finding]:
    """What was received under a name that its channel does not have."""
    for record in _received(records):
        if (record.channel, record.name) not in known:
            names = sorted(name for channel, name in known if channel == record.channel)
            yield Finding(
                f"{record.actor} received `{record.name}`, which the catalogue does not have on {record.channel}",
                expected=f"one of {', '.join(names) or 'no event at all'}",
                observed=f"{record.name} {_shown(record.payload)}",
                record=record,
            )


def invalid(records: Iterable[Record], known: Known, name: str | None = None) -> Iterator[Finding]:
    """What was received that does not fit its schema; of one event, where it is named."""
    for record in _received(records):
        event = known.get((record.channel, record.name))
        if event is None or (name is not None and record.name != name) or event.is_valid(record.payload):
            continue
        problems = event.explain(record.payload)
        yield Finding(
            f"`{record.name}` does not fit {event.schema_path.name}"
            + "".join(f"; at {problem.path or 'the top'}" for problem in problems[:1]),
            expected="; ".join(problem.expected for problem in problems) or "a valid payload",
            observed=_shown(record.payload),
            record=record,
        )


def unasked(records: Iterable[Record], known: Known) -> Iterator[Finding]:
    """What was received without asking for the acknowledgement by callback that its contract requires."""
    for record in _received(records):
        event = known.get((record.channel, record.name))
        if _is_called_back(event, AckLevel.REQUIRED) and record.ack_id is None:
            yield Finding(
                f"`{record.name}` came without an id, so nobody can acknowledge it",
                expected="an EVENT packet with the id of its acknowledgement",
                observed="one without an id",
                record=record,
            )


def unforeseen(records: Iterable[Record], known: Known) -> tuple[str, ...]:
    """The names of what asked for an acknowledgement by callback of which its contract says nothing."""
    asking = (record for record in _received(records) if record.ack_id is not None)
    return tuple(
        sorted({record.name for record in asking if not _is_called_back(known.get((record.channel, record.name)))})
    )


def _is_called_back(event: Event | None, level: AckLevel | None = None) -> bool:
    ack = None if event is None else event.ack
    return ack is not None and ack.by == CALLBACK and level in (None, ack.level)


def _received(records: Iterable[Record]) -> Iterator[Record]:
    return (record for record in records if record.kind is Kind.RECEIVED)


def _shown(payload: object) -> str:
    return json.dumps(payload, ensure_ascii=False, default=repr)[:300]
