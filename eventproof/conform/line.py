"""One connection of a case, with the time that the profile gives each thing."""

import asyncio
from contextlib import suppress

from eventproof.client.aio import ChannelClient, Closed, ConnectionRefused, Received
from eventproof.errors import ContractViolation, Inconclusive
from eventproof.target import Budgets

__all__ = ["Line"]


class Line:
    """A connection; `name` is what the history calls it, `what` what people call it."""

    def __init__(self, name: str, client: ChannelClient, budgets: Budgets) -> None:
        self.name = name
        self.client = client
        self._budgets = budgets

    @property
    def is_open(self) -> bool:
        """Whether events can still arrive."""
        return self.client.is_open

    @property
    def received(self) -> tuple[Received, ...]:
        """All events so far."""
        return self.client.received

    def names(self) -> list[str]:
        """The names of all events so far."""
        return [event.name for event in self.client.received]

    async def open(self) -> None:
        """Connect; raises ConnectionRefused, TargetUnavailable or Inconclusive."""
        await self.client.open()

    async def refusal(self) -> ConnectionRefused:
        """Connect, and be refused: how. Raises ContractViolation where the connection is accepted.

        Raises Inconclusive where there is no answer at all: only a connection that is accepted beside it can tell
        what that means.
        """
        try:
            await self.client.open()
        except ConnectionRefused as refused:
            if self.received:
                raise ContractViolation(
                    f"{self.name} was refused, but it received events first",
                    expected="a refusal, and no event before it",
                    observed=", ".join(self.names()),
                ) from refused
            return refused
        raise ContractViolation(f"{self.name} was accepted", expected="a refused connection", observed="an open one")

    async def hears(self, name: str) -> Received:
        """The next event of that name; raises NotReceived, at once where the connection ends first."""
        return await self.client.expect(name, self._budgets.event_arrival)

    async def awaits(self, name: str) -> Received:
        """As `hears`, where another case judges whether it comes: raises Inconclusive."""
        try:
            return await self.hears(name)
        except ContractViolation as missing:
            raise Inconclusive(f"`{name}` did not arrive on {self.name}, so nothing can be said here") from missing

    async def hears_while_open(self, name: str) -> Received:
        """As `hears`, where another case judges whether the connection stays: raises Inconclusive where it ends."""
        try:
            return await self.hears(name)
        except ContractViolation as missing:
            if self.is_open:
                raise
            raise Inconclusive(f"{self.name} ended, so nothing can be said of `{name}`: {missing}") from missing

    async def hears_any(self, *names: str) -> Received:
        """The first event of one of these names; raises NotReceived where none comes."""
        waits = [asyncio.ensure_future(self.hears(name)) for name in names]
        try:
            while True:
                done, pending = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                heard = next((wait for wait in done if wait.exception() is None), None)
                if heard is not None:
                    return heard.result()
                if not pending:
                    return waits[0].result()
                waits = list(pending)
        finally:
            for wait in waits:
                wait.cancel()

    async def told_or_closed(self, name: str, *, closed: bool = False) -> None:
        """Wait until the event has come, and with `closed` also the end; whether they do is judged elsewhere."""
        with suppress(ContractViolation):
            await self.hears(name)
        if closed:
            with suppress(ContractViolation):
                await self.ends()

    async def ends(self) -> Closed:
        """How the server closed it; raises NotClosed."""
        closed = await self.client.closed(self._budgets.close)
        if closed.by != "peer":
            raise Inconclusive(f"{self.name} was left by us: {closed.reason}")
        return closed

    async def close(self) -> None:
        """Say goodbye; harmless when repeated."""
        await self.client.close()

    def drop(self) -> None:
        """Cut the connection without a goodbye."""
        self.client.drop()
