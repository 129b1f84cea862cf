"""How did connections end: by whom, when, and after what?

A connection ends with its transport, or with the DISCONNECT packet of its namespace, whichever comes first.
"""

import json
from collections.abc import Iterable, Iterator, Sequence

from eventproof.history import Kind, Record

from .finding import Finding

DISCONNECT = "DISCONNECT"
"""The name of the note that the server ended our part in a namespace."""


def left_open(records: Iterable[Record], connections: Iterable[str]) -> Iterator[Finding]:
    """The connections that the peer did not close."""
    closed = {record.connection for record in records if is_end(record) and is_by_peer(record)}
    for connection in connections:
        if connection not in closed:
            yield Finding(f"{connection} was not closed by the server", expected="closed", observed="open")


def closed_untold(records: Sequence[Record], name: str, connections: Iterable[str]) -> Iterator[Finding]:
    """The connections that were closed before `name` had arrived on them."""
    for connection in connections:
        mine = [record for record in records if record.connection == connection]
        told = next((record for record in mine if record.kind is Kind.RECEIVED and record.name == name), None)
        closed = next(filter(is_end, mine), None)
        if closed is not None and (told is None or closed.at < told.at):
            yield Finding(
                f"{connection} was closed before `{name}` arrived on it",
                expected=f"`{name}`, then the end of the connection",
                observed="the end of the connection" + (", and nothing else" if told is None else f", then `{name}`"),
                record=closed,
            )


def closed_early(records: Iterable[Record], connections: Iterable[str]) -> Iterator[Finding]:
    """The connections that the peer closed although it had to keep them."""
    kept = frozenset(connections)
    for record in first_ends(records):
        if record.connection in kept and is_by_peer(record):
            reason = "a DISCONNECT packet" if record.kind is Kind.NOTE else record.payload.get("reason")
            yield Finding(
                f"{record.connection} was closed by the server",
                expected="an open connection",
                observed=f"closed: {reason or 'no reason given'}",
                record=record,
            )


def heard_after_close(records: Iterable[Record]) -> Iterator[Finding]:
    """What was received on a connection after its end."""
    closed: set[str] = set()
    for record in records:
        if is_end(record):
            closed.add(record.connection)
        elif record.kind is Kind.OPENED:
            closed.discard(record.connection)
        elif record.kind is Kind.RECEIVED and record.connection in closed:
            yield Finding(
                f"{record.connection} received `{record.name}` after its end",
                expected="nothing after the end of the connection",
                observed=f"`{record.name}`",
                record=record,
            )


def heard_of(records: Sequence[Record], actor: str, operation: str, about: str) -> tuple[str, ...]:
    """The names of the events that reached `actor` after the first call of `operation`, and have this id in them.

    No finding: whom they are for, no requirement says.
    """
    called = (place for place, record in enumerate(records) if record.kind is Kind.CALLED and record.name == operation)
    began = next(called, len(records))
    quoted = json.dumps(about, ensure_ascii=False)
    heard = (
        record.name
        for record in records[began:]
        if record.kind is Kind.RECEIVED
        and record.actor == actor
        and quoted in json.dumps(record.payload, ensure_ascii=False, default=repr)
    )
    return tuple(dict.fromkeys(heard))


def first_ends(records: Iterable[Record]) -> Iterator[Record]:
    """What ended each connection: the first end of each."""
    ended: set[str] = set()
    for record in filter(is_end, records):
        if record.connection not in ended:
            ended.add(record.connection)
            yield record


def is_end(record: Record) -> bool:
    """Whether a record tells that a connection ended."""
    return record.kind is Kind.CLOSED or (record.kind is Kind.NOTE and record.name == DISCONNECT)


def is_by_peer(record: Record) -> bool:
    """Whether what ended a connection was the server."""
    return record.kind is Kind.NOTE or (isinstance(record.payload, dict) and record.payload.get("by") == "peer")
