"""Did the events of one key arrive in the order in which they were caused?"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

from eventproof.history import Kind, Record

from .finding import Finding


def reordered(
    records: Iterable[Record], name: str, caused: Sequence[Hashable], key: Callable[[Record], Hashable]
) -> Iterator[Finding]:
    """The connections on which `name` came in another order than `caused`, the keys in the order of their causes.

    `key` reads the key of a receipt. What is missing or unknown is not judged here.
    """
    place = {value: index for index, value in enumerate(caused)}
    received: dict[str, list[Hashable]] = {}
    for record in records:
        if record.kind is Kind.RECEIVED and record.name == name and (value := key(record)) in place:
            received.setdefault(record.connection, []).append(value)
    for connection, values in received.items():
        expected = sorted(values, key=lambda value: place[value])
        if values != expected:
            yield Finding(
                f"{connection} received `{name}` in another order than it was caused",
                expected=", ".join(map(str, expected)),
                observed=", ".join(map(str, values)),
            )
