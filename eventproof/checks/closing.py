"""How did connections end: by whom, when, and after what?"""

from collections.abc import Iterable, Iterator, Sequence

from eventproof.history import Kind, Record

from .finding import Finding


def left_open(records: Iterable[Record], connections: Iterable[str]) -> Iterator[Finding]:
    """The connections that the peer did not close."""
    closed = {record.connection for record in records if record.kind is Kind.CLOSED and _by_peer(record)}
    for connection in connections:
        if connection not in closed:
            yield Finding(f"{connection} was not closed by the server", expected="closed", observed="open")


def closed_untold(records: Sequence[Record], name: str, connections: Iterable[str]) -> Iterator[Finding]:
    """The connections that were closed before `name` had arrived on them."""
    for connection in connections:
        told = _first(records, connection, Kind.RECEIVED, name)
        closed = _first(records, connection, Kind.CLOSED)
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
    for record in records:
        if record.kind is Kind.CLOSED and record.connection in kept and _by_peer(record):
            yield Finding(
                f"{record.connection} was closed by the server",
                expected="an open connection",
                observed=f"closed: {record.payload.get('reason') or 'no reason given'}",
                record=record,
            )


def heard_after_close(records: Iterable[Record]) -> Iterator[Finding]:
    """What was received on a connection after its end."""
    closed: set[str] = set()
    for record in records:
        if record.kind is Kind.CLOSED:
            closed.add(record.connection)
        elif record.kind is Kind.RECEIVED and record.connection in closed:
            yield Finding(
                f"{record.connection} received `{record.name}` after its end",
                expected="nothing after the end of the connection",
                observed=f"`{record.name}`",
                record=record,
            )


def _by_peer(record: Record) -> bool:
    return isinstance(record.payload, dict) and record.payload.get("by") == "peer"


def _first(records: Iterable[Record], connection: str, kind: Kind, name: str | None = None) -> Record | None:
    for record in records:
        if record.connection == connection and record.kind is kind and (name is None or record.name == name):
            return record
    return None
