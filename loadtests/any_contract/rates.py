"""Which calls the swarm of any contract makes, how often, and what is made before them. Pure."""

from collections.abc import Container, Iterable, Mapping

from eventproof.catalog import Direction, Operation, System
from eventproof.catalog.placeholders import PLACEHOLDER
from eventproof.population import Population

__all__ = ["beyond_limits", "of_all", "rates", "removing", "told_apart_by"]


def rates(system: System, there: Container[str], said: Population, whole: float) -> Mapping[str, float]:
    """How often a second each call is made: as the profile says, else `whole` is shared by whatever causes anything.

    `there` are the operations of the target. What does something to a user that lasts, or has to be undone, is made
    only where it is named, and so is what has a connection in a room or out of it: all who come ask for their rooms.
    """
    if said.rates:
        return said.rates
    asking = {event.name for event in system.events if event.joins or event.leaves}
    causing = {trigger for event in system.events for trigger in event.certain}
    usual = [
        call.id for call in system.operations if call.id in causing - asking and call.id in there and _is_harmless(call)
    ]
    return dict.fromkeys(usual, whole / max(len(usual), 1))


def beyond_limits(system: System, made: Mapping[str, float], users: float) -> str:
    """What nobody may say so often, of what so many users make together at these rates; empty where nothing is."""
    for channel in system.channels:
        most = channel.limits.events_a_second
        said = {
            event.name for event in system.events if event.direction is Direction.RECEIVE and channel in event.channels
        }
        each = sum(rate for name, rate in made.items() if name in said) / users
        if 0 < most < each:
            return (
                f"each of {users:g} users who act would say {each:g} events a second on {channel.address}, and the "
                f"contract lets them say {most} (x-limits): have more users, or lower rates"
            )
    return ""


def _is_harmless(call: Operation) -> bool:
    """Whether nothing stays with a user when it was made."""
    has_to_be_undone = call.undone_by is not None and not call.undone_by.removes
    return call.ends is None and not call.lasts and not has_to_be_undone


def of_all(system: System, calls: Iterable[str]) -> tuple[Operation, ...]:
    """What is made once for everybody before these calls: what clients ask to be told of, and what that needs."""
    wanted = {name for event in system.events for name in PLACEHOLDER.findall(event.joins or "")} - set(system.chosen)
    found: dict[str, Operation] = {}
    for call in calls:
        for needed in system.before(call):
            if told := wanted & set(needed.answers):
                wanted -= told
                found |= {each.id: each for each in (*system.before(needed.id), needed)}
    return tuple(found.values())


def removing(system: System) -> set[str]:
    """The calls that take away what others are about: each is about things of its own."""
    undone_by = (call.undone_by for call in system.operations)
    undoing = {one.operation for one in undone_by if one is not None and one.removes}
    return {call.id for call in system.operations if call.needs and (call.method == "DELETE" or call.id in undoing)}


def told_apart_by(system: System) -> Mapping[str, str]:
    """By the names of events that keep an order: where their payloads say which of several about one thing they are."""
    return {
        event.name: event.correlate
        for event in system.events
        if event.correlate is not None and event.order_by not in (None, event.correlate)
    }
