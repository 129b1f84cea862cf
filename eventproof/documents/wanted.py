"""What a person says of how a document is to be read, where it does not tell, or tells it wrongly."""

from dataclasses import dataclass
from typing import Final

from eventproof.catalog import Direction, Wire

__all__ = ["AS", "VIEWS", "Wanted"]

VIEWS: Final = ("server", "client")
AS: Final = ("namespace", "event", "room")
"""What a channel of Socket.IO can be."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Each is None where it is to be read from the document."""

    wire: Wire | None = None
    view: str | None = None
    """Whose view the document takes: one of `VIEWS`."""
    channels: str | None = None
    """What a channel is on Socket.IO: one of `AS`."""
    namespace: str | None = None
    """Where the events are, when a channel is none."""
    name_at: str | None = None
    """Where a message has its event's name; empty: messages have none."""
    directions: tuple[tuple[str, Direction], ...] = ()
    """Who sends an event, of those of which the document does not say it."""

    def direction(self, event: str) -> Direction | None:
        """Who sends an event of that name, as far as the person says."""
        return dict(self.directions).get(event)
