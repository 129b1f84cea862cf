"""The events of one connection in their order, who waits for them, and how the connection ended."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from eventproof.errors import ProtocolViolation
from eventproof.history import Kind

from .channel import By, Closed, Ending, NotClosed, NotReceived, NotSent, OnEvent, Received, Where
from .journal import Journal, kept

__all__ = ["Inbox"]

_T = TypeVar("_T")
_MOST_BYTES = 64 * 1024 * 1024
_OURS = frozenset({Ending.LOCAL, Ending.VIOLATION, Ending.OVERFLOW})


class Inbox:
    """Holds at most `limit` events, of 64 MB in all; every wait ends at its timeout or when the connection does.

    `on_event` is called at the moment of arrival and must not raise.
    """

    def __init__(self, journal: Journal, *, on_event: OnEvent | None = None, limit: int = 10_000) -> None:
        self._journal = journal
        self._on_event = on_event
        self._limit = limit
        self._received: list[Received] = []
        self._untaken: list[Received] = []
        self._changed = asyncio.Event()
        self.leaving = False
        """Set once we begin to close: the end is then our doing, whoever comes first."""
        self.left: Closed | None = None
        """How the namespace ended, where that came before the end of the transport."""
        self.ended: Closed | None = None
        """How the transport ended."""
        self.violation: ProtocolViolation | None = None
        """What the peer did wrong, once it did."""

    @property
    def received(self) -> tuple[Received, ...]:
        """All events so far."""
        return tuple(self._received)

    @property
    def is_full(self) -> bool:
        """Whether the limit is reached: the client has to leave."""
        return len(self._received) >= self._limit or self._journal.size_in > _MOST_BYTES

    def receive(
        self, name: str, args: tuple[Any, ...], *, namespace: str = "", ack_id: int | None = None, event_id: str = ""
    ) -> Received:
        """Take in an event that just arrived."""
        name = kept(name)
        at, order = self._journal.event(Kind.RECEIVED, name, args, ack_id)
        received = Received(name, args, at, order, namespace, ack_id, event_id)
        self._received.append(received)
        self._untaken.append(received)
        self.wake()
        if self._on_event is not None:
            self._on_event(received)
        return received

    def leave(self, namespace: str) -> None:
        """The server ended our part in the namespace."""
        reason = f"a DISCONNECT packet came for namespace {namespace}"
        at, order = self._journal.enter(Kind.NOTE, "DISCONNECT", {"namespace": namespace})
        self.left = Closed(at, order, By.PEER, Ending.DISCONNECT, reason, None, at)
        self.wake()

    def end(self, ending: Ending, reason: str, code: int | None = None, said: Any = None) -> None:
        """The transport ended; only the first call counts."""
        if self.ended is not None:
            return
        by = By.US if self.leaving or ending in _OURS else By.PEER
        reason = kept(f"we left; {reason}" if self.leaving else reason)
        at, order = self._journal.enter(Kind.CLOSED, payload={"by": by, "reason": reason, "code": code})
        left_at = self.left.at if self.left else None
        self.ended = Closed(at, order, by, ending, reason, code, left_at, said)
        self.wake()

    def violate(self, violation: ProtocolViolation) -> None:
        """The peer broke its protocol; only the first call counts."""
        if self.violation is None:
            violation.observed = kept(violation.observed)
            self.violation = violation

    def wake(self) -> None:
        """Let all who wait look again."""
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def until(self, ready: Callable[[], _T | None], timeout: float) -> _T | None:
        """What `ready` gives once it is not None; None when the time is over."""
        deadline = asyncio.get_running_loop().time() + timeout
        while (result := ready()) is None:
            remaining = deadline - asyncio.get_running_loop().time()
            if remaining <= 0:
                return None
            try:
                await asyncio.wait_for(self._changed.wait(), remaining)
            except TimeoutError:
                return ready()
        return result

    async def expect(self, name: str, timeout: float, where: Where | None = None) -> Received:
        """Take the next event of that name that nobody took; of those for which `where` holds, where it is given.

        Raises NotReceived, or at once the violation that ended the connection.
        """
        taken = await self.until(lambda: self._take(name, where) or self.ended, timeout)
        if isinstance(taken, Received):
            return taken
        raise self.missing(
            f"The event {name} did not arrive",
            expected=f"{name} within {timeout:g} s",
            observed=", ".join(event.name for event in self._received[-20:]) or "no event at all",
        )

    async def wait_ended(self, timeout: float) -> Closed:
        """How the transport ended; raises NotClosed."""
        return await self._closed(lambda: self.ended, timeout)

    async def wait_left(self, timeout: float) -> Closed:
        """How the namespace ended, by a packet or with the transport; raises NotClosed."""
        return await self._closed(lambda: self.left or self.ended, timeout)

    def missing(self, sentence: str, *, expected: str, observed: str) -> ProtocolViolation | NotReceived:
        """The exception for what did not come: the peer's violation, if that is why, or NotReceived."""
        if self.violation is not None:
            return self.violation
        if self.ended is None:
            return NotReceived(f"{sentence}.", expected=expected, observed=observed)
        why = f"the connection ended first, {self.ended.reason}"
        return NotReceived(f"{sentence}: {why}.", expected=expected, observed=f"{observed}; {why}")

    def check_writable(self, name: str) -> None:
        """Raise NotSent where the peer ended the connection before an event of that name could be sent."""
        ended = self.left or self.ended
        if ended is not None and ended.by is By.PEER:
            raise NotSent(
                f"The event {name} was not sent: the connection ended first, {ended.reason}.",
                expected="an open connection",
                observed=ended.reason,
            )

    async def _closed(self, ready: Callable[[], Closed | None], timeout: float) -> Closed:
        closed = await self.until(ready, timeout)
        if closed is None:
            raise NotClosed(
                f"The connection was not closed within {timeout:g} s.",
                expected=f"closed within {timeout:g} s",
                observed=f"still open after {self.left.reason}" if self.left else "still open",
            )
        return closed

    def _take(self, name: str, where: Where | None) -> Received | None:
        for index, event in enumerate(self._untaken):
            if event.name == name and (where is None or where(event)):
                return self._untaken.pop(index)
        return None
