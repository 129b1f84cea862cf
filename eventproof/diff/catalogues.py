"""What changes from one catalogue to another: systems, channels, events, acknowledgements, audiences, calls. Pure.

Whatever a catalogue was read from, it is compared by what clients see: a channel by its name, an event by its channel,
its direction and its name, a call by its operationId.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from eventproof.catalog import AckLevel, Catalog, Channel, Direction, Event, Operation, System
from eventproof.catalog.pointer import at

from .rules import Change, Level, found
from .schemas import compared as schemas

__all__ = ["compared"]

_FROM: Final = {Direction.SEND: "from the server", Direction.RECEIVE: "from clients"}
_ORDER: Final = tuple(Level)


def compared(old: Catalog, new: Catalog) -> tuple[Change, ...]:
    """Every change from the old contracts to the new ones, the gravest first."""
    changes = list(_systems(old, new))
    return tuple(sorted(changes, key=lambda change: _ORDER.index(change.level)))


def _systems(old: Catalog, new: Catalog) -> Iterator[Change]:
    for name in dict.fromkeys((*old.systems, *new.systems)):
        if name not in new.systems:
            yield found("system-removed", name, "system")
        elif name not in old.systems:
            yield found("system-added", name, "system")
        else:
            yield from _System(name, old.systems[name], new.systems[name]).changes()


class _System:
    """One system in both, under one name."""

    def __init__(self, name: str, old: System, new: System) -> None:
        self._old, self._new, self._name = old, new, name

    def changes(self) -> Iterator[Change]:
        before, after = ({channel.name: channel for channel in each.channels} for each in (self._old, self._new))
        for name in dict.fromkeys((*before, *after)):
            where = f"channel {name}"
            if name not in after:
                yield self._found("channel-removed", where, before[name].address)
            elif name not in before:
                yield self._found("channel-added", where, new=after[name].address)
            else:
                yield from self._channels(before[name], after[name], where)
        yield from self._events(before.keys() & after.keys())
        yield from self._calls()
        yield from self._states()

    def _found(self, rule: str, where: str, old: Any = None, new: Any = None, *, taken: bool = False) -> Change:
        return found(rule, self._name, where, old, new, taken=taken)

    def _channels(self, before: Channel, after: Channel, where: str) -> Iterator[Change]:
        for rule, name in (
            ("channel-moved", "address"),
            ("channel-wire", "wire"),
            ("channel-auth", "auth"),
            ("channel-name-at", "name_at"),
            ("channel-greeting", "greeting"),
            ("channel-refusal", "refused_with"),
            ("channel-room", "room"),
        ):
            was, is_now = getattr(before, name), getattr(after, name)
            if was != is_now:
                yield self._found(rule, where, was, is_now)
        yield from self._limits(before, after, where)
        yield from self._beginning(before, after, where)
        everybody = ("everybody",)
        yield from self._roles("channel", before.roles or everybody, after.roles or everybody, where)

    def _limits(self, before: Channel, after: Channel, where: str) -> Iterator[Change]:
        for name in ("events_a_second", "event_bytes"):
            was, is_now = getattr(before.limits, name), getattr(after.limits, name)
            if was != is_now:
                is_raised = is_now == 0 or 0 < was < is_now
                rule = "channel-limit-raised" if is_raised else "channel-limit-lowered"
                yield self._found(rule, f"{where}, {name}", was or None, is_now or None)

    def _beginning(self, before: Channel, after: Channel, where: str) -> Iterator[Change]:
        for kind, was, is_now in (
            ("opening", before.opening, after.opening),
            ("heartbeat", before.heartbeat, after.heartbeat),
        ):
            if was == is_now:
                continue
            if was is None:
                yield self._found(f"channel-{kind}-added", where, None, str(is_now))
            elif is_now is None:
                yield self._found(f"channel-{kind}-removed", where, str(was))
            else:
                yield self._found(
                    "channel-opening-changed" if kind == "opening" else "channel-heartbeat",
                    where,
                    str(was),
                    str(is_now),
                )

    def _roles(self, what: str, was: Sequence[str], is_now: Sequence[str], where: str) -> Iterator[Change]:
        if (gone := set(was) - set(is_now)) and not _let_in(is_now, gone):
            yield self._found(
                f"{what}-role-narrowed" if what == "call" else f"{what}-roles-narrowed", where, sorted(gone)
            )
        if (come := set(is_now) - set(was)) and not _let_in(was, come):
            yield self._found(
                f"{what}-role-widened" if what == "call" else f"{what}-roles-widened", where, None, sorted(come)
            )

    # Events.

    def _events(self, channels: Iterable[str]) -> Iterator[Change]:
        """Those of channels that are in both; a channel that is gone or new has been told."""
        there = set(channels)
        before, after = (
            {key: event for event in each.events for key in _keys(event, there)} for each in (self._old, self._new)
        )
        told: set[tuple[int, int]] = set()
        for key in dict.fromkeys((*before, *after)):
            channel, direction, name = key
            where = f"event {name}, {_FROM[direction]}"
            if key not in after:
                yield self._found("event-removed", f"{where}, on {channel}", new=_successor(before[key], before, after))
            elif key not in before:
                yield self._found("event-added", f"{where}, on {channel}")
            elif (pair := (id(before[key]), id(after[key]))) not in told:
                told.add(pair)
                yield from self._event(before[key], after[key], where)

    def _event(self, before: Event, after: Event, where: str) -> Iterator[Change]:
        taken = before.direction is Direction.RECEIVE
        for change in schemas(before.schema, after.schema):
            yield self._found(change.rule, f"{where} {change.place}".rstrip(), change.old, change.new, taken=taken)
        yield from self._ack(before, after, where, taken=taken)
        yield from self._triggers(before, after, where)
        yield from self._audience(before, after, where)
        if before.order_by != after.order_by:
            yield self._found(
                "order-added" if before.order_by is None else "order-removed", where, before.order_by, after.order_by
            )
        if before.correlate != after.correlate:
            yield self._found("correlate-changed", where, before.correlate, after.correlate)
        if (before.joins, before.leaves) != (after.joins, after.leaves):
            yield self._found("joins-changed", where, [before.joins, before.leaves], [after.joins, after.leaves])

    def _ack(self, before: Event, after: Event, where: str, *, taken: bool) -> Iterator[Change]:
        was, is_now = before.ack, after.ack
        required = [ack is not None and ack.level is AckLevel.REQUIRED for ack in (was, is_now)]
        if required == [False, True]:
            yield self._found("ack-demanded", where, None, is_now.by if is_now else None, taken=taken)
        elif required == [True, False] or (taken and was is not None and is_now is None):
            yield self._found("ack-dropped", where, was.by if was else None, taken=taken)
        if was is None or is_now is None:
            return
        for rule, name in (("ack-by", "by"), ("ack-match", "match"), ("ack-retry", "retry")):
            one, other = getattr(was, name), getattr(is_now, name)
            if one != other:
                yield self._found(rule, where, _plain(one), _plain(other), taken=taken)
        one, other = (True if ack.answer is None else ack.answer.document for ack in (was, is_now))
        for change in schemas(one, other):  # it goes the other way
            here = f"{where}, its acknowledgement {change.place}".rstrip()
            yield self._found(change.rule, here, change.old, change.new, taken=not taken)

    def _triggers(self, before: Event, after: Event, where: str) -> Iterator[Change]:
        for trigger in dict.fromkeys((*before.triggers, *after.triggers)):
            if trigger not in after.triggers:
                yield self._found("trigger-removed", where, trigger)
            elif trigger not in before.triggers:
                yield self._found("trigger-added", where, None, trigger)
            elif (trigger in before.at_times) is not (trigger in after.at_times):
                yield self._found(
                    "trigger-uncertain" if trigger in after.at_times else "trigger-certain", where, None, trigger
                )

    def _audience(self, before: Event, after: Event, where: str) -> Iterator[Change]:
        """Of each trigger that both have; of the event where none tells."""
        both = [trigger for trigger in before.triggers if trigger in after.triggers]
        told: set[tuple[str, ...]] = set()
        triggers: list[str | None] = [*both] or [None]
        for trigger in triggers:
            was, is_now = (set(event.audiences.get(trigger or "", event.audience)) for event in (before, after))
            was_possible, is_possible = was | set(before.possible), is_now | set(after.possible)
            narrowed, widened = tuple(sorted(was - is_now)), tuple(sorted(is_possible - was_possible))
            if narrowed and ("narrowed", *narrowed) not in told:
                yield self._found("audience-narrowed", where, list(narrowed), sorted(is_now))
            if widened and ("widened", *widened) not in told:
                yield self._found("audience-widened", where, sorted(was_possible), list(widened))
            told |= {("narrowed", *narrowed), ("widened", *widened)}

    # Calls.

    def _calls(self) -> Iterator[Change]:
        before, after = ({call.id: call for call in each.operations} for each in (self._old, self._new))
        for name in dict.fromkeys((*before, *after)):
            where = f"call {name}"
            if name not in after:
                yield self._found("call-removed", where, f"{before[name].method} {before[name].path}")
            elif name not in before:
                yield self._found("call-added", where, None, f"{after[name].method} {after[name].path}")
            else:
                yield from self._call(before[name], after[name], where)

    def _states(self) -> Iterator[Change]:
        """The steps of each thing that has a table in both; one that a table comes to have promises more."""
        for thing in (name for name in self._old.states if name in self._new.states):
            was, is_now = (set(each.states[thing].steps) for each in (self._old, self._new))
            for rule, steps in (("state-step-removed", was - is_now), ("state-step-added", is_now - was)):
                for call, before, after in sorted(steps):
                    step = f"{before} -> {after}"
                    old, new = (step, None) if rule == "state-step-removed" else (None, step)
                    yield self._found(rule, f"states of {thing}, {call}", old, new)

    def _call(self, before: Operation, after: Operation, where: str) -> Iterator[Change]:
        was, is_now = f"{before.method} {before.path}", f"{after.method} {after.path}"
        if was != is_now:
            yield self._found("call-moved", where, was, is_now)
        yield from self._roles("call", before.roles, after.roles, where)
        if before.ends != after.ends:
            yield self._found("call-ends", where, before.ends, after.ends)
        if before.capability != after.capability and after.capability is not None:
            yield self._found("call-conditional", where, before.capability, after.capability)
        for name, place in before.answers.items():
            if after.answers.get(name) != place:
                yield self._found("call-answer-moved", where, {name: place}, {name: after.answers.get(name)})
        for code in sorted({*before.refusals} ^ {*after.refusals}):
            yield self._found(
                "call-refusal-added" if code in after.refusals else "call-refusal-removed", where, None, code
            )
        one, other = (_described(system, call) for system, call in ((self._old, before), (self._new, after)))
        yield from self._parameters(one, other, where)
        yield from self._bodies(one, other, where)

    def _parameters(self, one: Mapping[str, Any], other: Mapping[str, Any], where: str) -> Iterator[Change]:
        """Those beside the body; that one of the path is gone or new is told by the path."""
        was, is_now = _parameters(self._old, one), _parameters(self._new, other)
        for key in dict.fromkeys((*was, *is_now)):
            here = f"{where}, parameter {key[1]}"
            if key[0] == "path" and not (key in was and key in is_now):
                continue
            if key not in is_now:
                yield self._found("parameter-removed", here)
            elif key not in was:
                yield self._found("parameter-demanded" if is_now[key].get("required") else "parameter-added", here)
            else:
                if is_now[key].get("required") and not was[key].get("required"):
                    yield self._found("parameter-demanded", here)
                yield from self._schemas(
                    was[key].get("schema", True), is_now[key].get("schema", True), here, taken=True
                )

    def _bodies(self, one: Mapping[str, Any], other: Mapping[str, Any], where: str) -> Iterator[Change]:
        was, is_now = (
            _body(each, described.get("requestBody")) for each, described in ((self._old, one), (self._new, other))
        )
        if was is None and is_now is not None:
            yield self._found("parameter-demanded", f"{where}, its body")
        elif was is not None and is_now is None:
            yield self._found("parameter-removed", f"{where}, its body")
        elif was is not None and is_now is not None:
            yield from self._schemas(was, is_now, f"{where}, its body", taken=True)
        before, after = (
            {
                str(status): answer
                for status, answer in described.get("responses", {}).items()
                if str(status).startswith("2")
            }
            for described in (one, other)
        )
        for status in dict.fromkeys((*before, *after)):
            here = f"{where}, its answer {status}"
            if status not in after:
                yield self._found("status-removed", here)
            elif status not in before:
                yield self._found("status-added", here)
            else:
                old, new = _body(self._old, before[status]), _body(self._new, after[status])
                yield from self._schemas(True if old is None else old, True if new is None else new, here, taken=False)

    def _schemas(self, before: Any, after: Any, where: str, *, taken: bool) -> Iterator[Change]:
        one, other = _whole(self._old, before), _whole(self._new, after)
        for change in schemas(one, other):
            yield self._found(change.rule, f"{where} {change.place}".rstrip(), change.old, change.new, taken=taken)


def _let_in(roles: Sequence[str], others: set[str]) -> bool:
    """Whether whoever has one of the other roles is let in by these: `anyone` is, and with a session any `user`."""
    return "anyone" in roles or (bool({"everybody", "user"} & set(roles)) and "anyone" not in others)


def _keys(event: Event, channels: set[str]) -> Iterator[tuple[str, Direction, str]]:
    return ((channel.name, event.direction, event.name) for channel in event.channels if channel.name in channels)


_Key = tuple[str, Direction, str]


def _successor(gone: Event, before: Mapping[_Key, Event], after: Mapping[_Key, Event]) -> str | None:
    """The one new event that says the same: it may be the old one under another name."""
    new = [event for key, event in after.items() if key not in before and event.direction is gone.direction]
    alike = [event.name for event in new if not schemas(gone.schema, event.schema)]
    return f"perhaps it is {alike[0]} now" if len(set(alike)) == 1 else None


def _described(system: System, call: Operation) -> Mapping[str, Any]:
    item = system.openapi.get("paths", {}).get(call.path, {})
    described = item.get(call.method.lower(), {})
    return {**described, "parameters": [*item.get("parameters", ()), *described.get("parameters", ())]}


def _parameters(system: System, described: Mapping[str, Any]) -> dict[tuple[str, str], Mapping[str, Any]]:
    known = (_resolved(system, each) for each in described["parameters"])
    return {(each["in"], each["name"]): each for each in known}


def _body(system: System, described: Any) -> Any:
    """The schema of a body that is JSON; None where there is none."""
    content = _resolved(system, described or {}).get("content", {})
    return next(
        (each.get("schema", True) for kind, each in content.items() if kind.partition(";")[0].endswith("json")), None
    )


def _resolved(system: System, value: Any) -> Any:
    """What a local reference leads to; an empty table where that is nothing, or leads round in a circle."""
    followed: set[str] = set()
    while isinstance(value, Mapping) and isinstance(reference := value.get("$ref"), str):
        if reference in followed:
            return {}
        followed.add(reference)
        value = at(system.openapi, reference.removeprefix("#"))
    return value if isinstance(value, Mapping) else {}


def _whole(system: System, schema: Any) -> Any:
    """A schema with the components that it may refer to."""
    return {**schema, "components": system.openapi.get("components", {})} if isinstance(schema, Mapping) else schema


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | None) else str(value) if not isinstance(value, Mapping) else dict(value)
