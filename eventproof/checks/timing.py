"""How long did it take?"""

from collections.abc import Iterable, Iterator, Sequence

from eventproof.history import Kind, Record

from .closing import first_ends
from .finding import Finding


def slow_to_close(records: Sequence[Record], call: str, connections: Iterable[str], limit: float) -> Iterator[Finding]:
    """The connections that ended more than `limit` seconds after the last sending of `call` before that."""
    awaited = frozenset(connections)
    sent = [record.at for record in records if record.kind is Kind.CALLED and record.name == call]
    for record in first_ends(records):
        began = max((at for at in sent if at <= record.at), default=None)
        if began is not None and record.connection in awaited and (took := record.at - began) > limit:
            yield Finding(
                f"{record.connection} ended {took:.3f} s after {call} was sent",
                expected=f"at most {limit:g} s",
                observed=f"{took:.3f} s",
                record=record,
            )
