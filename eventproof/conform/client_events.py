"""How a case sends an event of a client: with a payload of the contract, where the client may send it."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import zip_longest
from typing import Any

from eventproof.acknowledgement import is_refusal
from eventproof.catalog import Counterexample, Event, System
from eventproof.catalog.arguments import Arguments
from eventproof.catalog.event import CALLBACK
from eventproof.catalog.placeholders import PLACEHOLDER
from eventproof.errors import ContractViolation, Inconclusive
from eventproof.variants import Edge, broken, edges, with_kept

from .asking import GRACE
from .case import Case
from .line import Line
from .performing import begun, perform
from .person import Person

__all__ = ["answer_to_bad", "arguments_of", "broken_of", "enter_rooms", "ready_to_send", "valid_of"]

_IDS = ("Id", "_id", "Ids", "_ids")
"""How the names of fields end that name a thing: one that nobody has is refused for that."""


async def ready_to_send(case: Case, person: Person, event: Event) -> tuple[Line, Any]:
    """A new connection that is where such an event can be sent from, and a payload that is good there.

    What it names is made by the calls before it, or chosen as clients do; whoever has to be in a room for it is.
    Raises Inconclusive where nothing good is known.
    """
    if not event.examples:
        raise Inconclusive(f"no payload of `{event.name}` is known: give one in the document, or under examples")
    channel = event.channels[0]
    line = await person.connect(channel=channel.name, acknowledges=True)
    known = begun(case.system)
    if event.name in {operation.id for operation in case.system.operations}:
        for needed in case.system.before(event.name):
            await perform(case, person, needed, known)
    payload = _with(event, event.examples[0], known)
    await enter_rooms(case, line, set(event.fields(payload)), known, but=event)
    return line, payload


async def enter_rooms(
    case: Case, line: Line, names: set[str], known: Mapping[str, Any], but: Event | None = None
) -> None:
    """Have a line ask for the rooms that these names are in, by every event of a client `but` this one."""
    for asking in case.system.events:
        is_there = asking is not but and line.channel in {channel.address for channel in asking.channels}
        if asking.joins is not None and is_there and names & set(PLACEHOLDER.findall(asking.joins)):
            argument = asking.asking(asking.joins, known, lambda role: case.acting(role).id)
            await line.asks(asking.name, argument, if_acknowledged=True)


def _with(event: Event, example: Any, known: dict[str, Any]) -> Any:
    """The example with what is known of the things that it names."""
    if isinstance(example, dict):
        return {name: known.get(name, value) for name, value in example.items()}
    if event.takes_list and isinstance(example, list):
        return Arguments(_with(event, part, known) if isinstance(part, dict) else part for part in example)
    named = PLACEHOLDER.findall(event.joins or event.leaves or "")
    return known.get(named[0], example) if len(named) == 1 else example


def arguments_of(event: Event, payload: Any) -> tuple[Any, ...]:
    """The arguments that a payload is sent as."""
    if event.takes_list:
        return tuple(payload) if isinstance(payload, list) else (payload,)
    return () if payload is None else (payload,)


async def answer_to_bad(line: Line, event: Event, bad: Any, good: Any) -> tuple[Any, ...] | None:
    """What acknowledges a payload that is to be refused; None where nothing does.

    A good one is sent behind it: once that is acknowledged, or the connection has ended, the first had its time. Where
    an event acknowledges, one answer is the good one's, whichever it is.
    """
    if event.ack is not None and event.ack.by != CALLBACK:
        mark = len(line.received)
        with suppress(ContractViolation):
            await line.say(event.name, *arguments_of(event, bad))
            await line.asks(event.name, *arguments_of(event, good))
        await asyncio.sleep(GRACE)
        answers = [heard.args for heard in line.received[mark:] if heard.name == event.ack.by]
        accepted = [answer for answer in answers if not is_refusal(answer)]
        return accepted[-1] if len(accepted) > 1 else None
    asked = asyncio.ensure_future(line.asks(event.name, *arguments_of(event, bad)))
    with suppress(ContractViolation):
        await line.asks(event.name, *arguments_of(event, good))
    await asyncio.wait({asked}, timeout=GRACE)
    if not asked.done():
        asked.cancel()
    with suppress(ContractViolation, asyncio.CancelledError):
        return await asked
    return None


def broken_of(event: Event, seed: int) -> Sequence[Counterexample]:
    """What breaks one rule of the event's each: of each rule once, then in further ways; the order is the seed's."""
    found: dict[str, list[Counterexample]] = {}
    for case in (*event.counterexamples, *broken(event)):
        found.setdefault(case.rule, []).append(case)
    rules = sorted(found)
    start = seed % len(rules) if rules else 0
    ways = zip_longest(*(found[rule] for rule in (*rules[start:], *rules[:start])))
    return [case for way in ways for case in way if case is not None]


def valid_of(system: System, event: Event, good: Any, seed: int, count: int) -> Sequence[Edge]:
    """Up to so many payloads that its schema takes: those one place away from a good one, then what Hypothesis finds.

    What names a thing, a person or a room stays as it is: that there is none of another name is no fault.
    """
    if not event.fields(good) and (event.joins or event.leaves):
        return ()
    naming = _naming(system, event)

    def kept(name: str) -> bool:
        return name in naming or name.endswith(_IDS)

    found = edges(event, good, kept, seed)[:count]
    if len(found) == count or not found:
        return found
    from .generating import generated  # Hypothesis and Schemathesis are loaded where they are needed

    made = (with_kept(good, payload, kept) for payload in generated(event, seed, count - len(found)))
    known = {repr(good), *(repr(edge.payload) for edge in found)}
    return [*found, *(Edge("", one) for one in made if repr(one) not in known and event.is_valid(one))]


def _naming(system: System, event: Event) -> set[str]:
    """The fields that name what calls make or clients choose, who takes part, and rooms."""
    rooms = [text for known in system.events for text in (*known.audience, *known.possible, known.joins, known.leaves)]
    found = {name for text in rooms if text is not None for name in PLACEHOLDER.findall(text)} | set(system.chosen)
    found |= {name for operation in system.operations if operation.event is None for name in operation.answers}
    return found | {
        name for operation in system.operations if operation.event == event.name for name in operation.people
    }
