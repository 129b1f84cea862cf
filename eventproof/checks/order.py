"""Did the events of one key arrive in the order in which they were caused?"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from eventproof.history import Kind, Record

from .content import content
from .contract import Known
from .finding import Finding

Step = Callable[[Record], int | None]
"""How far along its key the cause of a receipt is; None where that is unknown, and the receipt not judged."""


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


def one_order(heard: Mapping[str, Sequence[Hashable]]) -> Iterator[Finding]:
    """The connections that were told of the same things in another order than the first one.

    `heard` is what came on each connection, in the order in which it came, each thing once; what one of two lacks is
    not judged here.
    """
    (first, order), *others = heard.items()
    place = {thing: index for index, thing in enumerate(order)}
    for connection, things in others:
        known = [thing for thing in things if thing in place]
        for before, after in pairwise(known):
            if place[before] > place[after]:
                yield Finding(
                    f"{connection} and {first} were told of two changes in different orders",
                    expected=f"as on {first}: {after}, then {before}",
                    observed=f"on {connection}: {before}, then {after}",
                )
                break


def out_of_order(records: Iterable[Record], known: Known, step: Step) -> Iterator[Finding]:
    """What came after something of the same key (the contract's `x-order-by`) that was caused later.

    `step` numbers the causes of one key in their order (the statuses that a claim goes through, say): on each
    connection the numbers of one key never fall. Events of one cause may come in any order. A retry is no news and is
    skipped: what the connection has heard, or what its actor had heard before it was opened.
    """
    heard_by_actor: dict[str, set[tuple[str, str]]] = {}
    heard: dict[str, set[tuple[str, str]]] = {}
    latest: dict[tuple[str, str, Hashable], tuple[int, Record]] = {}
    for record in records:
        if record.kind is Kind.OPENED:
            heard[record.connection] = set(heard_by_actor.get(record.actor, ()))
        event = known.get((record.channel, record.name)) if record.kind is Kind.RECEIVED else None
        key = event.key(record.payload) if event else None
        if key is None:
            continue
        said = content(record)
        news = said not in heard.setdefault(record.connection, set())
        heard[record.connection].add(said)
        heard_by_actor.setdefault(record.actor, set()).add(said)
        number = step(record) if news else None
        if number is None:
            continue
        place = (record.connection, record.channel, key)
        before = latest.get(place)
        if before is None or number >= before[0]:
            latest[place] = (number, record)
        else:
            yield Finding(
                f"{record.connection} received `{record.name}` of {key} after `{before[1].name}`, whose cause is later",
                expected=f"`{record.name}`, then `{before[1].name}`",
                observed=f"`{before[1].name}`, then `{record.name}`",
                record=record,
            )
