"""One connection of a case, with the time that the profile gives each thing."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from eventproof.acknowledgement import is_refusal
from eventproof.catalog import AckLevel, Event, Operation
from eventproof.catalog.arguments import payload_of
from eventproof.catalog.event import CALLBACK
from eventproof.catalog.pointer import at
from eventproof.client.aio import (
    ChannelClient,
    Closed,
    ConnectionRefused,
    NotClosed,
    NotReceived,
    Received,
    SocketIOClient,
    SseClient,
    WebSocketClient,
    Where,
)
from eventproof.errors import ContractViolation, Inconclusive, UsageError
from eventproof.history import History, Kind, Record
from eventproof.target import Budgets
from eventproof.wire.connection import Recovery

from .beginning import Beginning
from .behaviour import Behaviour

__all__ = ["ACCEPTED", "GRACE", "REFUSED", "EndedAtOnce", "Line"]

ACCEPTED, REFUSED = 200, 400
"""The statuses that stand for how an event was acknowledged that causes something."""

GRACE = 0.3
"""Seconds in which a server that accepts everybody first, and then looks, would have ended a connection."""
_LOOK = 0.01
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
        if not isinstance(self.client, SseClient):
            raise UsageError(f"{self.name} is no stream")
        return self.client

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
        self._enter(Kind.JOINED, self._room)  # before it is open: an event may come with the answer
        await self.client.open()
        if self._begins is not None:
            await self._begin(self._begins)

    async def _begin(self, begins: Beginning) -> None:
        """Send what every client begins with; where a server acknowledges nothing, it has a moment to do it."""
        room = self._rooms_by(begins.event, begins.argument)[0]
        if not begins.is_acknowledged:
            self._enter(Kind.JOINS, room)
            await self.say(begins.event, begins.argument)
            with suppress(NotClosed):
                await self._gone(GRACE)
            self._enter(Kind.JOINED, room)
            return
        answer = await self.asks(begins.event, begins.argument)
        if answer is None:
            begins.missed += 1 if self.is_open else 0
            self._enter(Kind.JOINED, room)
        elif is_refusal(answer):
            raise Inconclusive(
                f"{self.name} is of no use: `{begins.event}` of {begins.argument!r}, with which every client begins, "
                f"was refused: {answer!r}"
            )

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
        causes = self._behaviour.causing.get(name)
        number = self._history.call() if causes is not None else None
        if causes is not None:
            given = self._parameters(causes, arguments) if parameters is None else dict(parameters)
            self._enter_call(Kind.CALLED, name, given, number)
        joins, leaves = self._rooms_by(name, payload_of(arguments))
        self._enter(Kind.JOINS, joins)
        self._enter(Kind.LEAVES, leaves)
        event = self._behaviour.asked.get(name)
        has_callbacks = isinstance(self.client, SocketIOClient)
        if (if_acknowledged or not has_callbacks) and (event is None or event.ack is None):
            await self.say(name, *arguments)
            if joins is not None and not has_callbacks:  # nothing tells when it is in the room: it has a moment
                with suppress(NotClosed):
                    await self._gone(GRACE)
            answer: tuple[Any, ...] = ()
        else:
            try:
                answer = await self._answered(event, name, arguments)
            except NotReceived as missing:
                if causes is not None:
                    self._enter_call(Kind.UNANSWERED, name, str(missing), number)
                return None
        if causes is not None:
            self._enter_call(Kind.ANSWERED, name, _answered_with(causes, answer), number)
        if is_refusal(answer):
            self._enter(Kind.LEFT, joins)
        else:
            self._enter(Kind.JOINED, joins)
            self._enter(Kind.LEFT, leaves)
        return answer

    def _enter_call(self, kind: Kind, name: str, payload: Any, number: int | None) -> None:
        self._history.add(
            kind, self.actor, connection=self.name, channel=self.channel, name=name, payload=payload, call=number
        )

    def _parameters(self, causes: Operation, arguments: tuple[Any, ...]) -> dict[str, Any]:
        """What was sent, by the names of the operation that it is."""
        event = self._behaviour.asked[causes.id]
        fields = event.fields(payload_of(arguments))
        return dict(fields) if fields else dict(zip(causes.parameters, arguments, strict=False))

    async def _answered(self, event: Event | None, name: str, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        """Send an event, and what acknowledges it: by the wire's callback, or by an event; raises NotReceived."""
        within = self._budgets.event_arrival
        if event is None or event.ack is None or event.ack.by == CALLBACK:
            return await self._socketio.call(name, *arguments, timeout=within)
        ack, sent = event.ack, payload_of(arguments)

        def is_it(received: Received) -> bool:
            return all(at(received.payload, f"/{field}") == at(sent, place) for field, place in ack.match.items())

        mark = len(self.received)
        await self.say(name, *arguments)
        return (await self._seen(ack.by, is_it, mark, within)).args

    async def _seen(self, name: str, where: Where, mark: int, within: float) -> Received:
        """The next event of that name after so many, which others may await still; raises NotReceived."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within
        while True:
            for event in self.received[mark:]:
                if event.name == name and where(event):
                    return event
            if loop.time() > deadline or not self.is_open:
                raise NotReceived(
                    f"`{name}` did not come on {self}", expected=f"{name} within {within:g} s", observed="none"
                )
            await asyncio.sleep(_LOOK)

    def _rooms_by(self, name: str, argument: Any) -> tuple[str | None, str | None]:
        """The room that such an event joins, and the one that it leaves; None where it does not, or names none."""
        event = self._behaviour.asked.get(name)
        return (
            (None, None)
            if event is None
            else (_room(event.joins, event, argument), _room(event.leaves, event, argument))
        )

    def _enter(self, kind: Kind, room: str | None) -> None:
        if room is not None:
            self._history.add(kind, self.actor, connection=self.name, channel=self.channel, name=room)

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
                closed = self._by_the_server(await self._gone(min(_GLANCE, self._budgets.connect - waited)))
                return EndedAtOnce(self.name, closed, loop.time() - opened)
            if self.received:
                return None
        return None

    async def must_stay(self, seconds: float) -> None:
        """Raise EndedAtOnce where the server ends it within so many seconds: then it was not accepted at all."""
        with suppress(NotClosed):
            raise EndedAtOnce(self.name, await self._gone(seconds), seconds)

    async def _gone(self, within: float) -> Closed:
        end = self.client.disconnected if isinstance(self.client, SocketIOClient) else self.client.closed
        return await end(within)

    async def say(self, name: str, *arguments: Any) -> None:
        """Send an event, with an argument or without one; raises NotSent where the server ended the connection."""
        await self._speaker.emit(name, *arguments)

    async def say_raw(self, message: str | bytes) -> None:
        """Send one message of the transport as it is, such as `42["x"`."""
        await self._socketio.send_frame(message)

    async def say_bytes(self, raw: bytes) -> None:
        """Send bytes below the framing of a native WebSocket, valid frames or not."""
        if not isinstance(self.client, WebSocketClient):
            raise UsageError(f"{self.name} is no native WebSocket")
        await self.client.send_bytes(raw)

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
        end = self.client.disconnected if isinstance(self.client, SocketIOClient) else self.client.closed
        try:
            return self._by_the_server(await end(self._budgets.close if within is None else within))
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
    def _speaker(self) -> SocketIOClient | WebSocketClient:
        if isinstance(self.client, SseClient):
            raise UsageError(f"{self.name} is a stream, on which nothing can be sent")
        assert isinstance(self.client, SocketIOClient | WebSocketClient)  # noqa: S101 - there are no others
        return self.client

    @property
    def _socketio(self) -> SocketIOClient:
        if not isinstance(self.client, SocketIOClient):
            raise UsageError(f"{self.name} is no Socket.IO connection")
        return self.client


def _answered_with(causes: Operation, answer: tuple[Any, ...]) -> dict[str, Any]:
    """The acknowledgement of what causes something, as the answer to a call."""
    body = payload_of(answer)
    says = {name: at(body, place) for name, place in causes.answers.items()}
    ids = {name: value for name, value in says.items() if isinstance(value, str | int) and not isinstance(value, bool)}
    return {"status": REFUSED if is_refusal(answer) else ACCEPTED, "body": body, "says": ids}


def _room(template: str | None, event: Event, argument: Any) -> str | None:
    try:
        return None if template is None else event.room_of(template, argument)
    except KeyError:
        return None
