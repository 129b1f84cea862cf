"""Options: how a system uses a channel beyond carrying the events of its contract. The system gives them."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .connections import Connection

Said = tuple[str, Any]
"""An event's name, and its argument."""
EventHandler = Callable[[Connection, Any], Awaitable[Any]]
"""What an event from a client causes; its argument fits the contract.

It gives the argument of the acknowledgement that the client may have asked for, None for one without an argument, and
raises Refusal where it does not do what it is asked for. Rooms are joined and left in `Connections`; their names are
the system's to make, and never what a client says.
"""


def refusal_body(code: str, sentence: str) -> Any:
    """What an acknowledgement says of a refused event: the same as the body of a refused call."""
    return {"error": {"code": code, "message": sentence}}


@dataclass(frozen=True, slots=True)
class ChannelOptions:
    """The default is a channel on which the system says nothing of its own accord and forgets what it has said."""

    greeting: Callable[[Connection], Any] | None = None
    """The argument of the greeting that the contract gives the channel."""
    complaint: Callable[[str, str, str | None], Said] | None = None
    """The event for what goes wrong: made of a code of `errors.yaml`, a sentence, and the name of the event to blame.

    Without it, a refused event is answered in the acknowledgement that its client asked for, and otherwise not at all.
    """
    codes: Mapping[str, str] = field(default_factory=dict)
    """The system's codes of refusals, by ours; those that are not named stay as they are."""
    handlers: Mapping[str, EventHandler] = field(default_factory=dict)
    """What its clients' events cause, by their names; those that acknowledge or answer a heartbeat need no entry."""
    pushes: frozenset[str] = frozenset()
    """The events that go to the push outbox while their user is not connected."""
    rooms: Callable[[Mapping[str, str]], Iterable[str]] = lambda _: ()
    """The rooms of a new connection beside its user's and its role's, by the parameters of the channel's address."""
    replays: bool = False
    """Whether who comes back is sent what they may have missed, by what their heartbeats have proved."""
    resumes: bool = False
    """Whether events have ids, with which a client of a stream that comes back tells where it was."""

    @property
    def keeps(self) -> bool:
        """Whether what was sent has to be kept."""
        return self.replays or self.resumes
