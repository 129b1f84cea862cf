"""What one device says by an event of a client that causes something, and what it is answered: as a call elsewhere.

Where the contract has no acknowledgement by the wire nothing is waited for, and what was sent counts as accepted.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from eventproof.acknowledgement import is_refusal
from eventproof.catalog import Event
from eventproof.catalog.arguments import payload_of
from eventproof.catalog.event import CALLBACK
from eventproof.client.hub_connection import HubConnection
from eventproof.wire.connection import AckReceived

from .calls import CallAnswer
from .greenlets import AsyncResult

if TYPE_CHECKING:
    from .generator import Generator

__all__ = ["ACCEPTED", "REFUSED", "Saying", "is_answered"]

ACCEPTED: Final = 200
REFUSED: Final = 400


def is_answered(event: Event) -> bool:
    """Whether the wire acknowledges it."""
    return event.ack is not None and event.ack.by == CALLBACK


class Saying:
    """That of one device, over all its connections; `numbers` are the ids of what is to be acknowledged there."""

    __slots__ = ("_generator", "_numbers", "_waiting")

    def __init__(self, generator: "Generator", numbers: Iterator[int]) -> None:
        self._generator = generator
        self._numbers = numbers
        self._waiting: dict[int, AsyncResult] = {}

    def say(self, connection: HubConnection, event: Event, arguments: Sequence[Any], who: object) -> CallAnswer:
        """Send it, and wait for the answer where there is one; an answer without a status where none came in time."""
        if not is_answered(event):
            connection.emit(event.name, *arguments)
            return CallAnswer(ACCEPTED, None)
        number, answered = next(self._numbers), AsyncResult()
        self._waiting[number] = answered
        connection.emit(event.name, *arguments, ack_id=number)
        try:
            told: tuple[Any, ...] | None = answered.wait(self._generator.target.budgets.call)
        finally:
            self._waiting.pop(number, None)
        if told is None:
            return CallAnswer(0, None, f"{event.name} was not acknowledged")
        payload = payload_of(told)
        if event.ack is not None and not event.ack.fits(payload):
            self._generator.books.ledger.tally(event.name).invalid += 1
            self._generator.books.incident(str(who), f"the acknowledgement of {event.name} does not fit its contract")
        if is_refusal(told):
            return CallAnswer(REFUSED, payload, f"{event.name} was refused")
        return CallAnswer(ACCEPTED, payload)

    def acknowledged(self, ack: AckReceived) -> bool:
        """The server answered something; whether it was said here."""
        answered = self._waiting.get(ack.id)
        if answered is None:
            return False
        answered.set(ack.args)
        return True

    def lost(self) -> None:
        """The connection is gone: nobody knows what became of what was said."""
        for answered in self._waiting.values():
            answered.set(None)
