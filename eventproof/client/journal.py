"""One connection's part of the history: what it enters, as it came, except that what is very long is cut."""

from collections.abc import Iterable
from typing import Any

from eventproof.catalog.arguments import payload_of
from eventproof.history import History, Kind
from eventproof.redaction import REDACTED, holds_a_secret, learn

__all__ = ["Journal", "kept", "kept_json"]

_BINARY_KEPT = 64
_TEXT_KEPT = 16 * 1024


class Journal:
    """Enters records for one actor's connection to one channel. Each gives its time and its place in the history.

    The `secrets` that the connection presents are in none of our outputs from then on; the history has them.
    """

    def __init__(self, history: History, secrets: Iterable[str], *, actor: str, connection: str, channel: str) -> None:
        learn(*secrets)
        self._history = history
        self._actor, self._connection, self._channel = actor, connection, channel
        self.size_in = 0
        """How many characters and bytes came so far."""

    def now(self) -> float:
        """The time on the history's clock."""
        return self._history.now()

    def frame_in(self, message: str | bytes) -> None:
        """A frame came."""
        self.size_in += len(message)
        self._add(Kind.FRAME_IN, "", kept(message))

    def frame_out(self, message: str | bytes) -> None:
        """A frame goes."""
        self._add(Kind.FRAME_OUT, "", kept(message))

    def enter(self, kind: Kind, name: str = "", payload: Any = None) -> tuple[float, int]:
        """Something happened on the connection."""
        return self._add(kind, name, kept_json(payload))

    def event(self, kind: Kind, name: str, args: tuple[Any, ...], ack_id: int | None = None) -> tuple[float, int]:
        """An event or an acknowledgement: a single argument stands for itself, none is None.

        `ack_id` is that under which an event wants one.
        """
        kept_args = map(kept_json, args)
        return self._add(kind, name, payload_of(kept_args), ack_id)

    def _add(self, kind: Kind, name: str, payload: Any, ack_id: int | None = None) -> tuple[float, int]:
        record = self._history.add(
            kind,
            self._actor,
            connection=self._connection,
            channel=self._channel,
            name=name,
            payload=payload,
            ack_id=ack_id,
        )
        return record.at, len(self._history) - 1


def kept(message: str | bytes) -> str:
    """A frame as text: bytes in hexadecimal, cut where it is very long; half a surrogate pair is `?`."""
    if isinstance(message, bytes):
        beginning = message[:_BINARY_KEPT]
        shown = REDACTED if holds_a_secret(beginning) else beginning.hex(" ")
        return f"<{len(message)} bytes: {shown}{' …' if len(message) > _BINARY_KEPT else ''}>"
    text = message if message.isascii() else message.encode(errors="replace").decode()
    return text if len(text) <= _TEXT_KEPT else f"{text[:_TEXT_KEPT]} … ({len(text)} characters in all)"


def kept_json(value: Any) -> Any:
    """A JSON value likewise; bytes inside become text, so that it can be written."""
    try:
        return _kept_json(value)
    except RecursionError:
        return "<nested too deeply to be kept>"


def _kept_json(value: Any) -> Any:
    match value:
        case str() | bytes():
            return kept(value)
        case dict():
            return {kept(str(key)): _kept_json(item) for key, item in value.items()}
        case list() | tuple():
            return [_kept_json(item) for item in value]
        case _:
            return value
