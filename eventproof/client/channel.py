"""What every client of a channel has in common: the events that came, how it ended, and what waiting may raise."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from eventproof.catalog.arguments import payload_of
from eventproof.errors import ContractViolation

__all__ = [
    "By",
    "Closed",
    "ConnectionRefused",
    "Ending",
    "NotClosed",
    "NotReceived",
    "NotSent",
    "OnEvent",
    "Received",
    "Where",
]


@dataclass(frozen=True, slots=True)
class Received:
    """One event that arrived.

    `at` is in seconds on the history's clock; `order` is its place in the history, which decides what came before what.
    """

    name: str
    args: tuple[Any, ...]
    at: float
    order: int
    namespace: str = ""
    ack_id: int | None = None
    """Set where the server wants an acknowledgement."""
    id: str = ""
    """The last event id of an event stream."""

    @property
    def payload(self) -> Any:
        """The event's argument; of several the list, None where there is none."""
        return payload_of(self.args)


OnEvent = Callable[[Received], None]

Where = Callable[[Received], bool]
"""Whether an event of the right name is the one that is waited for."""


class By(StrEnum):
    """Who ended a connection."""

    PEER = "peer"
    US = "us"


class Ending(StrEnum):
    """What ended a connection."""

    DISCONNECT = "DISCONNECT packet"
    """The namespace was left; the transport may go on."""
    ENGINE_CLOSE = "Engine.IO CLOSE packet"
    WEBSOCKET_CLOSE = "WebSocket CLOSE frame"
    STREAM_END = "end of the stream"
    """TCP was closed in order, or the HTTP answer was complete."""
    RESET = "reset"
    """TCP was cut, or the HTTP answer broke off."""
    HTTP_STATUS = "HTTP status"
    """A poll was answered with an error: the session is gone."""
    VIOLATION = "protocol violation"
    """We left because of what the peer sent."""
    OVERFLOW = "overflow"
    """We left because too many events came."""
    LOCAL = "local close"


@dataclass(frozen=True, slots=True)
class Closed:
    """How and when a connection ended; `at` and `order` as in `Received`."""

    at: float
    order: int
    by: By
    ending: Ending
    reason: str
    """A sentence for people, with the close code where there is one."""
    code: int | None = None
    """The code of the WebSocket CLOSE frame, or the HTTP status."""
    disconnected_at: float | None = None
    """When the DISCONNECT packet of our namespace came, if it did."""
    said: Any = None
    """What an HTTP answer that ended it said: JSON, or a text."""


class ConnectionRefused(ContractViolation):
    """The server did not let us in. `data` is what it said, `status` the HTTP status or the close code, if any."""

    def __init__(self, sentence: str, *, data: Any = None, status: int | None = None) -> None:
        super().__init__(sentence, expected="an accepted connection", observed=sentence)
        self.data = data
        self.status = status


class NotReceived(ContractViolation):
    """What was waited for did not come in time, or the connection ended before it."""


class NotSent(ContractViolation):
    """What was to be sent could not be: the peer had ended the connection before."""


class NotClosed(ContractViolation):
    """The connection was still open when it had to be closed."""
