"""One connection to one channel, whatever its wire: what came, how it ended, and what each wire does in its own way."""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from eventproof.errors import UsageError
from eventproof.history import History

from .channel import Closed, OnEvent, Received, Where
from .inbox import Inbox
from .journal import Journal

__all__ = ["ChannelClient"]


class ChannelClient(ABC):
    """It opens once, and never reconnects by itself."""

    def __init__(
        self,
        history: History | None,
        secrets: Iterable[str],
        *,
        actor: str,
        connection: str,
        channel: str,
        on_event: OnEvent | None,
        max_events: int,
    ) -> None:
        history = History(time.monotonic) if history is None else history
        self._journal = Journal(history, secrets, actor=actor, connection=connection, channel=channel)
        self._inbox = Inbox(self._journal, on_event=on_event, limit=max_events)
        self._begun = False

    @property
    def received(self) -> tuple[Received, ...]:
        """All events so far."""
        return self._inbox.received

    @property
    def ended(self) -> Closed | None:
        """How the transport ended, once it did."""
        return self._inbox.ended

    @property
    @abstractmethod
    def is_open(self) -> bool:
        """Whether events can still arrive."""

    @abstractmethod
    async def open(self) -> None:
        """Connect; raises ConnectionRefused, TargetUnavailable, Inconclusive or ProtocolViolation."""

    async def expect(self, name: str, timeout: float, where: Where | None = None) -> Received:
        """Take the next event of that name that nobody took, and for which `where` holds; raises NotReceived."""
        return await self._inbox.expect(name, timeout, where)

    async def closed(self, timeout: float) -> Closed:
        """Wait until the transport has ended; raises NotClosed."""
        return await self._inbox.wait_ended(timeout)

    @abstractmethod
    async def close(self) -> None:
        """Say goodbye and release everything; harmless when repeated."""

    @abstractmethod
    def drop(self) -> None:
        """Cut the connection without a goodbye."""

    def _begin(self) -> None:
        """It begins to open; raises UsageError where it did so before."""
        if self._begun:
            raise UsageError("A client opens once; make another one.")
        self._begun = True

    async def __aenter__(self) -> Self:
        if not self._begun:
            await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
