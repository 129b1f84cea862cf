"""The native WebSocket channel: one text message an event, and nothing is listened to."""

from collections.abc import Callable
from functools import partial
from typing import Final

import orjson
import structlog

from ..alarms import Alarm
from ..delivery.connections import Connection
from ..delivery.emission import Emission
from ..reasons import Reason
from ..services import Services
from .allowance import Allowance, Kind, TooMuch
from .frames import TEXT, Message, frame
from .websocket import Pipe

_log = structlog.get_logger("native")
_PATIENCE: Final = 0.5
"""The part of its interval within which a heartbeat has to be answered."""


class WebSocketLink:
    """A connection's native WebSocket; a client that gives no sign of life when it is asked for one is let go.

    An event is `{"event", "data"}`, or the argument alone where that names its event itself.
    """

    __slots__ = (
        "_allowance",
        "_connection",
        "_frame",
        "_interval",
        "_kind",
        "_pipe",
        "_services",
        "_timer",
        "refused_with",
    )

    transport = "websocket"

    def __init__(self, services: Services, allowance: Allowance, *, named_inside: bool = False) -> None:
        self._services = services
        self._allowance = allowance
        self._interval = allowance.limits.ping_interval
        self._kind, self._frame = ("websocket-bare", _bare) if named_inside else ("websocket", _framed)
        self._pipe: Pipe | None = None
        self._connection: Connection | None = None
        self._timer: Alarm | None = None
        self.refused_with: int | None = None
        """The close code of what its client said and may not; None where that did not end it."""

    def open(self, pipe: Pipe, connection: Connection) -> None:
        """It has been let in, and its handshake answered."""
        self._pipe, self._connection = pipe, connection
        pipe.listener = self
        self._after(1.0, self._beat)

    # What the connection asks for.

    def send(self, emission: Emission) -> None:
        """Send one event."""
        if self._pipe is not None:
            self._pipe.write(emission.framed(self._kind, self._frame))

    def close(self, reason: Reason) -> None:
        """Close behind what was sent."""
        if self._pipe is not None:
            self._pipe.close(reason)

    # What the WebSocket tells.

    def heard(self, message: Message) -> None:
        """A message is passed over, unless it ends the connection. Raises TooMuch."""
        self._allowance.says(Kind.PACKET, len(message))
        if self._connection and self._services.conduct.refuses_message(self._connection, isinstance(message, bytes)):
            self.close(Reason.UNACCEPTABLE)

    def failed(self, failure: BaseException) -> None:
        """The client says too much, or the fault is ours."""
        if isinstance(failure, TooMuch):
            self.close(Reason.TOO_MUCH)
            return
        _log.error("connection-failed", exc_info=failure)
        self.close(Reason.INTERNAL_ERROR)

    def cut(self) -> None:
        """Its client does not read what is sent."""
        self._services.slow_readers.cut(self.transport, [self._connection] if self._connection else ())

    def left(self) -> None:
        """It is over."""
        if self._pipe is not None:
            self.refused_with = self._pipe.refused_with
        connection, self._connection, self._pipe = self._connection, None, None
        if self._timer is not None:
            self._timer.cancel()
        if connection is not None:
            self._services.admission.leave(connection)

    # Heartbeats. RFC 6455, 5.5.2: "A Ping frame may serve either as a keepalive or as a means to verify that the remote
    # endpoint is still responsive."

    def _after(self, part: float, act: Callable[[Pipe], None]) -> None:
        self._timer = self._services.alarms.after(part * self._interval, partial(self._act, act))

    def _act(self, act: Callable[[Pipe], None]) -> None:
        if self._pipe is not None:
            act(self._pipe)

    def _beat(self, pipe: Pipe) -> None:
        if pipe.fresh:
            pipe.fresh = False
            self._after(1.0, self._beat)
        else:
            pipe.ping()
            self._after(_PATIENCE, self._judge)

    def _judge(self, pipe: Pipe) -> None:
        if pipe.fresh:
            self._beat(pipe)
        else:
            pipe.abort()


def _framed(emission: Emission) -> bytes:
    return frame(TEXT, b'{"event":%s,"data":%s}' % (orjson.dumps(emission.name), emission.text.encode()))


def _bare(emission: Emission) -> bytes:
    return frame(TEXT, emission.text.encode())
