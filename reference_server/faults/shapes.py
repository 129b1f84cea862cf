# ruff: noqa: ARG002 - a question is answered with the arguments that it comes with
"""The shapes that most faults have: an event left out, altered or told to others, a limit moved, a reply altered."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any

import orjson

from eventproof.catalog import Event

from ..delivery.conduct import Conduct, Thing
from ..delivery.connections import Connection, Connections
from ..delivery.entry import Entry
from ..delivery.message import Message
from ..limits import Limits
from ..refusals import Refusal

Data = dict[str, Any]
Made = Callable[[], Conduct]
"""Makes the conduct of one server."""
Field = Callable[[Data], Any]
"""What stands in a field, made of the right data; None where the field is left out."""
Complaint = tuple[str, str, str | None]
"""What a client is told of its event: a code, a sentence, the event's name."""
Choice = Callable[[list[Connection], Connections], list[Connection]]
"""Who is told: of those who are to be, and of everyone."""


def _anyhow(_: Data) -> bool:
    return True


def unsent(name: str, where: Callable[[Data], bool] = _anyhow) -> Made:
    """An event is not sent, nor kept, where this holds for its data."""
    return lambda: _Outgoing(name, lambda message: () if where(message.payload["data"]) else (message,))


def saying(name: str, *, where: Callable[[Data], bool] = _anyhow, **fields: Field) -> Made:
    """An event says something else in some fields of its data."""

    def alter(message: Message) -> Iterable[Message]:
        payload = message.payload
        if where(payload["data"]):
            payload = payload | {"data": _altered(payload["data"], fields)}
        return (replace(message, payload=payload),)

    return lambda: _Outgoing(name, alter)


def wrapped(name: str, **fields: Field) -> Made:
    """An event says something else in some fields of its envelope."""
    return lambda: _Outgoing(name, lambda message: (replace(message, payload=_altered(message.payload, fields)),))


def sent_after(name: str, later: str) -> Made:
    """An event goes out behind the one that comes later."""
    return lambda: _SentAfter(name, later)


def told_to(name: str, choose: Choice) -> Made:
    """An event goes to others than it should."""
    return lambda: _ToldTo(name, choose)


def unlike_before(name: str, **fields: Field) -> Made:
    """An event that is sent again says something else in some fields of its data."""
    return lambda: _UnlikeBefore(name, fields)


def limited(**limits: float) -> Made:
    """Limits of the server are others than its settings say."""
    return lambda: _Limited(limits)


def complaining(alter: Callable[[str, str, str | None], Complaint]) -> Made:
    """A client is told something else of its event: a code, a sentence, the event's name."""
    return lambda: _Complaining(alter)


def refused_with(codes: Mapping[str, str]) -> Made:
    """Connections are refused with other codes."""
    return lambda: _RefusedWith(codes)


def acknowledged_by(name: str, codes: Mapping[str | None, str | None]) -> Made:
    """The acknowledgement of this name is judged otherwise, by the code that is right."""
    return lambda: _Acknowledged(name, codes)


def found_as(call: str, kind: type[Any], found: StrEnum, instead: StrEnum) -> Made:
    """A call finds a thing that is in one state as if it were in another one."""
    return lambda: _FoundAs(call, kind, found, instead)


def _altered(right: Data, fields: Mapping[str, Field]) -> Data:
    altered = right | {name: field(right) for name, field in fields.items()}
    return {name: value for name, value in altered.items() if name not in fields or value is not None}


class _FoundAs(Conduct):
    def __init__(self, call: str, kind: type[Any], found: StrEnum, instead: StrEnum) -> None:
        self._call, self._kind, self._found, self._instead = call, kind, found, instead

    def acted_upon(self, operation: str, thing: Thing) -> Thing:
        if operation == self._call and isinstance(thing, self._kind) and thing.status is self._found:
            return replace(thing, status=self._instead)
        return thing


class _Outgoing(Conduct):
    def __init__(self, name: str, change: Callable[[Message], Iterable[Message]]) -> None:
        self._name, self._change = name, change

    def outgoing(self, message: Message) -> Iterable[Message]:
        return self._change(message) if message.name == self._name else (message,)


class _SentAfter(Conduct):
    def __init__(self, name: str, later: str) -> None:
        self._name, self._later = name, later
        self._held: tuple[Message, ...] = ()

    def outgoing(self, message: Message) -> Iterable[Message]:
        if message.name == self._name:
            self._held = (message,)
            return ()
        held = self._held if message.name == self._later else ()
        return (message, *held)


class _ToldTo(Conduct):
    def __init__(self, name: str, choose: Choice) -> None:
        self._name, self._choose = name, choose

    def recipients(self, entry: Entry, right: list[Connection], everyone: Connections) -> list[Connection]:
        return self._choose(right, everyone) if entry.name == self._name else right


class _UnlikeBefore(Conduct):
    def __init__(self, name: str, fields: Mapping[str, Field]) -> None:
        self._name, self._fields = name, fields

    def retried(self, entry: Entry) -> Entry:
        if entry.name != self._name:
            return entry
        payload = orjson.loads(entry.text)
        return replace(entry, text=orjson.dumps(payload | {"data": _altered(payload["data"], self._fields)}).decode())


class _Limited(Conduct):
    def __init__(self, limits: Mapping[str, float]) -> None:
        self._limits: Mapping[str, Any] = limits

    def limits(self, limits: Limits) -> Limits:
        return replace(limits, **self._limits)


class _Complaining(Conduct):
    def __init__(self, alter: Callable[[str, str, str | None], Complaint]) -> None:
        self._alter = alter

    def complaint(self, connection: Connection, code: str, sentence: str, original: str | None) -> Complaint:
        return self._alter(code, sentence, original)


class _RefusedWith(Conduct):
    def __init__(self, codes: Mapping[str, str]) -> None:
        self._codes = codes

    def channel_refusal(self, channel: str, refusal: Refusal) -> Refusal:
        return Refusal(self._codes.get(refusal.code, refusal.code), refusal.sentence)


class _Acknowledged(Conduct):
    def __init__(self, name: str, codes: Mapping[str | None, str | None]) -> None:
        self._name, self._codes = name, codes

    def acknowledged(
        self, code: str | None, connection: Connection, event: Event, payload: Mapping[str, Any]
    ) -> str | None:
        return self._codes.get(code, code) if event.ack and event.ack.by == self._name else code
