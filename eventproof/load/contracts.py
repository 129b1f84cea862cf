"""The contracts of one process of a swarm: those of its target, once that is known. What channels carry."""

from typing import Final

from eventproof import catalog
from eventproof.catalog import Catalog, Direction, Event, System
from eventproof.target import Endpoint, Target

__all__ = ["contracts", "of_target", "sent"]

_known: Final[list[Catalog]] = []
"""Those of the target, as soon as there is one."""


def contracts() -> Catalog:
    """All systems; the profile's own among them, once its target is known."""
    return _known[-1] if _known else catalog.load()


def of_target(target: Target) -> None:
    """From now on the contracts of this process are those that its target may be about."""
    _known[:] = [target.catalog]


def sent(system: System, channel: Endpoint) -> dict[str, Event]:
    """What a server sends on a channel, by name."""
    return {
        event.name: event
        for event in system.events
        if event.direction is Direction.SEND and any(at.address == channel.known_as for at in event.channels)
    }
