"""What was sent and received, when, by whom: one flat list of records, written as NDJSON.

Times are seconds on one monotonic clock since the history began. Checks judge histories afterwards
and never look at a clock of their own.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from typing import Any


class Kind(StrEnum):
    """What a record tells."""

    CALLED = "called"
    """An action was sent (name: operationId; payload: its parameters)."""
    ANSWERED = "answered"
    """Its answer came (payload: {"status": …, "body": …, "says": {name: id, …}})."""
    UNANSWERED = "unanswered"
    """No answer came in time: what happened is unknown."""
    OPENED = "opened"
    """A connection was accepted."""
    REFUSED = "refused"
    """A connection was refused (payload: the reason given)."""
    JOINS = "joins"
    """A connection asks to be in a room: it may be from now on (name: the room)."""
    JOINED = "joined"
    """It is in the room, beside those of its user; where it did not have to ask, from now on."""
    LEAVES = "leaves"
    """It asks to be in the room no more."""
    LEFT = "left"
    """It is in the room no more, or was refused it."""
    SENT = "sent"
    """An event was sent by us (name: the event)."""
    RECEIVED = "received"
    """An event arrived (name: the event; payload: its argument)."""
    ACKED = "acked"
    """An acknowledgement arrived for an event of ours."""
    CLOSED = "closed"
    """A connection ended (payload: {"by": "peer"|"us", "reason": …})."""
    FRAME_IN = "frame-in"
    """A frame as it came (payload: its text)."""
    FRAME_OUT = "frame-out"
    """A frame as it went."""
    NOTE = "note"
    """A remark of the case: which phase begins, which expectation was missed."""


@dataclass(frozen=True, slots=True)
class Record:
    """One thing that happened.

    `actor` is who it happened to (`user-3`, `admin-1`), `connection` which of their connections
    (empty for calls), `channel` the catalogue's channel of that connection (empty for calls). `call` is the number of
    the call that a record of one belongs to, counted from 1.
    """

    at: float
    kind: Kind
    actor: str
    connection: str = ""
    channel: str = ""
    name: str = ""
    payload: Any = None
    call: int | None = None
    ack_id: int | None = None
    """Of what was received: the number under which the wire wants it acknowledged; None: it asks for nothing."""


class History:
    """An append-only list of records under one clock."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._began = clock()
        self._records: list[Record] = []
        self._numbers = count(1)

    def add(
        self,
        kind: Kind,
        actor: str,
        *,
        connection: str = "",
        channel: str = "",
        name: str = "",
        payload: Any = None,
        call: int | None = None,
        ack_id: int | None = None,
    ) -> Record:
        """Append what just happened, stamped now."""
        record = Record(self.now(), kind, actor, connection, channel, name, payload, call, ack_id)
        self._records.append(record)
        return record

    def call(self) -> int:
        """A number for a call, which no other one of this history has."""
        return next(self._numbers)

    def now(self) -> float:
        """Seconds since this history began."""
        return self._clock() - self._began

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)

    def since(self, mark: int) -> tuple[Record, ...]:
        """The records after the first `mark` ones; take `len(history)` as the mark."""
        return tuple(self._records[mark:])
