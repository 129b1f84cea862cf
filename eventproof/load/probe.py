"""Before a swarm: does anything answer there, as a Socket.IO server does?"""

from gevent import Timeout
from gevent.event import AsyncResult

from eventproof.client.address import Address
from eventproof.client.hub import Hub
from eventproof.client.hub_connection import Closed, CloseReason, HubSocketIO
from eventproof.errors import TargetUnavailable
from eventproof.target import MainChannel, Target
from eventproof.wire.connection import AckReceived, EventReceived

__all__ = ["probe"]

_SECONDS = 4.0
_NOT_FOUND, _FAILED = "HTTP 404", "HTTP 5"
_UNHEARD = "it closed the connection without an answer"


def probe(target: Target, channel: MainChannel) -> None:
    """Raise TargetUnavailable, in a sentence, where the target cannot be reached or is something else.

    Nobody is logged in for that: to be refused is an answer.
    """
    knock = _Knock()
    hub = Hub(target.base_url, path=target.socketio.path, patience=_SECONDS)
    try:
        hub.open(knock, None, channel.address)
        how = knock.answer.get(timeout=_SECONDS)
    except Timeout:
        how = Closed(CloseReason.NOT_OPENED)
    finally:
        hub.close()
    if how is not None and (problem := _problem(target, how)):
        raise TargetUnavailable(problem)


def _problem(target: Target, how: Closed) -> str:
    """Why the target cannot be used, where its end of the connection says so; else empty."""
    origin = Address.parse(target.base_url).origin
    match how.reason:
        case CloseReason.NOT_OPENED:
            return f"{target.base_url} did not answer within {_SECONDS:g} s"
        case CloseReason.UNREACHABLE:
            why = how.detail or "nothing listens there"
            return f"{origin} cannot be reached: {why}; start the server or correct the URL"
        case CloseReason.END | CloseReason.RESET:
            return f"{origin} cannot be reached: {_UNHEARD}"
        case CloseReason.VIOLATION | CloseReason.OVERSIZED:
            return f"{target.base_url} is no Socket.IO server: {how.detail}"
        case CloseReason.REFUSED if how.detail.startswith(_NOT_FOUND):
            return f"{origin} answers {how.detail} at {target.socketio.path}: see path under [socketio]"
        case CloseReason.REFUSED if how.detail.startswith(_FAILED):
            return f"{origin} answers {how.detail} at {target.socketio.path}"
    return ""


class _Knock:
    """Hears what becomes of one connection."""

    def __init__(self) -> None:
        self.answer: AsyncResult[Closed | None] = AsyncResult()

    def opened(self, connection: HubSocketIO, at: float) -> None:  # noqa: ARG002 - as a `Listener`
        """It is a Socket.IO server."""
        self._heard(None)

    def received(self, connection: HubSocketIO, event: EventReceived, at: float) -> None:
        """Nothing is asked of what is sent."""

    def acknowledged(self, connection: HubSocketIO, ack: AckReceived, at: float) -> None:
        """Nothing was sent."""

    def disconnected(self, connection: HubSocketIO, at: float) -> None:
        """The end follows."""

    def closed(self, connection: HubSocketIO, how: Closed, at: float) -> None:  # noqa: ARG002 - as a `Listener`
        """It is refused, or gone."""
        self._heard(how)

    def _heard(self, what: Closed | None) -> None:
        if not self.answer.ready():
            self.answer.set(what)
