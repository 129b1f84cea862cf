"""A probe: the WebSocket that a polling session of Engine.IO may move to, while it is tried out."""

import asyncio
from typing import Protocol

import structlog

from ..reasons import Reason
from .allowance import Allowance, Kind, TooMuch
from .frames import Message
from .payloads import PING, UPGRADE, ProtocolError
from .websocket import Pipe

_log = structlog.get_logger("engine.io")


class Prober(Protocol):
    """The session that may move."""

    allowance: Allowance

    def probed(self, pipe: Pipe) -> None:
        """The client tries the WebSocket. Raises ProtocolError where it may not."""

    def move(self, pipe: Pipe) -> None:
        """Go on by the WebSocket. Raises ProtocolError where that was not tried before."""

    def unprobed(self, probe: "Probe") -> None:
        """Nothing came of this probe."""


class Probe:
    """A WebSocket that a polling session may move to, while it is tried out, for so many seconds."""

    __slots__ = ("_pipe", "_session", "_timer")

    def __init__(self, session: Prober, pipe: Pipe, seconds: float) -> None:
        self._session = session
        self._pipe = pipe
        self._timer = asyncio.get_running_loop().call_later(seconds, self.close, Reason.TRANSPORT_ERROR)

    def heard(self, message: Message) -> None:
        """The probe, or the upgrade. Raises TooMuch, and ProtocolError for anything else."""
        self._session.allowance.says(Kind.HEARTBEAT, len(message))
        if message == PING + "probe":
            self._session.probed(self._pipe)
        elif message == UPGRADE:
            self._session.move(self._pipe)
            self._timer.cancel()
        else:
            raise ProtocolError("neither a probe nor an upgrade")

    def failed(self, failure: BaseException) -> None:
        """What it heard was no upgrade: it is closed."""
        if not isinstance(failure, ProtocolError | TooMuch):
            _log.error("probe-failed", exc_info=failure)
        self.close(Reason.TRANSPORT_ERROR)

    def cut(self) -> None:
        """Nothing of the session goes there yet."""

    def left(self) -> None:
        """The session stays where it is."""
        self._timer.cancel()
        self._session.unprobed(self)

    def close(self, reason: Reason) -> None:
        """It is not moved to."""
        self._timer.cancel()
        self._pipe.close(reason)
        self._session.unprobed(self)
