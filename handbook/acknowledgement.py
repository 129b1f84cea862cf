"""How an event is acknowledged, and when it is sent again, in words."""

from collections.abc import Iterator

from eventproof.catalog import Ack, AckLevel, Event, System
from eventproof.catalog.event import CALLBACK

from .fields import name_at
from .links import Links
from .markdown import code, compact, listed

__all__ = ["acknowledged_in_words", "in_words"]


def in_words(ack: Ack, system: System, links: Links) -> str:
    """By what, with which fields, and what happens where it does not come."""
    by = "the acknowledgement of the wire itself" if ack.by == CALLBACK else links.named(system, ack.by)
    fields = [*(f"{code(name)} = its {code(name_at(place))}" for name, place in ack.match.items())]
    fields += [f"{code(name)} = {compact(value)}" for name, value in ack.constants.items()]
    level = "must be acknowledged" if ack.level is AckLevel.REQUIRED else "may be acknowledged"
    told = f"{level} by {by}" + (f" with {listed(fields)}" if fields else "")
    if ack.retry is None:
        return f"{told}; it is never sent again"
    times = listed(f"{time:g}" for time in ack.retry.times())
    return f"{told}; until then it is sent again {times} s after the event, and no more after {ack.retry.within:g} s"


def acknowledged_in_words(answer: Event, system: System, links: Links) -> str:
    """What an event of a client acknowledges; empty where that is nothing."""
    return listed(links.event(event) for event in _acknowledged(answer, system))


def _acknowledged(answer: Event, system: System) -> Iterator[Event]:
    return (event for event in system.events if event.ack and event.ack.by == answer.name)
