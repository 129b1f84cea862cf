"""One connection's part of the history: what it enters, with secrets taken out."""

from typing import Any

from eventproof.history import History, Kind

from .redaction import Redaction

__all__ = ["Journal"]


class Journal:
    """Enters records for one actor's connection to one channel. Each gives its time and its place in the history."""

    def __init__(self, history: History, redaction: Redaction, *, actor: str, connection: str, channel: str) -> None:
        self._history = history
        self._actor, self._connection, self._channel = actor, connection, channel
        self.redaction = redaction
        self.size_in = 0
        """How many characters and bytes came so far."""

    def now(self) -> float:
        """The time on the history's clock."""
        return self._history.now()

    def frame_in(self, message: str | bytes) -> None:
        """A frame came."""
        self.size_in += len(message)
        self._add(Kind.FRAME_IN, "", self.redaction.message(message))

    def frame_out(self, message: str | bytes) -> None:
        """A frame goes."""
        self._add(Kind.FRAME_OUT, "", self.redaction.message(message))

    def enter(self, kind: Kind, name: str = "", payload: Any = None) -> tuple[float, int]:
        """Something happened on the connection."""
        return self._add(kind, name, self.redaction.json(payload))

    def event(self, kind: Kind, name: str, args: tuple[Any, ...]) -> tuple[float, int]:
        """An event or an acknowledgement: a single argument stands for itself, none is None."""
        payload = args[0] if len(args) == 1 else list(args) or None
        return self.enter(kind, name, payload)

    def _add(self, kind: Kind, name: str, payload: Any) -> tuple[float, int]:
        record = self._history.add(
            kind, self._actor, connection=self._connection, channel=self._channel, name=name, payload=payload
        )
        return record.at, len(self._history) - 1
