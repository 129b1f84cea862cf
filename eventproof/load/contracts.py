"""The contracts, read once a process, before its test begins: that takes a fifth of a second. What channels carry."""

from functools import cache

from eventproof import catalog
from eventproof.catalog import Catalog, Direction, Event, System
from eventproof.target import Endpoint

__all__ = ["contracts", "sent"]


@cache
def contracts() -> Catalog:
    """All systems."""
    return catalog.load()


def sent(system: System, channel: Endpoint) -> dict[str, Event]:
    """What a server sends on a channel, by name."""
    return {
        event.name: event
        for event in system.events
        if event.direction is Direction.SEND and any(at.address == channel.known_as for at in event.channels)
    }
