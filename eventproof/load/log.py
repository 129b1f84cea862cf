"""What the load generator says while it runs: the beginning and the end of it, whatever it says in between."""

from pathlib import Path
from threading import Thread
from typing import IO

from eventproof.redaction import redacted_text
from eventproof.report import folder as folders

__all__ = ["Log"]

_HEAD, _TAIL = 256 * 1024, 256 * 1024
_CHUNK = 16 * 1024


class Log:
    """Reads a pipe in a thread of its own until its end, so that whoever writes to it never waits."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._head = bytearray()
        self._tail = bytearray()
        self._total = 0
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def text(self, *, patience: float = 1.0) -> str:
        """What was said, once nobody can say more or `patience` seconds have passed."""
        self._reader.join(patience)
        tail = bytes(self._tail)
        if self._total > len(self._head) + len(tail):
            # The line that it begins in may have lost the head by which a secret is known.
            tail = tail.partition(b"\n")[2]
        left_out = self._total - len(self._head) - len(tail)
        between = f"\n… {left_out} bytes are left out here …\n".encode() if left_out > 0 else b""
        return redacted_text((bytes(self._head) + between + tail).decode("utf-8", "replace"))

    def write(self, path: Path) -> None:
        """Keep it as a file."""
        folders.write(path, self.text())

    def _read(self) -> None:
        with self._pipe:
            while said := self._pipe.read(_CHUNK):
                self._total += len(said)
                room = _HEAD - len(self._head)
                self._head += said[:room]
                self._tail += said[room:]
                del self._tail[:-_TAIL]
