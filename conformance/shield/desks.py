"""The admins at their desks: connections to which events for admins have to come."""

from eventproof.conform.case import Line, Stage

__all__ = ["desks"]


async def desks(stage: Stage) -> list[Line]:
    """A connection of one admin over every transport, and one of another admin: all of them are connected admins."""
    first, second = await stage.admins(2)
    return [*[await first.connect(transport) for transport in stage.transports], await second.connect()]
