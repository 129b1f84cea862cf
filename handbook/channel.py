"""The section of one channel: how it is reached, what is told there first, and what keeps it open."""

from collections.abc import Iterator
from typing import Final

from eventproof.catalog import Channel, Direction, System, Wire

from .audience import role_in_words
from .links import Links
from .markdown import anchor, anchored, code, compact, facts, listed

__all__ = ["section"]

_WIRES: Final = {
    Wire.SOCKET_IO: "Socket.IO: the address is a namespace, an event is its name and one argument",
    Wire.SSE: "Server-Sent Events: the address is the path of the stream, `data:` is the argument as JSON",
    Wire.WEBSOCKET: "native WebSocket: the address is a path, an event is one text message",
}
_NAMES: Final = {
    Wire.SOCKET_IO: "",
    Wire.SSE: "in the field `event:` of the stream",
    Wire.WEBSOCKET: 'in the message: `{"event": name, "data": argument}`',
}


def section(channel: Channel, system: System, links: Links) -> str:
    """The whole section."""
    entry = system.asyncapi["channels"][channel.name]
    heading = entry.get("title", channel.name)
    parts = [
        anchored(3, anchor("channel", channel.name), heading),
        links.prose(str(entry.get("description", "")), system).strip(),
        facts(_facts(channel, system, links)),
    ]
    return "\n\n".join(part for part in parts if part)


def _facts(channel: Channel, system: System, links: Links) -> Iterator[tuple[str, str]]:
    entry = system.asyncapi["channels"][channel.name]
    yield "Wire", _WIRES[channel.wire]
    yield "Address", code(channel.address)
    for name, described in entry.get("parameters", {}).items():
        yield f"{code(f'{{{name}}}')} in it", links.prose(described["description"], system)
    yield "For", listed(map(role_in_words, channel.roles), "or")
    if channel.wire is Wire.SOCKET_IO:
        yield "CONNECT carries", f"{compact(dict(channel.auth))}, `{{token}}` being the token of the session"
    yield "Refused with", _refusals(channel, links)
    yield "A client may send", _limits(channel)
    yield "An event's name", f"in its argument, at {code(channel.name_at)}" if channel.name_at else _NAMES[channel.wire]
    if channel.envelope:
        yield "What an event says", f"at {code(channel.envelope)} of its argument; around it stands when it was sent"
    if channel.greeting:
        yield "First event", links.named(system, channel.greeting)
    if channel.opening:
        argument = "" if channel.opening.argument is None else f" with {compact(channel.opening.argument)}"
        yield "Every client first sends", f"{links.named(system, channel.opening.event)}{argument}"
    yield "Heartbeat", _heartbeat(channel, system, links)
    yield "Rooms", _rooms(channel, system, links)
    for direction, who in ((Direction.SEND, "The server sends"), (Direction.RECEIVE, "Clients send")):
        found = [event for event in system.events if channel in event.channels and event.direction is direction]
        yield who, listed(map(links.event, found))


def _refusals(channel: Channel, links: Links) -> str:
    others = "any other bad token" if len(channel.refused_with) > 1 else "every bad token"
    return listed(
        f"{links.error(refusal)} for {others if token == 'otherwise' else f'a token that is {token}'}"
        for token, refusal in channel.refused_with.items()
    )


def _limits(channel: Channel) -> str:
    pace, size = channel.limits.events_a_second, channel.limits.event_bytes
    return listed(
        [
            *([f"{pace} events a second on one connection"] if pace else []),
            *([f"{size} bytes in an event, its name and its argument in JSON"] if size else []),
        ]
    )


def _heartbeat(channel: Channel, system: System, links: Links) -> str:
    if channel.heartbeat is None:
        return "that of the wire" if channel.wire is not Wire.SSE else ""
    asked = f"the server sends {links.named(system, channel.heartbeat.event)}"
    answer = channel.heartbeat.answer
    return f"{asked}, the client answers {links.named(system, answer)}" if answer else asked


def _rooms(channel: Channel, system: System, links: Links) -> str:
    """The rooms that its connections come to be in, beside those of their user and their role."""
    told = [f"{code(_shown(channel.room))} as long as it is open"] if channel.room else []
    for event in system.events:
        if channel not in event.channels:
            continue
        told += [f"{code(_shown(event.joins))} after {links.event(event)}"] if event.joins else []
        told += [f"no longer {code(_shown(event.leaves))} after {links.event(event)}"] if event.leaves else []
    return "; ".join(["those of the connection's user and role", *told]) if told else ""


def _shown(room: str) -> str:
    return room.removeprefix("room:")
