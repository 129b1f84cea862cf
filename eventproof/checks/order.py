"""Did the events of one key arrive in the order in which they were caused?"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations, pairwise

from eventproof.history import Kind, Record

from .content import content
from .contract import Known
from .finding import Finding
from .story import Caused, Presence, Story

Step = Callable[[Record], int | None]
"""How far along its key the cause of a receipt is; None where that is unknown, and the receipt not judged."""


def misordered(story: Story, name: str | None = None) -> Iterator[Finding]:
    """What came before something of the same key (the contract's `x-order-by`) that was caused earlier.

    Of two calls the earlier one was answered before the other was made. Only the first cause of each event of a key
    counts, and its first receipt, on a connection that was there before: on any other it may have been sent again. With
    `name`, only what came before or after that event is judged.
    """
    receipts = _first_receipts(story)
    causes: dict[tuple[str, str], dict[str, Caused]] = {}
    for caused in story.caused():
        for channel in caused.effect.event.channels if caused.effect.key is not None else ():
            causes.setdefault((channel.address, str(caused.effect.key)), {}).setdefault(
                caused.effect.event.name, caused
            )
    for (channel_address, key), firsts in causes.items():
        for (before, earlier), (after, later) in combinations(firsts.items(), 2):
            if name not in (None, before, after) or not _is_before(earlier, later):
                continue
            for line in story.lines:
                if line.channel == channel_address and line.lasts(earlier.call.place):
                    yield from _swapped(line, key, (before, after), receipts)


def _is_before(earlier: Caused, later: Caused) -> bool:
    answer = earlier.call.answer
    is_known = earlier.call.is_accepted and later.call.is_accepted
    return is_known and answer is not None and answer.at < later.call.record.at


def _first_receipts(story: Story) -> Mapping[tuple[str, str, str], tuple[int, Record]]:
    """The first receipt of each event of each key on each connection, with its place."""
    found: dict[tuple[str, str, str], tuple[int, Record]] = {}
    for place, record, event in story.received:
        key = event.key(record.payload)
        if key is not None:
            found.setdefault((record.connection, record.name, str(key)), (place, record))
    return found


def _swapped(
    line: Presence, key: str, names: tuple[str, str], receipts: Mapping[tuple[str, str, str], tuple[int, Record]]
) -> Iterator[Finding]:
    before, after = (receipts.get((line.connection, name, key)) for name in names)
    if before is not None and after is not None and after[0] < before[0]:
        yield Finding(
            f"{line.connection} received `{names[1]}` of {key} before `{names[0]}`, whose cause is earlier",
            expected=f"`{names[0]}`, then `{names[1]}`",
            observed=f"`{names[1]}`, then `{names[0]}`",
            record=after[1],
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
        if event is None or key is None:
            continue
        said = content(event, record.payload)
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
