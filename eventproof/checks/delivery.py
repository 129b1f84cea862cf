"""Did everyone receive what was for them, and once?"""

from collections import Counter
from collections.abc import Iterable, Iterator

from eventproof.history import Kind, Record

from .finding import Finding


def lost(records: Iterable[Record], name: str, connections: Iterable[str]) -> Iterator[Finding]:
    """The connections that never received an event which they should have received."""
    received = _receipts(records, name)
    for connection in connections:
        if not received[connection]:
            yield Finding(f"{connection} did not receive `{name}`", expected=f"one `{name}`", observed="none")


def duplicated(records: Iterable[Record], name: str, connections: Iterable[str], allowed: int = 1) -> Iterator[Finding]:
    """The connections that received an event more than `allowed` times."""
    received = _receipts(records, name)
    for connection in connections:
        if received[connection] > allowed:
            yield Finding(
                f"{connection} received `{name}` {received[connection]} times",
                expected=f"{allowed} at most",
                observed=str(received[connection]),
            )


def _receipts(records: Iterable[Record], name: str) -> Counter[str]:
    return Counter(record.connection for record in records if record.kind is Kind.RECEIVED and record.name == name)
