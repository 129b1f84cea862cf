"""Was only that sent again which was still owed, and unchanged?

An event whose contract has a `retry` is owed to a user until one of their connections acknowledges it.
"""

from collections.abc import Iterable, Iterator

from eventproof.catalog import Event
from eventproof.history import Kind, Record

from .content import content, whole
from .contract import Known
from .finding import Finding


def repeated(records: Iterable[Record], known: Known, grace: float = 0.0) -> Iterator[Finding]:
    """What was received again although it was not owed.

    What is sent again until it is acknowledged must not come later than `grace` seconds after that, on any connection
    of its user; anything else that an id tells apart must not come twice on one connection.
    """
    acknowledged: dict[tuple[str, str, str], float] = {}
    heard: set[tuple[str, str, str]] = set()
    for record in records:
        if record.kind is Kind.SENT:
            acknowledged.setdefault((record.actor, record.name, whole(record.payload)), record.at)
        event = known.get((record.channel, record.name)) if record.kind is Kind.RECEIVED else None
        if event is None:
            continue
        if event.ack and event.ack.retry:
            answer = event.acknowledgement(record.payload)
            settled = acknowledged.get((record.actor, event.ack.by, whole(answer))) if answer else None
            if settled is not None and record.at > settled + grace:
                yield _again(record, f"{record.at - settled:.3f} s after it was acknowledged")
        elif _is_told_apart(event):
            this = (record.connection, record.name, whole(record.payload))
            if this in heard:
                yield _again(record, "the same payload a second time")
            heard.add(this)


def altered(records: Iterable[Record], known: Known) -> Iterator[Finding]:
    """What was sent again with other data than the first time."""
    first: dict[tuple[str, str, str], tuple[str, str]] = {}
    for record in records:
        event = known.get((record.channel, record.name)) if record.kind is Kind.RECEIVED else None
        answer = event.acknowledgement(record.payload) if event and event.ack and event.ack.retry else None
        if answer is None:
            continue
        before = first.setdefault((record.actor, record.name, whole(answer)), content(record))
        if content(record) != before:
            yield Finding(
                f"{record.connection} received `{record.name}` again with other data",
                expected=before[1],
                observed=content(record)[1],
                record=record,
            )


def _is_told_apart(event: Event) -> bool:
    return bool(event.order_by or event.correlate) and "connection" not in event.audience


def _again(record: Record, observed: str) -> Finding:
    return Finding(
        f"{record.connection} received `{record.name}` again", expected="it once", observed=observed, record=record
    )
