"""Was only that sent again which was still owed, and unchanged?

An event whose contract has a `retry` is owed to a user until one of their connections acknowledges it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from eventproof.catalog import AckLevel, Event
from eventproof.history import Kind, Record

from .content import content, whole
from .contract import Known
from .finding import Finding

SpeaksAgainst = Callable[[Record, str], bool]
"""Whether a receipt says that what was sent under this name was not taken."""


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


def returned(
    records: Sequence[Record], known: Known, level: AckLevel, patience: float, speaks_against: SpeaksAgainst
) -> Iterator[Finding]:
    """What came again, anywhere in a run, to a user who had acknowledged it: events of this level of acknowledgement.

    An acknowledgement counts where it was surely taken: its connection stood for `patience` seconds after it, and
    nothing came on it meanwhile that speaks against it. What must be acknowledged is sent again until then, so it must
    not come on any connection later than that; what may be, on none that was opened later.
    """
    stood = _stood(records)
    taken: dict[tuple[str, str, str], Record] = {}
    pending: dict[str, list[Record]] = defaultdict(list)
    opened: dict[str, float] = {}
    for record in records:
        if record.kind is Kind.OPENED:
            opened[record.connection] = record.at
        elif record.kind is Kind.SENT and stood[record.connection] >= record.at + patience:
            pending[record.connection].append(record)
        if record.kind is not Kind.RECEIVED:
            continue
        _settle(pending, taken, record, patience, speaks_against)
        event = known.get((record.channel, record.name))
        if event is None or event.ack is None or event.ack.level is not level:
            continue
        answer = event.acknowledgement(record.payload)
        settled = taken.get((record.actor, event.ack.by, whole(answer))) if answer else None
        since = opened.get(record.connection, 0.0) if level is AckLevel.OPTIONAL else record.at
        if settled is not None and since > settled.at + patience:
            yield Finding(
                f"{record.connection} received `{record.name}` again, which {settled.connection} had acknowledged",
                expected="nothing that was acknowledged, on any later connection",
                observed=f"`{record.name}` {record.at - settled.at:.3g} s after `{settled.name}`",
                record=record,
            )


def _settle(
    pending: dict[str, list[Record]],
    taken: dict[tuple[str, str, str], Record],
    receipt: Record,
    patience: float,
    speaks_against: SpeaksAgainst,
) -> None:
    """Move the acknowledgements that were surely taken by the time of a receipt, and drop those that it refuses."""
    pending[receipt.connection] = [
        sent
        for sent in pending[receipt.connection]
        if receipt.at > sent.at + patience or not speaks_against(receipt, sent.name)
    ]
    for connection, waiting in list(pending.items()):
        for sent in [sent for sent in waiting if receipt.at > sent.at + patience]:
            taken.setdefault((sent.actor, sent.name, whole(sent.payload)), sent)
        pending[connection] = [sent for sent in waiting if receipt.at <= sent.at + patience]
        if not pending[connection]:
            del pending[connection]


def _stood(records: Sequence[Record]) -> Mapping[str, float]:
    """When each connection ended; where it did not, when the history does."""
    stood = dict.fromkeys((record.connection for record in records), records[-1].at if records else 0.0)
    stood.update({record.connection: record.at for record in reversed(records) if record.kind is Kind.CLOSED})
    return stood


def altered(records: Iterable[Record], known: Known) -> Iterator[Finding]:
    """What was sent again with other data than the first time."""
    first: dict[tuple[str, str, str], tuple[str, str]] = {}
    for record in records:
        event = known.get((record.channel, record.name)) if record.kind is Kind.RECEIVED else None
        answer = event.acknowledgement(record.payload) if event and event.ack and event.ack.retry else None
        if event is None or answer is None:
            continue
        said = content(event, record.payload)
        before = first.setdefault((record.actor, record.name, whole(answer)), said)
        if said != before:
            yield Finding(
                f"{record.connection} received `{record.name}` again with other data",
                expected=before[1],
                observed=said[1],
                record=record,
            )


def _is_told_apart(event: Event) -> bool:
    return bool(event.order_by or event.correlate) and "connection" not in event.audience


def _again(record: Record, observed: str) -> Finding:
    return Finding(
        f"{record.connection} received `{record.name}` again", expected="it once", observed=observed, record=record
    )
