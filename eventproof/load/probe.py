"""Before a swarm: does anything answer there, as a server of the channel's wire does?"""

import errno
import os
from time import monotonic
from typing import Final

from eventproof.catalog import Wire
from eventproof.client.address import Address
from eventproof.client.hub import Hub
from eventproof.client.hub_connection import Closure, ClosureReason, HubConnection
from eventproof.errors import TargetUnavailable
from eventproof.target import Endpoint, Target
from eventproof.wire.connection import AckReceived, EventReceived

from .greenlets import sleep
from .opening import connect

__all__ = ["probe"]

_SECONDS = 4.0
_NOT_FOUND, _FAILED = "HTTP 404", "HTTP 5"
_TICK = 0.01
_UNHEARD = "it closed the connection without an answer"
_KINDS: Final = {
    Wire.SOCKET_IO: ("Socket.IO", "path under [socketio]"),
    Wire.SSE: ("HTTP", "address under [channels]"),
    Wire.WEBSOCKET: ("WebSocket", "address under [channels]"),
}
"""What a server of each wire is called, and where the profile says where it answers."""


def probe(target: Target, channel: Endpoint) -> None:
    """Raise TargetUnavailable, in a sentence, where the target cannot be reached or is something else.

    Nobody is logged in for that: to be refused is an answer.
    """
    ending, end = _Ending(), monotonic() + _SECONDS
    hub = Hub(target.base_url, path=target.socketio.path, patience=2 * _SECONDS)
    try:
        connection = connect(hub, target, channel, ending, None)
        while not (ending.how or ending.has_begun or connection.has_begun):
            if monotonic() > end:
                raise TargetUnavailable(f"{target.base_url} did not answer within {_SECONDS:g} s")
            sleep(_TICK)
    finally:
        hub.close()
    if ending.how is not None and (problem := _problem(target, channel, ending.how)):
        raise TargetUnavailable(problem)


def _problem(target: Target, channel: Endpoint, how: Closure) -> str:
    """Why the target cannot be used, where its end of the connection says so; else empty."""
    origin = Address.parse(target.base_url).origin
    kind, setting = _KINDS[channel.wire]
    has_path = channel.wire is not Wire.SOCKET_IO
    place = channel.address if has_path else target.socketio.path
    match how.reason:
        case ClosureReason.UNREACHABLE:
            nobody = how.detail in ("", os.strerror(errno.ECONNREFUSED))
            why = "nothing listens there" if nobody else how.detail
            return f"{origin} cannot be reached: {why}; start the server or correct the URL"
        case ClosureReason.END | ClosureReason.RESET:
            return f"{origin} cannot be reached: {_UNHEARD}"
        case ClosureReason.VIOLATION | ClosureReason.OVERSIZED:
            return f"{target.base_url} is no {kind} server: {how.detail}"
        case ClosureReason.REFUSED if how.detail.startswith(_NOT_FOUND):
            return f"{origin} answers {how.detail} at {place}: see {setting}"
        case ClosureReason.REFUSED if how.detail.startswith(_FAILED):
            return f"{origin} answers {how.detail} at {place}"
        case ClosureReason.REFUSED if has_path and not how.detail.startswith("HTTP "):
            return f"{origin} answers {how.detail} at {place}: see {setting}"
    return ""


class _Ending:
    """Hears what becomes of one connection."""

    def __init__(self) -> None:
        self.how: Closure | None = None
        self.has_begun = False
        """Whether it took us, even if it let go of us at once."""

    def opened(self, connection: HubConnection, at: float) -> None:  # noqa: ARG002 - as a `HubListener`
        """It takes us without a token."""
        self.has_begun = True

    def received(self, connection: HubConnection, event: EventReceived, at: float) -> None:
        """Nothing is asked of what is sent."""

    def acknowledged(self, connection: HubConnection, ack: AckReceived, at: float) -> None:
        """Nothing was sent."""

    def disconnected(self, connection: HubConnection, at: float) -> None:
        """The end follows."""

    def closed(self, connection: HubConnection, how: Closure, at: float) -> None:  # noqa: ARG002 - as a `HubListener`
        """It is refused, or gone; what we close ourselves had been answered, and so had what was open."""
        self.how = None if how.reason is ClosureReason.OURS or self.has_begun else how
