"""How long did it take?"""

from collections.abc import Iterable, Iterator

from eventproof.history import Kind, Record

from .finding import Finding


def slow_to_close(records: Iterable[Record], call: str, connections: Iterable[str], limit: float) -> Iterator[Finding]:
    """The connections that ended more than `limit` seconds after the last sending of `call`."""
    awaited = frozenset(connections)
    began: float | None = None
    for record in records:
        if record.kind is Kind.CALLED and record.name == call:
            began = record.at
        elif record.kind is Kind.CLOSED and record.connection in awaited and began is not None:
            took = record.at - began
            if took > limit:
                yield Finding(
                    f"{record.connection} ended {took:.3f} s after {call} was sent",
                    expected=f"at most {limit:g} s",
                    observed=f"{took:.3f} s",
                    record=record,
                )
