"""What a mock says and to whom: to everybody on a channel, to those in a room, in answer to what a client sent.

It decides and sends nothing. Clients hear what their contract has for them as far as a mock knows who they are: it
knows the rooms that they joined and the parameters of the address that they connected to, and not which user they are.
So what is for a user, or for a role, everybody hears.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from eventproof import samples
from eventproof.catalog import Channel, Direction, Event, Problem, System, Wire, told
from eventproof.catalog.event import CALLBACK
from eventproof.catalog.placeholders import PLACEHOLDER
from eventproof.catalog.pointer import at
from eventproof.client.message import UNNAMED
from eventproof.settings import nearest

from . import payloads

__all__ = ["Cause", "Heard", "Hearer", "Room", "Script", "in_a_line"]

Json = Any
_CONNECTION: Final = "connection"
_MOST_ROOMS: Final = 100
"""A client in so many rooms leaves the one that it joined first."""
_TOLD: Final = 3
"""So many reasons why something is wrong are told."""


@dataclass(frozen=True, slots=True)
class Room:
    """One that a client joined: the `joins` of a contract, and the values in it."""

    template: str
    values: Mapping[str, Json]


@dataclass(slots=True, eq=False)
class Hearer:
    """One client on one channel, as far as it matters for what it hears."""

    channel: Channel
    parameters: Mapping[str, str] = field(default_factory=dict)
    rooms: dict[str, Room] = field(default_factory=dict)
    """By name, in the order in which it joined them."""

    def follow(self, heard: "Heard") -> None:
        """Join and leave what it asked for."""
        self.rooms.pop(heard.leaves or "", None)
        if heard.joins is not None:
            name, room = heard.joins
            self.rooms.pop(name, None)
            self.rooms[name] = room
            if len(self.rooms) > _MOST_ROOMS:
                del self.rooms[next(iter(self.rooms))]


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something is told: a client's event of this name (empty: somebody wants it told), and what is known of it."""

    trigger: str = ""
    by: Hearer | None = None
    known: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Heard:
    """What comes of one event of a client."""

    wrong: str = ""
    """Why its contract refuses it; empty: it does not."""
    arguments: tuple[Json, ...] | None = None
    """Those of its acknowledgement by callback; None: there is none."""
    reply: tuple[Event, Json] | None = None
    """The event that acknowledges it, for its sender alone."""
    caused: tuple[Event, ...] = ()
    known: Mapping[str, Json] = field(default_factory=dict)
    joins: tuple[str, Room] | None = None
    leaves: str | None = None


class Script:
    """That of one system. Where something is made up, the same `seed` makes up the same."""

    def __init__(self, system: System) -> None:
        self.system = system
        sent = [event for event in system.events if event.direction is Direction.SEND]
        self.taken = tuple(event for event in system.events if event.direction is Direction.RECEIVE)
        """What clients may send."""
        self.unsayable = tuple(event for event in sent if not payloads.sayable(event))
        """What no payload could be made up for."""
        self._sent = tuple(event for event in sent if event not in self.unsayable)
        self._joinable = frozenset(event.joins for event in system.events if event.joins)
        greetings = {channel.greeting for channel in system.channels}
        replies = {event.ack.by for event in self.taken if event.ack}
        self.unasked = tuple(event for event in self._sent if event.name not in greetings | replies)
        """What is told on a schedule: neither the first word on a connection nor an answer."""

    def called(self, name: str) -> tuple[Event, ...]:
        """The events of that name that the server sends; `CHANNEL/NAME` is that of one channel."""
        return tuple(
            event
            for event in self.system.events
            if event.direction is Direction.SEND
            and (name == event.name or name in (f"{channel.name}/{event.name}" for channel in event.channels))
        )

    def caused_by(self, call: str) -> tuple[Event, ...]:
        """What follows from a call."""
        return tuple(event for event in self._sent if call in event.certain)

    def greeting(self, channel: Channel) -> Event | None:
        """The first event of every connection to a channel."""
        found = (event for event in self._sent if event.name == channel.greeting and channel in event.channels)
        return next(found, None)

    def knows(self, event: Event, hearer: Hearer, cause: Cause) -> Mapping[str, Json] | None:
        """What an event is to be about where this client hears it; None: it is not for this client."""
        if hearer.channel not in event.channels or (event.spares and hearer is cause.by):
            return None
        known = {**cause.known, **hearer.parameters}
        if any(str(cause.known.get(name, value)) != value for name, value in hearer.parameters.items()):
            return None
        terms = event.audiences.get(cause.trigger, event.audience)
        if hearer is cause.by and _CONNECTION in terms:
            return known
        rooms = [term for term in terms if term in self._joinable]
        if cause.by is None and not cause.known and rooms:
            joined = [room for room in hearer.rooms.values() if room.template in rooms]
            if joined:
                return {**joined[-1].values, **known}
        elif any(told(term, cause.known) in hearer.rooms for term in rooms):
            return known
        others = [term for term in terms if term not in rooms and (term != _CONNECTION or cause.by is None)]
        return known if others or not terms else None

    def heard(self, channel: Channel, name: str, payload: Json, seed: int) -> Heard:
        """What comes of an event that a client sent on a channel."""
        event = self.system.event(channel.address, Direction.RECEIVE, name)
        if event is None:
            return Heard(self._unknown(channel, name))
        ack = event.ack if event.ack is not None and event.ack.by == CALLBACK else None
        if not event.is_valid(payload):
            wrong = in_a_line(event.explain(payload))
            return Heard(wrong, payloads.acknowledgement(ack, seed, wrong=wrong) if ack else None)
        arguments = payloads.acknowledgement(ack, seed) if ack else None
        reply = self._reply(event, channel, payload, seed)
        known = {**_fields(event, payload), **_answered(arguments)}
        caused = (other for other in self._sent if event.name in other.certain and (not reply or other is not reply[0]))
        return Heard(
            arguments=arguments,
            reply=reply,
            caused=tuple(caused),
            known=known,
            joins=_room(event, event.joins, payload),
            leaves=left[0] if (left := _room(event, event.leaves, payload)) else None,
        )

    def _unknown(self, channel: Channel, name: str) -> str:
        """What is wrong with an event that no client may send there."""
        taken = [event.name for event in self.taken if channel in event.channels]
        known = f"clients send {', '.join(taken) or 'nothing'} there"
        if name == UNNAMED and channel.wire is Wire.WEBSOCKET:
            place = f"at {channel.name_at}" if channel.name_at else "in its event"
            return f"it is no JSON with a name {place}; {known}"
        return f"there is no such event{nearest(name, taken)}; {known}"

    def _reply(self, event: Event, channel: Channel, payload: Json, seed: int) -> tuple[Event, Json] | None:
        ack = event.ack
        if ack is None or ack.by == CALLBACK:
            return None
        answer = next((other for other in self._sent if other.name == ack.by and channel in other.channels), None)
        if answer is None:
            return None
        matched = {name: at(payload, place) for name, place in ack.match.items()}
        known = {**_fields(event, payload), **matched, **ack.constants}
        return answer, payloads.fitted(answer, samples.sample(answer, seed), known)


def _fields(event: Event, payload: Json) -> dict[str, Json]:
    """What the payload says by name; an argument that is no object stands for the room that it asks for."""
    fields = dict(event.fields(payload))
    names = PLACEHOLDER.findall(f"{event.joins or ''}{event.leaves or ''}")
    return fields or (dict.fromkeys(names, payload) if isinstance(payload, str | int) else {})


def _answered(arguments: tuple[Json, ...] | None) -> dict[str, Json]:
    """What an acknowledgement says by name, such as the id of what was made."""
    return {name: value for part in arguments or () if isinstance(part, Mapping) for name, value in part.items()}


def _room(event: Event, template: str | None, payload: Json) -> tuple[str, Room] | None:
    if template is None:
        return None
    fields = _fields(event, payload)
    name = told(template, fields)
    values = {key: fields[key] for key in PLACEHOLDER.findall(template) if key in fields}
    return (name, Room(template, values)) if isinstance(name, str) else None


def in_a_line(problems: Sequence[Problem]) -> str:
    """Why a payload does not fit."""
    reasons = [f"at {each.path or '/'} expected {each.expected}, found {each.observed}" for each in problems[:_TOLD]]
    return "; ".join([*reasons, *([f"and {len(problems) - _TOLD} more"] if len(problems) > _TOLD else [])])
