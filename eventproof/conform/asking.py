"""What is asked over a connection by events: what joins rooms, leaves them, causes something, or is acknowledged.

All of it is entered in the history as what it means, beside the frames.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from eventproof.acknowledgement import is_refusal
from eventproof.catalog import Event, Operation
from eventproof.catalog.arguments import payload_of
from eventproof.catalog.event import CALLBACK
from eventproof.catalog.pointer import at
from eventproof.client.aio import ChannelClient, NotClosed, NotReceived, Received, SocketIOClient, Where
from eventproof.errors import Inconclusive
from eventproof.history import History, Kind

from .beginning import Beginning
from .behaviour import Behaviour
from .clients import gone, socketio_of, speaker_of

__all__ = ["ACCEPTED", "GRACE", "REFUSED", "Asking"]

ACCEPTED, REFUSED = 200, 400
"""The statuses that stand for how an event was acknowledged that causes something."""

GRACE = 0.3
"""Seconds in which a server that tells nothing of it would have done what it was asked, or ended the connection."""
_LOOK = 0.01


class Asking:
    """That of one connection; `name` is what the history calls it, an answer may take `within` seconds."""

    def __init__(
        self, name: str, client: ChannelClient, behaviour: Behaviour, history: History, channel: str, within: float
    ) -> None:
        self._name = name
        self._actor = name.partition("/")[0]
        self._client = client
        self._behaviour = behaviour
        self._history = history
        self._channel = channel
        self._within = within

    async def begin(self, begins: Beginning) -> None:
        """Send what every client begins with; where a server acknowledges nothing, it has a moment to do it.

        Raises Inconclusive where it is refused.
        """
        room = self._rooms_by(begins.event, begins.argument)[0]
        if not begins.is_acknowledged:
            self.enter(Kind.JOINS, room)
            await self._say(begins.event, begins.argument)
            await self._has_a_moment()
            self.enter(Kind.JOINED, room)
            return
        answer = await self.asks(begins.event, begins.argument)
        if answer is None:
            begins.missed += 1 if self._client.is_open else 0
            self.enter(Kind.JOINED, room)
        elif is_refusal(answer):
            raise Inconclusive(
                f"{self._name} is of no use: `{begins.event}` of {begins.argument!r}, with which every client begins, "
                f"was refused: {answer!r}"
            )

    async def asks(
        self,
        name: str,
        *arguments: Any,
        if_acknowledged: bool = False,
        parameters: Mapping[str, Any] | None = None,
    ) -> tuple[Any, ...] | None:
        """As `Line.asks`."""
        causes = self._behaviour.causing.get(name)
        number = self._history.call() if causes is not None else None
        if causes is not None:
            given = self._parameters(causes, arguments) if parameters is None else dict(parameters)
            self._enter_call(Kind.CALLED, name, given, number)
        joins, leaves = self._rooms_by(name, payload_of(arguments))
        self.enter(Kind.JOINS, joins)
        self.enter(Kind.LEAVES, leaves)
        event = self._behaviour.asked.get(name)
        has_callbacks = isinstance(self._client, SocketIOClient)
        if (if_acknowledged or not has_callbacks) and (event is None or event.ack is None):
            await self._say(name, *arguments)
            if joins is not None and not has_callbacks:  # nothing tells when it is in the room
                await self._has_a_moment()
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
            self.enter(Kind.LEFT, joins)
        else:
            self.enter(Kind.JOINED, joins)
            self.enter(Kind.LEFT, leaves)
        return answer

    def enter(self, kind: Kind, room: str | None) -> None:
        """Enter what becomes of a room, where there is one."""
        if room is not None:
            self._history.add(kind, self._actor, connection=self._name, channel=self._channel, name=room)

    async def _say(self, name: str, *arguments: Any) -> None:
        await speaker_of(self._name, self._client).emit(name, *arguments)

    async def _has_a_moment(self) -> None:
        with suppress(NotClosed):
            await gone(self._client, GRACE)

    def _enter_call(self, kind: Kind, name: str, payload: Any, number: int | None) -> None:
        self._history.add(
            kind, self._actor, connection=self._name, channel=self._channel, name=name, payload=payload, call=number
        )

    def _parameters(self, causes: Operation, arguments: tuple[Any, ...]) -> dict[str, Any]:
        """What was sent, by the names of the operation that it is."""
        event = self._behaviour.asked[causes.id]
        fields = event.fields(payload_of(arguments))
        return dict(fields) if fields else dict(zip(causes.parameters, arguments, strict=False))

    async def _answered(self, event: Event | None, name: str, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        """Send an event, and what acknowledges it: by the wire's callback, or by an event; raises NotReceived."""
        if event is None or event.ack is None or event.ack.by == CALLBACK:
            return await socketio_of(self._name, self._client).call(name, *arguments, timeout=self._within)
        ack, sent = event.ack, payload_of(arguments)

        def is_it(received: Received) -> bool:
            return all(at(received.payload, f"/{field}") == at(sent, place) for field, place in ack.match.items())

        mark = len(self._client.received)
        await self._say(name, *arguments)
        return (await self._seen(ack.by, is_it, mark)).args

    async def _seen(self, name: str, where: Where, mark: int) -> Received:
        """The next event of that name after so many, which others may await still; raises NotReceived."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._within
        while True:
            for event in self._client.received[mark:]:
                if event.name == name and where(event):
                    return event
            if loop.time() > deadline or not self._client.is_open:
                raise NotReceived(
                    f"`{name}` did not come on {self._name}",
                    expected=f"{name} within {self._within:g} s",
                    observed="none",
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
