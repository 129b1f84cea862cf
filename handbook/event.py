"""The section of one event: who sends it, who hears of it and why, what it says."""

from collections.abc import Iterator

from eventproof.catalog import Direction, Event, System

from . import acknowledgement, audience
from .fields import fields, fields_table, name_at
from .links import Links, contract_of, event_anchors
from .markdown import anchored, bullets, code, escaped, facts, folded, json_block, listed, table

__all__ = ["overview", "section"]


def overview(system: System, links: Links) -> str:
    """All events of a system in a table."""
    return table(
        ("Event", "Sent by", "What it says", "Caused by"),
        (
            (links.event(event), _sender(event), links.prose(event.summary, system), _causes(event, system, links))
            for event in system.events
        ),
    )


def section(event: Event, system: System, links: Links) -> str:
    """The whole section."""
    rows = fields(event.schema, event.schema)
    is_silent = event.schema.get("type") == "null"
    description = str(event.schema.get("description", "")).strip()
    parts = [
        anchored(3, event_anchors(system)[event], code(event.name)),
        links.prose(event.summary, system),
        links.prose(description, system) if description != event.summary else "",
        facts(_facts(event, system, links)),
        "It has no argument." if is_silent else fields_table(rows),
        _further(event),
        _rules(event),
        *(() if is_silent else _examples(event)),
    ]
    return "\n\n".join(part for part in parts if part)


def _facts(event: Event, system: System, links: Links) -> Iterator[tuple[str, str]]:
    yield "Sent by", _sender(event)
    yield "On", listed(links.channel(system.name, channel) for channel in event.channels)
    if event.direction is Direction.SEND:
        yield "Received by", audience.in_words(event, system, links)
    yield "Caused by", _causes(event, system, links)
    yield "Acknowledges", acknowledgement.acknowledged_in_words(event, system, links)
    yield "Puts its connection in the room", code(event.joins) if event.joins else ""
    yield "Takes its connection out of the room", code(event.leaves) if event.leaves else ""
    if event.direction is Direction.SEND:
        yield "Acknowledged", acknowledgement.in_words(event.ack, system, links) if event.ack else "not at all"
        yield "Order", _order(event)
        yield (
            "Tied to its cause by",
            code(name_at(event.correlate)) if event.correlate else "its recipient and its name",
        )
    yield "Required by", listed(links.requirement(line) for line in _requirements(event, system))
    yield "Schema", f"[{event.schema_path.name}]({contract_of(system)}/events/{event.schema_path.name})"


def _sender(event: Event) -> str:
    return "server" if event.direction is Direction.SEND else "client"


def _causes(event: Event, system: System, links: Links) -> str:
    told = []
    if event.certain:
        told.append(listed(links.call(system.name, trigger) for trigger in event.certain))
    if event.at_times:
        now_and_then = listed(links.call(system.name, name) for name in event.triggers if name in event.at_times)
        told.append(f"now and then {now_and_then}")
    for channel in event.channels:
        if channel.greeting == event.name:
            told.append(f"a new connection of {links.channel(system.name, channel)}")
        if channel.opening and channel.opening.event == event.name:
            told.append(f"a new connection of {links.channel(system.name, channel)}")
        if channel.heartbeat and channel.heartbeat.event == event.name:
            told.append("the heartbeat")
        if channel.heartbeat and channel.heartbeat.answer == event.name:
            told.append(f"the heartbeat: it answers {links.named(system, channel.heartbeat.event)}")
    acknowledged = acknowledgement.acknowledged_in_words(event, system, links)
    if acknowledged:
        told.append(f"the arrival of {acknowledged}")
    return "; ".join(told) or ("no call for certain" if event.direction is Direction.SEND else "the client's own wish")


def _order(event: Event) -> str:
    if event.order_by is None:
        return "none is promised"
    return f"in that of its causes, among all events of the same {code(name_at(event.order_by))}"


def _requirements(event: Event, system: System) -> Iterator[str]:
    for line in system.requirements:
        if any(part.is_of_event and part.about == event.name for part in line.includes):
            yield line.id


def _further(event: Event) -> str:
    is_object = event.schema.get("type", "object") == "object"
    is_open = is_object and event.schema.get("additionalProperties", True) is not False
    return "It may have further fields." if is_open else ""


def _rules(event: Event) -> str:
    """What the table cannot hold: the rules that the contract gives counterexamples for."""
    rules = list(dict.fromkeys(case.breaks for case in event.counterexamples))
    return f"What no table of fields says:\n\n{bullets(map(escaped, rules))}" if rules else ""


def _examples(event: Event) -> Iterator[str]:
    first, *others = event.examples
    yield json_block(first)
    if others:
        count = "one more example" if len(others) == 1 else f"{len(others)} more examples"
        yield folded(count.capitalize(), "\n\n".join(map(json_block, others)))
