"""What a running swarm shows the command that started it: a datagram a second, over a socket that the child inherits.

Nobody waits for the other: what is not read is lost, and a later glance says more.
"""

import json
import os
import socket
from collections.abc import Mapping
from contextlib import suppress

from eventproof.redaction import redacted
from eventproof.report import results_json
from eventproof.report.records import Glance

from . import handover

__all__ = ["Pane", "Window"]

_MOST = 1 << 17
"""Bytes of one glance: more than all events of all contracts take."""


class Window:
    """The end of whoever looks in."""

    def __init__(self) -> None:
        self._ours, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._ours.setblocking(False)

    @property
    def descriptors(self) -> tuple[int, ...]:
        """What the child must inherit."""
        return (self._theirs.fileno(),)

    def handed(self) -> Mapping[str, str]:
        """What its environment must say."""
        return {handover.WINDOW: str(self._theirs.fileno())}

    def look(self) -> Glance | None:
        """The latest glance since the last look; None where there is none."""
        latest = None
        with suppress(OSError):
            while seen := self._ours.recv(_MOST):
                latest = seen
        return None if latest is None else results_json.decoded(Glance, json.loads(latest))

    def close(self) -> None:
        """Look in no more."""
        self._ours.close()
        self._theirs.close()


class Pane:
    """The end of whoever shows."""

    def __init__(self, descriptor: int) -> None:
        self._theirs = socket.socket(fileno=descriptor)
        self._theirs.setblocking(False)

    @classmethod
    def inherited(cls) -> "Pane | None":
        """What this process was started with; None where nobody looks in."""
        descriptor = os.environ.pop(handover.WINDOW, "")
        return cls(int(descriptor)) if descriptor else None

    def show(self, glance: Glance) -> None:
        """Show how it stands, to whoever is there and looks in."""
        with suppress(OSError):
            self._theirs.send(json.dumps(redacted(glance)).encode())

    def close(self) -> None:
        """Show no more."""
        self._theirs.close()
