# ruff: noqa: ARG002 - a question is answered with the arguments that it comes with
"""The faults that break what every system has to keep: each shows on every one of them that has the wire for it."""

import re
import time
from typing import Final

from ..delivery.conduct import Conduct
from ..delivery.connections import Connection, Connections, opened
from ..delivery.entry import Entry
from ..reasons import Reason
from ..refusals import Refusal
from .fault import Fault

_STALL: Final = 3.0
"""Seconds: longer than any answer may take while others break a protocol."""
_ANNOUNCING: Final = re.compile("5[0-9]+-")
_OF_SOCKET_IO: Final = ("user-state", "shield", "studyspot", "marketplace")
_THAT_LISTEN: Final = ("shield", "studyspot", "marketplace")
"""Whose clients have something to say that is acknowledged: elsewhere nobody sees whether a handler was reached."""


class _Leak(Conduct):
    """Connections that have gone are kept."""

    def forget(self, connections: Connections, connection: Connection) -> None:
        pass


class _NowAndThenToOthers(Conduct):
    """Every tenth event goes to everyone."""

    def __init__(self) -> None:
        self._count = 0

    def recipients(self, entry: Entry, right: list[Connection], everyone: Connections) -> list[Connection]:
        self._count += 1
        return right if self._count % 10 else opened(everyone)


class _StackTraceInRefusal(Conduct):
    """A refusal shows the inside of the server."""

    def refusal(self, refusal: Refusal) -> Refusal:
        trace = 'Traceback (most recent call last):\n  File "app.py", line 71, in route\n'
        return Refusal(refusal.code, f"{trace}{refusal.code}: {refusal.sentence}", headers=refusal.headers)


class _CurtRefusal(Conduct):
    """A connection is refused without a word that helps."""

    def channel_refusal(self, channel: str, refusal: Refusal) -> Refusal:
        return Refusal(refusal.code, "No.")


class _ServerError(Conduct):
    """Malformed input is answered with 500."""

    def refusal(self, refusal: Refusal) -> Refusal:
        return Refusal("internal_error") if refusal.code in ("malformed_json", "invalid_input") else refusal


class _BrokenPacketEndsOthers(Conduct):
    """A packet that breaks the protocol ends the connections of all others, too."""

    def broken(self, connections: Connections) -> None:
        for connection in list(connections):
            connection.link.close(Reason.INTERNAL_ERROR)


class _BrokenPacketStalls(Conduct):
    """Every twentieth packet that breaks the protocol keeps the server busy for seconds."""

    def __init__(self) -> None:
        self._count = 0

    def broken(self, connections: Connections) -> None:
        if self._count % 20 == 0:
            time.sleep(_STALL)
        self._count += 1


class _UnknownTypeIsAnEvent(Conduct):
    """A packet of a type that there is not is taken as an event."""

    def read(self, message: str | bytes) -> str | bytes:
        return f"2{message[1:]}" if isinstance(message, str) and message[:1] in ("7", "8", "9") else message


class _UnannouncedAttachment(Conduct):
    """A binary message that nobody announced is read as if it were text."""

    def read(self, message: str | bytes) -> str | bytes:
        return message.decode(errors="replace") if isinstance(message, bytes) else message


class _AttachmentNotAwaited(Conduct):
    """An event whose attachments have not come is taken without them."""

    def read(self, message: str | bytes) -> str | bytes:
        return _ANNOUNCING.sub("2", message) if isinstance(message, str) else message


class _ReservedBitsPass(Conduct):
    """A frame whose reserved bits are set is taken as if they were not."""

    passes_reserved_bits = True


FAULTS: Final = (
    Fault.of("leak", "ALL-LEAK-1", _Leak, ("SHD-PUSH-1", "PLN-SSE-5", "PLN-STAT-1")),
    Fault.of(
        "now-and-then-to-others",
        "ALL-ROOM-1",
        _NowAndThenToOthers,
        (
            *("UST-BAN-7", "UST-TIER-5", "UST-UNBAN-3", "SHD-EVT-2", "SHD-ADMIN-2", "PLN-EVT-3"),
            *(
                "STD-BOOK-1",
                "STD-BOOK-2",
                "STD-BOOK-3",
                "STD-BOOK-4",
                "STD-BOOK-5",
                "STD-LIB-1",
                "STD-LIB-2",
                "STD-SEAT-1",
            ),
            *("STD-CONN-3", "STD-ROOM-2", "STD-ROOM-4", "STD-SCALE-1"),
            *("MKT-PROD-1", "MKT-PROD-2", "MKT-PROD-3", "MKT-WHOL-1", "MKT-QUOT-1", "MKT-ORD-1", "MKT-ORD-2"),
            *("MKT-ORD-3", "MKT-CART-1", "MKT-SET-1", "MKT-SET-2", "MKT-ANA-1", "MKT-NOTE-1", "MKT-ROOM-1"),
            *("MKT-ROOM-2", "MKT-DUAL-1", "MKT-PAY-2", "MKT-EVT-2"),
        ),
    ),
    Fault.of("stack-trace-in-refusal", "ALL-MSG-1", _StackTraceInRefusal, ("UST-BAN-6", "PLN-ADMIN-2")),
    Fault.of("curt-refusal", "ALL-MSG-1", _CurtRefusal),
    Fault.of("broken-packet-ends-others", "ALL-WIRE-1", _BrokenPacketEndsOthers, systems=_OF_SOCKET_IO),
    Fault.of("broken-packet-stalls", "ALL-WIRE-1", _BrokenPacketStalls, systems=_OF_SOCKET_IO),
    Fault.of("unknown-packet-is-an-event", "ALL-WIRE-1", _UnknownTypeIsAnEvent, systems=_THAT_LISTEN),
    Fault.of("attachment-nobody-announced", "ALL-WIRE-1", _UnannouncedAttachment, systems=_THAT_LISTEN),
    Fault.of("attachment-not-awaited", "ALL-WIRE-1", _AttachmentNotAwaited, systems=_THAT_LISTEN),
    Fault.of("reserved-bits-pass", "ALL-WIRE-1", _ReservedBitsPass, systems=_THAT_LISTEN),
    Fault.of("server-error", "ALL-REST-1", _ServerError, ("UST-ADMIN-2", "SHD-CLAIM-7", "PLN-ADMIN-2", "PLN-EVT-4")),
)
