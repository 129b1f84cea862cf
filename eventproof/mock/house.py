"""The clients that a mock has, on whatever wire, and what it tells them; a line for a person of all that happens."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from eventproof import samples
from eventproof.catalog import Channel, Event
from eventproof.report.visible import shown

from . import payloads
from .calls import Found, Reply
from .script import Cause, Heard, Hearer, Script

__all__ = ["FULL", "LARGEST", "MOST_CLIENTS", "Client", "House", "Say", "Sender", "Tally"]

MOST_CLIENTS: Final = 1000
"""So many connections a mock has at once."""
LARGEST: Final = 100_000
"""Bytes of what a client sends at once: what it causes may wait for each of the others."""
FULL: Final = f"a mock has room for {MOST_CLIENTS} connections"
_LONGEST: Final = 400
Say = Callable[[str], None]


class Sender(Protocol):
    """How one client is reached."""

    async def __call__(self, event: Event, payload: Any, /) -> bool:
        """Send an event; False where too much waits for this client already."""


@dataclass(slots=True, eq=False)
class Client:
    """One connection to one channel."""

    hearer: Hearer
    send: Sender
    is_greeted: bool = False
    """Whether it was told what its channel tells first: it hears nothing else before."""
    misses: bool = False
    """Whether somebody was told that it reads too slowly."""


@dataclass(slots=True)
class Tally:
    """How much happened."""

    told: int = 0
    heard: int = 0
    wrong: int = 0

    def __str__(self) -> str:
        return f"told {self.told}, heard {self.heard}, of which {self.wrong} broke the contract"


@dataclass(slots=True)
class House:
    """All clients of one mock; with another `seed` other things are made up."""

    script: Script
    say: Say
    seed: int = 0
    tally: Tally = field(default_factory=Tally)
    _clients: dict[Client, None] = field(default_factory=dict)
    _turns: Counter[str] = field(default_factory=Counter)
    """How often each event was told; under the empty name, how many were heard."""

    @property
    def is_full(self) -> bool:
        """Whether nobody else is let in."""
        return len(self._clients) >= MOST_CLIENTS

    def enter(self, channel: Channel, parameters: Mapping[str, str], send: Sender) -> Client:
        """A client has connected; it is to be greeted once it can be reached."""
        client = Client(Hearer(channel, parameters), send)
        self._clients[client] = None
        self.note("joined", f"{_place(channel, parameters)}: {len(self._clients)} connected")
        return client

    async def greet(self, client: Client) -> None:
        """Tell a client what its channel tells everybody first."""
        greeting = self.script.greeting(client.hearer.channel)
        if greeting is not None:
            known = self.script.knows(greeting, client.hearer, Cause(by=client.hearer)) or {}
            said = payloads.fitted(greeting, payloads.said(greeting, self._turn(greeting.name)), known)
            self.tally.told += await client.send(greeting, said)
        client.is_greeted = True

    def leave(self, client: Client) -> None:
        """A client has gone; harmless when repeated."""
        if client in self._clients:
            del self._clients[client]
            where = _place(client.hearer.channel, client.hearer.parameters)
            self.note("left", f"{where}: {len(self._clients)} connected")

    async def hear(self, client: Client, name: str, payload: Any) -> Heard:
        """A client sent an event: what comes of it; an acknowledgement by callback is the caller's to send."""
        channel = client.hearer.channel
        heard = self.script.heard(channel, name, payload, self._turn(""))
        if heard.wrong:
            self.complain(f"{name} on {channel.address}: {heard.wrong}")
        else:
            self.note("heard", f"{name} on {channel.address}")
        self.tally.heard += 1
        client.hearer.follow(heard)
        if heard.reply is not None:
            self.tally.told += await client.send(*heard.reply)
        for event in heard.caused:
            await self.tell(event, Cause(name, client.hearer, heard.known))
        return heard

    async def called(self, found: Found, body: bytes) -> Reply:
        """A call was made: what it is answered with, once all that follows from it was told."""
        operation = found.call.operation
        reply = found.answer(body, self._turn(operation.id))
        self.tally.heard += 1
        if reply.wrong:
            self.complain(f"{operation.id}: {reply.wrong}")
            return reply
        self.note("called", f"{operation.id}: {reply.status}")
        for event in self.script.caused_by(operation.id):
            await self.tell(event, Cause(operation.id, known=reply.known))
        return reply

    def complain(self, sentence: str) -> None:
        """Say what is wrong with something that a client did."""
        self.tally.wrong += 1
        self.note("WRONG", sentence)

    async def tell(self, event: Event, cause: Cause, payload: Any = samples.NONE, *, quietly: bool = False) -> int:
        """Tell everybody whom an event is for, with this payload or a made-up one, and say to how many.

        Where it is done `quietly`, nothing is said of what nobody hears.
        """
        made = payloads.said(event, self._turn(event.name)) if payload is samples.NONE else payload
        reached = 0
        for client in tuple(self._clients):
            known = self.script.knows(event, client.hearer, cause) if client.is_greeted else None
            if known is None:
                continue
            said = payloads.fitted(event, made, known) if payload is samples.NONE else payload
            if await client.send(event, said):
                reached += 1
            elif not client.misses:
                client.misses = True
                self.note(
                    "slow", f"{client.hearer.channel.address}: a client reads too slowly, and misses what is told"
                )
        self.tally.told += reached
        if reached or not quietly:
            self.note("told", f"{event.name} to {reached or 'nobody'}")
        return reached

    def _turn(self, name: str) -> int:
        self._turns[name] += 1
        return self.seed + self._turns[name] - 1

    def note(self, what: str, sentence: str) -> None:
        """Say in a line what happened."""
        self.say(f"{what:<7} {shown(sentence, _LONGEST)}")


def _place(channel: Channel, parameters: Mapping[str, str]) -> str:
    values = ", ".join(f"{name} = {value}" for name, value in parameters.items())
    return f"{channel.address} ({channel.wire})" + (f" with {values}" if values else "")
