"""Callers: the HTTP connections whose turn it is, and since when. No I/O; time is an argument.

It is a client's turn from when it connects, and from when an answer begins to go out to it, until the whole head of its
next request has come.
"""

from collections.abc import Iterator
from itertools import chain, islice, takewhile
from typing import Generic, Protocol, TypeVar


class Caller(Protocol):
    """An HTTP connection."""

    known: bool
    """Whether a session of somebody's was good on it."""


C = TypeVar("C", bound=Caller)


class Callers(Generic[C]):
    """Whose turn it is, whoever has waited longest first; strangers before those who are known."""

    def __init__(self) -> None:
        self._strangers: dict[C, float] = {}
        self._known: dict[C, float] = {}

    def expect(self, caller: C, now: float) -> None:
        """It is the caller's turn, from now on."""
        self.forget(caller)
        (self._known if caller.known else self._strangers)[caller] = now

    def forget(self, caller: C) -> None:
        """It is the caller's turn no more: a request has come, or the connection has gone."""
        self._strangers.pop(caller, None)
        self._known.pop(caller, None)

    def waiting(self, since: float, most: int | None = None) -> list[C]:
        """Those whose turn it has been since then, or longer; at most so many of them."""
        return list(islice(chain(_until(self._strangers, since), _until(self._known, since)), most))

    def __len__(self) -> int:
        return len(self._strangers) + len(self._known)


def _until(waiting: dict[C, float], since: float) -> Iterator[C]:
    return (caller for caller, _ in takewhile(lambda found: found[1] <= since, waiting.items()))
