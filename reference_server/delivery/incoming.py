"""Incoming: what clients say on the channels that listen. What is wrong with it is answered, and the connection stays.

An event is taken where it is in time, small, JSON, known and fits its contract; then it acknowledges what was sent, or
causes what its system says.
"""

import re
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final

import orjson
import structlog

from eventproof.catalog import Event

from ..conduct import Conduct
from ..refusals import contracts
from ..transport.limits import Limits
from .channels import Channels
from .connections import Connection, Connections
from .courier import Courier
from .emission import Emission

_log = structlog.get_logger("incoming")
_MOST_MARKED: Final = 10_000
_NAME: Final = re.compile(r'\s*\[\s*("(?:[^"\\]|\\.){1,100}")')
"""The name with which an event begins, as far as that can be told without reading on."""
_SECOND: Final = 1.0

INVALID, TOO_MANY, BROKEN = "INVALID_PAYLOAD", "RATE_LIMITED", "INTERNAL_ERROR"


class _Wrong(Exception):
    """An event that is not taken: the code, and a sentence where the code's own is not precise enough."""

    def __init__(self, code: str, sentence: str | None = None) -> None:
        self.code = code
        self.sentence = sentence or contracts().errors[code].sentence
        super().__init__(self.sentence)


class Incoming:
    """Takes events from clients; `clock` gives seconds that never go back."""

    def __init__(
        self,
        channels: Channels,
        connections: Connections,
        courier: Courier,
        conduct: Conduct,
        limits: Limits,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._channels = channels
        self._connections = connections
        self._courier = courier
        self._conduct = conduct
        self._limits = limits
        self.clock = clock
        self._failing: dict[str, None] = {}

    def fail_next(self, user_id: str) -> None:
        """Let the next event that this user's connection sends fail inside the server, to see what becomes of it."""
        if len(self._failing) >= _MOST_MARKED:
            del self._failing[next(iter(self._failing))]
        self._failing[user_id] = None

    async def take(self, connection: Connection, text: str) -> bool:
        """Take one event: its array, the name and the argument, as it came. Gives whether it was taken.

        Raises nothing: what is wrong is told to the connection that sent it, and to no other.
        """
        name: str | None = None
        try:
            name = named(text)
            self._check_pace(connection)
            payload = self._read(text)
            await self._do(connection, name or "", payload)
        except _Wrong as wrong:
            return self._complain(connection, wrong.code, wrong.sentence, name)
        except Exception:
            _log.exception("event-failed", channel=connection.channel, event_name=name)
            return self._complain(connection, BROKEN, contracts().errors[BROKEN].sentence, name)
        return True

    def _check_pace(self, connection: Connection) -> None:
        """At most so many events in any second; those that are refused for it do not count."""
        reader = self._connections.reader(connection)
        if reader is None:
            return
        if reader.recent is None:
            reader.recent = deque(maxlen=self._limits.events_a_second)
        now = self.clock()
        in_time = len(reader.recent) < self._limits.events_a_second or now - reader.recent[0] >= _SECOND
        if not self._conduct.in_time(connection, in_time):
            raise _Wrong(TOO_MANY)
        reader.recent.append(now)

    def _read(self, text: str) -> Any:
        most = self._limits.max_event
        if len(text) > most or len(text.encode(errors="replace")) > most:
            raise _Wrong(INVALID, f"An event may have {most} bytes here: send a smaller one.")
        try:
            event = orjson.loads(text)
        except ValueError:
            raise _Wrong(INVALID, "The event is not valid JSON: send an array of its name and its argument.") from None
        if not isinstance(event, list) or not 1 <= len(event) <= 2 or not isinstance(event[0], str):
            raise _Wrong(INVALID, "An event is an array of its name and at most one argument: send it like that.")
        return event[1] if len(event) == 2 else None

    async def _do(self, connection: Connection, name: str, payload: Any) -> None:
        event = self._channels.heard(connection.channel, name)
        if event is None:
            raise _Wrong(INVALID, "There is no such event: send one that the channel's contract names.")
        if not self._conduct.fits(event, payload):
            raise _Wrong(INVALID, _unfit(event))
        if connection.session.user_id in self._failing:
            del self._failing[connection.session.user_id]
            raise RuntimeError("this event was made to fail")
        await self._conduct.heard(connection, name)
        acknowledged = self._channels.acknowledged_by(connection.channel, name)
        if acknowledged is not None:
            code = await self._courier.acknowledge(connection, acknowledged, payload)
            if code:
                raise _Wrong(code, _UNACKNOWLEDGED.get(code))
        manners = self._channels.manners(connection.channel)
        if name == manners.answer:
            self._courier.answered(connection)
        hears = manners.hears.get(name)
        if hears is not None and self._conduct.obeys(connection, name, payload):
            await hears(connection, payload)

    def _complain(self, connection: Connection, code: str, sentence: str, name: str | None) -> bool:
        complains = self._channels.manners(connection.channel).complains
        told = self._conduct.complaint(connection, code, sentence, name)
        if complains is not None and told is not None:
            connection.link.send(Emission(*complains(*told)))
        return False

    def refuse(self, connection: Connection, name: str | None) -> None:
        """Turn down an event with attachments: no contract of a channel that listens has any."""
        sentence = "No event takes attachments here: send its argument as JSON."
        try:
            self._check_pace(connection)
        except _Wrong as wrong:
            self._complain(connection, wrong.code, wrong.sentence, name)
        else:
            self._complain(connection, INVALID, sentence, name)


_UNACKNOWLEDGED: Final = {
    INVALID: "Nothing that was sent has these ids: send those of the event that you acknowledge.",
    "NOT_AUTHORIZED": "What you acknowledge was sent to somebody else: acknowledge your own events.",
}


def named(text: str) -> str | None:
    """The name of the event, where it can be read: also of one that is cut short, or is not valid otherwise."""
    found = _NAME.match(text)
    if found is None:
        return None
    try:
        name: str = orjson.loads(found[1])
    except ValueError:
        return None
    return name


def _unfit(event: Event) -> str:
    fields = ", ".join(event.schema.get("required", ()))
    wanted = f"an object with {fields}" if fields else "what its contract describes"
    return f"The argument of {event.name} does not fit its contract: send {wanted}."
