"""One connection of a case, with the time that the profile gives each thing."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from eventproof.catalog import AckLevel
from eventproof.catalog.event import CALLBACK
from eventproof.client.aio import (
    ChannelClient,
    Closed,
    ConnectionRefused,
    NotClosed,
    NotReceived,
    Received,
    SocketIOClient,
    SseClient,
    Where,
)
from eventproof.errors import ContractViolation, Inconclusive, UsageError
from eventproof.history import History, Kind, Record
from eventproof.target import Budgets
from eventproof.wire.connection import Recovery

from .asking import Asking
from .beginning import Beginning
from .behaviour import Behaviour
from .clients import gone, socketio_of, speaker_of, stream_of, websocket_of

__all__ = ["EndedAtOnce", "Line"]

_GLANCE = 0.1
"""Seconds between two looks at whether an event came."""


class EndedAtOnce(ConnectionRefused):
    """The server accepted the connection and ended it before it sent anything; `after` so many seconds."""

    def __init__(self, line: str, closed: Closed, after: float) -> None:
        super().__init__(f"{line} was accepted, and ended within {after:.2g} s: {closed.reason}", status=closed.code)
        self.after = after


class Line:
    """A connection; `name` is what the history calls it."""

    def __init__(
        self,
        name: str,
        system: str,
        client: ChannelClient,
        budgets: Budgets,
        history: History,
        behaviour: Behaviour,
        channel: str = "",
        room: str | None = None,
        begins: Beginning | None = None,
    ) -> None:
        self.name = name
        self.system = system
        """The system whose channel it is, as far as the catalogue knows it."""
        self.client = client
        self.channel = channel
        """The address under which the catalogue knows its channel."""
        self._budgets = budgets
        self._history = history
        self._behaviour = behaviour
        self._room = room
        self._begins = begins
        self._asking = Asking(name, client, behaviour, history, channel, budgets.event_arrival)
        self.role = ""
        """What tells it from others of its case, for a sentence: `device 2 of 3, an older session`."""

    def __str__(self) -> str:
        return f"{self.name} ({self.role})" if self.role else self.name

    @property
    def actor(self) -> str:
        """What the history calls whose connection it is."""
        return self.name.partition("/")[0]

    @property
    def room(self) -> str | None:
        """The room that its channel's parameters name; None where it hears what its channel tells everybody."""
        return self._room

    @property
    def stream(self) -> SseClient:
        """What is special about a stream; raises UsageError where it is none."""
        return stream_of(self.name, self.client)

    @property
    def acknowledges(self) -> bool:
        """Whether events whose acknowledgement is required get it at once; may be changed at any time."""
        return self._behaviour.acknowledges

    @acknowledges.setter
    def acknowledges(self, acknowledges: bool) -> None:
        self._behaviour.acknowledges = acknowledges

    @property
    def answers_pings(self) -> bool:
        """Whether the channel's heartbeats are answered; may be changed at any time."""
        return self._behaviour.answers_pings

    @answers_pings.setter
    def answers_pings(self, answers: bool) -> None:
        self._behaviour.answers_pings = answers

    @property
    def answers_heartbeats(self) -> bool:
        """Whether the transport's own heartbeats are answered; may be changed at any time."""
        return self._socketio.answer_heartbeats

    @answers_heartbeats.setter
    def answers_heartbeats(self, answers: bool) -> None:
        self._socketio.answer_heartbeats = answers

    @property
    def is_open(self) -> bool:
        """Whether events can still arrive."""
        return self.client.is_open

    @property
    def has_transport(self) -> bool:
        """Whether its transport is there, whatever became of the namespace."""
        return self.client.ended is None

    @property
    def received(self) -> tuple[Received, ...]:
        """All events so far."""
        return self.client.received

    def names(self) -> list[str]:
        """The names of all events so far."""
        return [event.name for event in self.client.received]

    def news(self) -> list[str]:
        """The names of all events so far, without those that a server tells every connection of its own accord."""
        return [name for name in self.names() if name not in self._behaviour.unasked]

    def heard(self, name: str | None = None, where: Where | None = None) -> tuple[Received, ...]:
        """All events so far, awaited or not; of that name, where it is given, and for which `where` holds."""
        return tuple(
            event for event in self.received if (name is None or event.name == name) and (where is None or where(event))
        )

    @property
    def frames(self) -> tuple[Record, ...]:
        """The messages of the transport so far, both ways, with their times; a ping of Engine.IO is `2`."""
        kinds = (Kind.FRAME_IN, Kind.FRAME_OUT)
        return tuple(record for record in self._history if record.connection == self.name and record.kind in kinds)

    @property
    def heartbeats(self) -> tuple[float, ...]:
        """When each ping of Engine.IO came, on the history's clock."""
        return self._socketio.heartbeats

    @property
    def recovery(self) -> Recovery | None:
        """What another connection may go on from, also after the end; None where the server offers no such thing."""
        return self._socketio.recovery

    @property
    def closed(self) -> Closed | None:
        """How and when it ended, whoever ended it; None while it has not."""
        return self.client.ended

    async def open(self) -> None:
        """Connect; raises ConnectionRefused, TargetUnavailable or Inconclusive."""
        self._asking.enter(Kind.JOINED, self._room)  # before it is open: an event may come with the answer
        await self.client.open()
        if self._begins is not None:
            await self._asking.begin(self._begins)

    async def asks(
        self,
        name: str,
        *arguments: Any,
        if_acknowledged: bool = False,
        parameters: Mapping[str, Any] | None = None,
    ) -> tuple[Any, ...] | None:
        """Send an event and wait for its acknowledgement, as long as one may take; its arguments, None where none came.

        What it joins or leaves by that is entered in the history. With `if_acknowledged` nothing is waited for where
        the contract has no acknowledgement: then it is none; nor is it on a wire without callbacks. What causes
        something is entered as a call, with these `parameters`. Raises NotSent where the server ended the connection.
        """
        return await self._asking.asks(name, *arguments, if_acknowledged=if_acknowledged, parameters=parameters)

    async def refusal(self, special: str = "") -> ConnectionRefused:
        """Connect, and be refused: how. `special` says in words what it is refused for: `with an expired token`.

        A server that decides in its handler accepts the connection, and ends it before it says anything: EndedAtOnce.
        Raises ContractViolation where the connection stays, or an event comes before the refusal; Inconclusive where
        there is no answer at all: only a connection that is accepted beside it can tell what that means.
        """
        opened = f"{self.name}, opened {special}," if special else self.name
        ended: EndedAtOnce | None = None
        try:
            await self.client.open()
            ended = await self._ends_at_once()
        except ConnectionRefused as refused:
            if not self.received:
                return refused
        if ended is not None and not self.received:
            return ended
        if ended is not None or not self.is_open:
            raise ContractViolation(
                f"{opened} was refused, but it received events first",
                expected="a refusal, and no event before it",
                observed=", ".join(self.names()),
            )
        raise ContractViolation(
            f"{opened} was accepted",
            expected="a refused connection, or one that the server ends before any event",
            observed=", ".join(["an open one", *self.names()]),
        )

    async def _ends_at_once(self) -> EndedAtOnce | None:
        """How the server ended it, within `connect`; None where it stays, or an event shows that it was accepted."""
        loop = asyncio.get_running_loop()
        opened = loop.time()
        while (waited := loop.time() - opened) < self._budgets.connect:
            with suppress(NotClosed):
                closed = self._by_the_server(await gone(self.client, min(_GLANCE, self._budgets.connect - waited)))
                return EndedAtOnce(self.name, closed, loop.time() - opened)
            if self.received:
                return None
        return None

    async def must_stay(self, seconds: float) -> None:
        """Raise EndedAtOnce where the server ends it within so many seconds: then it was not accepted at all."""
        with suppress(NotClosed):
            raise EndedAtOnce(self.name, await gone(self.client, seconds), seconds)

    async def say(self, name: str, *arguments: Any) -> None:
        """Send an event, with an argument or without one; raises NotSent where the server ended the connection."""
        await speaker_of(self.name, self.client).emit(name, *arguments)

    async def say_raw(self, message: str | bytes) -> None:
        """Send one message of the transport as it is, such as `42["x"`."""
        await self._socketio.send_frame(message)

    async def say_bytes(self, raw: bytes) -> None:
        """Send bytes below the framing of a native WebSocket, valid frames or not."""
        await websocket_of(self.name, self.client).send_bytes(raw)

    async def acknowledge(self, received: Received) -> dict[str, Any]:
        """Acknowledge an event as the catalogue says, whether that is required or optional.

        What was sent, by name; nothing where the wire's callback does it.
        """
        event = self._behaviour.events.get(received.name)
        if event is not None and event.ack is not None and event.ack.by == CALLBACK and received.ack_id is not None:
            await self._socketio.ack(received, *event.ack.example())
            return {}
        acknowledgement = None if event is None else event.acknowledgement(received.payload)
        if event is None or event.ack is None or acknowledgement is None:
            raise UsageError(f"the catalogue has no acknowledgement for `{received.name}` as it came on {self.name}")
        await self.say(event.ack.by, acknowledgement)
        return acknowledgement

    async def settle(self) -> None:
        """Acknowledge all that has to be and was not, so that it does not come again in a later case."""
        if self.acknowledges or not self.is_open:
            return
        settled: list[Any] = []
        for received in self.received:
            event = self._behaviour.events.get(received.name)
            if event is None or event.ack is None or event.ack.level is not AckLevel.REQUIRED:
                continue
            if event.ack.by == CALLBACK and event.ack.retry is not None and received.ack_id is not None:
                await self.acknowledge(received)
            acknowledgement = event.acknowledgement(received.payload)
            if acknowledgement is not None and acknowledgement not in settled:
                settled.append(acknowledgement)
                await self.say(event.ack.by, acknowledgement)

    async def hears(self, name: str, where: Where | None = None, within: float | None = None) -> Received:
        """The next event of that name, and for which `where` holds, that was not awaited before.

        `within` is in seconds, the profile's `event_arrival` by default. Raises NotReceived, at once where the
        connection ends first.
        """
        try:
            return await self.client.expect(name, self._budgets.event_arrival if within is None else within, where)
        except NotReceived as missing:
            sentence = str(missing).replace("did not arrive", f"did not arrive on {self}", 1)
            missed = self._missed(f"no {name} until now")
            raise NotReceived(
                sentence, expected=missing.expected, observed=missing.observed, record=missed
            ) from missing

    async def hears_all(
        self, name: str, count: int, where: Where | None = None, within: float | None = None
    ) -> list[Received]:
        """The next `count` of them in the order in which they came; `within` is for all of them together."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + (self._budgets.event_arrival if within is None else within)
        return [await self.hears(name, where, max(deadline - loop.time(), 0.0)) for _ in range(count)]

    async def heartbeat(self, within: float | None = None) -> float:
        """When the next ping of Engine.IO comes; raises NotReceived after `within`, two intervals by default."""
        return await self._socketio.heartbeat(2 * self._budgets.heartbeat_interval if within is None else within)

    async def awaits(self, name: str, where: Where | None = None, within: float | None = None) -> Received:
        """As `hears`, where another case judges whether it comes: raises Inconclusive."""
        try:
            return await self.hears(name, where, within)
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

    async def ends(self, within: float | None = None) -> Closed:
        """How the server closed it; raises NotClosed after `within` seconds, the profile's `close` by default.

        With Socket.IO a DISCONNECT packet for the namespace is enough: the transport may stay open.
        """
        try:
            return self._by_the_server(await gone(self.client, self._budgets.close if within is None else within))
        except NotClosed as open_still:
            open_still.record = self._missed("still open")
            raise

    def _missed(self, what: str) -> Record:
        """Enter that something had to happen here, and has not: the place of a failure that no frame shows."""
        return self._history.add(Kind.NOTE, self.actor, connection=self.name, channel=self.channel, payload=what)

    async def reach(self) -> None:
        """Open the transport alone, so that `open` has only to ask for the namespace; raises as `open` does."""
        await self._socketio.reach()

    async def must_stay_out(self) -> None:
        """After a DISCONNECT packet: nobody comes back into the namespace on a transport that is still there.

        Raises ContractViolation where the server lets us in, or has sent something into the namespace since then;
        Inconclusive where it does not answer.
        """
        if self._socketio.violation is not None:
            raise self._socketio.violation
        if not self.has_transport:
            return
        with suppress(ConnectionRefused):
            await self._socketio.rejoin()
            raise ContractViolation(
                f"{self.name} was let into the namespace again, on the transport that it had",
                expected="a refusal, as of a new connection with the same token",
                observed="an open connection",
            )

    def _by_the_server(self, closed: Closed) -> Closed:
        if closed.by != "peer":
            raise Inconclusive(f"{self.name} was left by us: {closed.reason}")
        return closed

    async def close(self) -> None:
        """Say goodbye; harmless when repeated."""
        await self.client.close()

    def drop(self) -> None:
        """Cut the connection without a goodbye."""
        self.client.drop()

    @property
    def _socketio(self) -> SocketIOClient:
        return socketio_of(self.name, self.client)
