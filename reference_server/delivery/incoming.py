"""Incoming: what clients say on the channels that listen. What is wrong with it is answered, and the connection stays.

An event belongs to the system that takes its name on its channel. It is taken where it is in time, small, JSON, known
and fits its contract; then it acknowledges what was sent, or causes what its system says.
"""

import re
import time
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any, Final

import orjson
import structlog

from eventproof.catalog import Event

from ..deadline import in_time
from ..legible import legible
from ..limits import Limits
from ..logs import Seldom
from ..metrics import Metrics
from ..pace import Window
from ..refusals import Refusal
from ..store.sql import FAILURES
from .channels import Channels, SystemOnChannel
from .conduct import Conduct
from .connections import Connection
from .courier import Courier
from .emission import Emission
from .options import refusal_body

_log = structlog.get_logger("incoming")
_MOST_MARKED: Final = 10_000
_NAME: Final = re.compile(r'\s*\[\s*("(?:[^"\\]|\\.){1,100}")')
"""The name with which an event begins, as far as that can be told without reading on."""
_LONGEST_LETTER: Final = 4
"""Bytes, in UTF-8."""
Acknowledgement = list[Any]
"""The arguments of the acknowledgement that the wire has for an event, where its client asks for one."""

INVALID, TOO_MANY, BROKEN = "INVALID_PAYLOAD", "RATE_LIMITED", "INTERNAL_ERROR"


class Incoming:
    """Takes events from clients; `clock` gives seconds that never go back."""

    def __init__(
        self,
        channels: Channels,
        courier: Courier,
        metrics: Metrics,
        conduct: Conduct,
        limits: Limits,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._channels = channels
        self._courier = courier
        self._metrics = metrics
        self._conduct = conduct
        self._limits_of = cache(limits.of)
        self._seconds = limits.call_timeout
        self.clock = clock
        self._store_failed = Seldom(_log.error)
        self._failing: dict[str, None] = {}

    def fail_next(self, user_id: str) -> None:
        """Let the next event that this user's connection sends fail inside the server, to see what becomes of it."""
        if len(self._failing) >= _MOST_MARKED:
            del self._failing[next(iter(self._failing))]
        self._failing[user_id] = None

    async def take(self, connection: Connection, text: str) -> Acknowledgement | None:
        """Take one event: its array, the name and the argument, as it came.

        Gives the acknowledgement that it has earned; None where it was answered by an event instead. Raises nothing:
        what is wrong is told to the connection that sent it, and to no other.
        """
        name = named(text)
        event = self._channels.taken(connection.channel, name) if name else None
        served = self._owner(connection, event)
        try:
            self._check_pace(connection, served)
            payload = self._read(text, served)
            if event is None:
                raise Refusal(INVALID, "There is no such event: send one that the channel's contract names.")
            answer = await in_time(self._seconds, self._do(connection, served, event, payload))
        except Refusal as refusal:
            known = refusal if refusal.code != "unavailable" else Refusal(BROKEN, refusal.sentence)
            return self._refuse(connection, served, known, name)
        except FAILURES as failure:
            self._store_failed("store-failed", channel=connection.channel, error=str(failure))
            return self._refuse(connection, served, Refusal(BROKEN), name)
        except Exception:
            _log.exception("event-failed", channel=connection.channel, event_name=name)
            return self._refuse(connection, served, Refusal(BROKEN), name)
        return [] if answer is None else [answer]

    def _owner(self, connection: Connection, event: Event | None) -> SystemOnChannel:
        """The system whose event this is; for what is none's, the first that complains by an event."""
        listening = self._channels.listening(connection.channel)
        for served in listening:
            if served.system == event.system if event is not None else served.options.complaint:
                return served
        return listening[0]

    def _check_pace(self, connection: Connection, served: SystemOnChannel) -> None:
        """At most so many events in any second; those that are refused for it do not count."""
        most = self._limits_of(served.system).events_a_second
        window = connection.paces.get(served.system)
        if window is None:
            window = connection.paces[served.system] = Window(most)
        now = self.clock()
        if not self._conduct.in_time(connection, window.has_room(now)):
            raise Refusal(TOO_MANY, f"More than {most} events came within a second: wait a second, then go on.")
        window.take(now)

    def _read(self, text: str, served: SystemOnChannel) -> Any:
        most = self._limits_of(served.system).max_event
        if len(text) * _LONGEST_LETTER > most and len(text.encode(errors="replace")) > most:
            raise Refusal(INVALID, f"An event may have {most} bytes here: send a smaller one.")
        try:
            event = orjson.loads(text)
        except ValueError:
            raise Refusal(INVALID, "The event is not valid JSON: send an array of its name and its argument.") from None
        if not isinstance(event, list) or not 1 <= len(event) <= 2 or not isinstance(event[0], str):
            raise Refusal(INVALID, "An event is an array of its name and at most one argument: send it like that.")
        return event[1] if len(event) == 2 else None

    async def _do(self, connection: Connection, served: SystemOnChannel, event: Event, payload: Any) -> Any:
        name = event.name
        if not self._conduct.fits(event, payload):
            raise Refusal(INVALID, _unfit(event))
        if connection.session.user_id in self._failing:
            del self._failing[connection.session.user_id]
            raise RuntimeError("this event was made to fail")
        await self._conduct.heard(connection, name)
        acknowledged = self._channels.acknowledged_by(connection.channel, name)
        if acknowledged is not None:
            code = await self._courier.acknowledge(connection, acknowledged, payload)
            if code:
                raise Refusal(code, _UNACKNOWLEDGED.get(code))
        if served.channel.heartbeat and name == served.channel.heartbeat.answer:
            self._courier.heartbeat_answered(connection)
        handler = served.options.handlers.get(name)
        if handler is None or not self._conduct.obeys(connection, name, payload):
            return None
        return await handler(connection, payload)

    def _refuse(
        self, connection: Connection, served: SystemOnChannel, refusal: Refusal, name: str | None
    ) -> Acknowledgement | None:
        told = self._conduct.complaint(connection, refusal.code, refusal.sentence, name)
        if told is None:
            return None
        code, sentence, name = told
        code = served.options.codes.get(code, code)
        self._metrics.refused(connection.channel, code)
        if served.options.complaint is None:
            return [refusal_body(code, sentence)]
        connection.link.send(Emission(*served.options.complaint(code, sentence, name)))
        return None

    def refuse(self, connection: Connection, name: str | None) -> Acknowledgement | None:
        """Turn down an event with attachments: no contract of a channel that listens has any."""
        served = self._owner(connection, self._channels.taken(connection.channel, name) if name else None)
        try:
            self._check_pace(connection, served)
            raise Refusal(INVALID, "No event takes attachments here: send its argument as JSON.")
        except Refusal as refusal:
            return self._refuse(connection, served, refusal, name)


_UNACKNOWLEDGED: Final = {
    INVALID: "Nothing that was sent has these ids: send those of the event that you acknowledge.",
    "NOT_AUTHORIZED": "What you acknowledge was sent to somebody else: acknowledge your own events.",
}


def named(text: str) -> str | None:
    """The name of the event, where people can read it: also of one that is cut short, or is not valid otherwise."""
    found = _NAME.match(text)
    return None if found is None else _read_name(found[1])


@lru_cache(1024)
def _read_name(written: str) -> str | None:
    """Most clients say the same few, again and again."""
    try:
        name: str = orjson.loads(written)
    except ValueError:
        return None
    return name if legible(name) == name else None


def _unfit(event: Event) -> str:
    fields = ", ".join(event.schema.get("required", ()))
    wanted = f"an object with {fields}" if fields else "what its contract describes"
    return f"The argument of {event.name} does not fit its contract: send {wanted}."
