"""Manners: how a channel behaves beyond carrying the events of its contract. Its system gives them."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from .connections import Connection

Said = tuple[str, Any]
"""An event's name, and its argument."""
Heard = Callable[[Connection, Any], Awaitable[None]]
"""What an event from a client causes; its argument fits the contract."""


@dataclass(frozen=True, slots=True)
class Manners:
    """The default is a channel that says nothing of its own accord and does not listen."""

    greets: Callable[[Connection], Said] | None = None
    """The first event of every connection."""
    complains: Callable[[str, str, str | None], Said] | None = None
    """The event for what goes wrong: made of a code of `errors.yaml`, a sentence, and the name of the event to blame.

    With it a channel listens: it takes the events that its contract lets clients send, and complains of all others.
    """
    codes: Mapping[str, str] = field(default_factory=dict)
    """The codes of refusals, by the codes that admission uses; those that are not named stay as they are."""
    heartbeat: str | None = None
    """The event that goes with each ping of the transport."""
    answer: str | None = None
    """The event with which clients answer it."""
    hears: Mapping[str, Heard] = field(default_factory=dict)
    """What its clients' events cause, by their names; those that acknowledge or answer need no entry."""
    pushes: frozenset[str] = frozenset()
    """The events that go to the push outbox while their user is not connected."""
    rooms: Callable[[Mapping[str, str]], Iterable[str]] = lambda _: ()
    """The rooms of a connection beside its user's and its role's, by the parameters of its channel's address."""
    resumes: bool = False
    """Whether events have ids, with which a client of a stream that comes back tells where it was."""


QUIET: Final = Manners()
