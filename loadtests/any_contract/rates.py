"""Which calls the swarm of any contract makes, how often, and what is made before them. Pure."""

from collections.abc import Container, Iterable, Mapping

from eventproof.catalog import Direction, ErrorCode, Operation, System
from eventproof.catalog.placeholders import PLACEHOLDER
from eventproof.population import Population

__all__ = ["beyond_limits", "left_out", "of_all", "rates", "removing", "told_apart_by"]

_NOT_AS_THINGS_ARE = 409


def rates(
    system: System, there: Container[str], said: Population, whole: float, errors: Mapping[str, ErrorCode]
) -> Mapping[str, float]:
    """How often a second each call is made: as the profile says, else `whole` is shared by whatever causes anything.

    `there` are the operations of the target. What `left_out` names is made only where the profile names it, and so is
    what has a connection in a room or out of it: all who come ask for their rooms.
    """
    if said.rates:
        return said.rates
    out = left_out(system, there, said, errors)
    usual = [name for name in _causing(system, there) if name not in out]
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


def left_out(
    system: System, there: Container[str], said: Population, errors: Mapping[str, ErrorCode]
) -> Mapping[str, str]:
    """The calls that cause something and are not made unless they are named, each with why; none where any is named."""
    if said.rates:
        return {}
    reasons = ((name, _against(system, name, there, errors)) for name in _causing(system, there))
    return {name: reason for name, reason in reasons if reason}


def _causing(system: System, there: Container[str]) -> list[str]:
    asking = {event.name for event in system.events if event.joins or event.leaves}
    causing = {trigger for event in system.events for trigger in event.certain} - asking
    return [call.id for call in system.operations if call.id in causing and call.id in there]


def _against(system: System, name: str, there: Container[str], errors: Mapping[str, ErrorCode]) -> str:
    """Why a call is not made unasked; empty where nothing is against it."""
    for call in (*system.before(name), system.operation(name)):
        what = "it" if call.id == name else f"{call.id}, which comes before it,"
        back = call.undone_by
        if call.ends is not None:
            return f"{what} ends sessions"
        if call.lasts:
            return f"what {what} does stays until it is used up"
        if back is not None and not back.removes and back.operation not in there:
            return f"{what} does something to users, and {back.operation}, which undoes that, is not there"
        states = [code for code in call.refusals if errors[code].status == _NOT_AS_THINGS_ARE]
        if states and not call.needs and not call.unique:
            return f"{what} may be refused ({', '.join(states)}), and nothing says what has to come before"
    return ""


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
