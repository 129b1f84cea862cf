"""An event, as its contract has it: who hears it after which call, what it says, how it is acknowledged."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from .arguments import Arguments
from .audience import Audience
from .channel import Channel
from .placeholders import PLACEHOLDER, filled
from .pointer import reached
from .schema import Problem, Schema

__all__ = ["CALLBACK", "OWNER", "Ack", "AckLevel", "Counterexample", "Direction", "Event", "Retry"]

Json = Any
OWNER: Final = "userId"
"""The placeholder of an audience that may stand for the caller of a trigger."""
CALLBACK: Final = "callback"
"""How an event is acknowledged that the wire itself acknowledges."""


class Direction(StrEnum):
    """Who sends: `SEND` is server to client, as in AsyncAPI's view of the server."""

    SEND = "send"
    RECEIVE = "receive"


class AckLevel(StrEnum):
    """Whether the receiver of an event must acknowledge it."""

    OPTIONAL = "optional"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class Retry:
    """When what is not acknowledged is sent again: a first pause, each next one `factor` times longer; in seconds."""

    first: float
    factor: float
    longest: float
    """No pause is longer."""
    within: float
    """After the event; later nothing is sent again."""

    def times(self) -> Iterator[float]:
        """How long after the event each of its retries is sent."""
        pause, sent = self.first, 0.0
        while (sent := sent + min(pause, self.longest)) <= self.within:
            yield sent
            pause *= self.factor


@dataclass(frozen=True, slots=True)
class Ack:
    """How an event is acknowledged: by the `callback` of its wire, or by an event of this name sent back."""

    level: AckLevel
    by: str
    match: Mapping[str, str] = field(default_factory=dict, hash=False)
    """The fields of the acknowledging event, each with where it stands in what it acknowledges (a JSON pointer)."""
    retry: Retry | None = None
    """When an event whose acknowledgement is missing is sent again; None: never."""
    constants: Mapping[str, Json] = field(default_factory=dict, hash=False)
    """The fields that every acknowledging event has alike, such as `received: true`."""
    answer: Schema | None = None
    """What the arguments of a `callback` have to fit: the one, or the list; None: nothing is said."""
    takes_list: bool = False
    """Whether `answer` describes the list of the arguments."""

    def example(self) -> tuple[Json, ...]:
        """The arguments of a `callback` as the contract exemplifies them; none where it does not."""
        document = {} if self.answer is None else self.answer.document
        shown = next(iter(document.get("examples", ())), None)
        return () if shown is None else tuple(shown) if self.takes_list else (shown,)

    def fits(self, payload: Json) -> bool:
        """Whether what came with the callback fits; where nothing is said of it, it does."""
        return self.answer is None or _fits(self.answer, payload, self.takes_list)

    def explain(self, payload: Json) -> tuple[Problem, ...]:
        """Every reason why it does not."""
        return () if self.answer is None else _explained(self.answer, payload, self.takes_list)


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A payload that breaks one rule; `breaks` is the rule in words, `rule` its JSON pointer in the schema."""

    breaks: str
    rule: str
    payload: Json


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    """One message of a system, as its contract describes it; `channels` are those that carry it, the main one first."""

    system: str
    channels: tuple[Channel, ...]
    direction: Direction
    name: str
    summary: str
    schema: Mapping[str, Json]
    schema_path: Path
    examples: tuple[Json, ...]
    counterexamples: tuple[Counterexample, ...]
    """Those that the contract gives; `variants.broken` derives the others."""
    ack: Ack | None
    audience: tuple[str, ...]
    """Who receives it, in the grammar of `contracts/README.md`: `user:{userId}`, `role:admin`, `everyone`, …; all that
    any of its triggers has, where they differ."""
    order_by: str | None
    correlate: str | None
    triggers: tuple[str, ...]
    """The operations that cause it, or may."""
    _validator: Schema = field(repr=False)
    caused_by_owner: frozenset[str] = frozenset()
    """Those of the triggers whose caller is the `{userId}` of the audience."""
    at_times: frozenset[str] = frozenset()
    """Those of the triggers that cause it now and then: no one can tell from the call whether."""
    audiences: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Who receives it after each trigger, where that depends on the trigger."""
    possible: tuple[str, ...] = ()
    """Who else may receive it: no one can tell from the call whether."""
    joins: str | None = None
    """The room that a connection is in once it has sent this, and the server has not refused it."""
    leaves: str | None = None
    """The room that it is in no more."""
    takes_list: bool = False
    """Whether its schema describes the list of its arguments; otherwise its one argument."""
    spares: bool = False
    """Whether the connection that caused it is left out of its audience."""

    def is_valid(self, payload: Json) -> bool:
        """Whether the payload fits the contract; a few microseconds."""
        return _fits(self._validator, payload, self.takes_list)

    def explain(self, payload: Json) -> tuple[Problem, ...]:
        """Every reason why the payload does not fit; empty where it does. Slow: for people and reports."""
        return _explained(self._validator, payload, self.takes_list)

    def fields(self, payload: Json) -> Mapping[str, Json]:
        """What the payload says by name: the fields of its argument, or of those of its arguments that have any."""
        if self.takes_list and isinstance(payload, list):
            return {name: value for part in payload if isinstance(part, Mapping) for name, value in part.items()}
        return payload if isinstance(payload, Mapping) else {}

    @property
    def certain(self) -> tuple[str, ...]:
        """Those of the triggers that cause it whenever they are accepted."""
        return tuple(trigger for trigger in self.triggers if trigger not in self.at_times)

    @property
    def subject_name(self) -> str | None:
        """The name by which a call knows the id that ties the event to it: the last part of its place."""
        return None if self.correlate is None else self.correlate.rpartition("/")[2]

    @property
    def key_name(self) -> str | None:
        """The name by which a call knows the id within which the event keeps its order."""
        return None if self.order_by is None else self.order_by.rpartition("/")[2]

    @property
    def placeholders(self) -> tuple[str, ...]:
        """What the audience needs the values of."""
        return tuple(PLACEHOLDER.findall(" ".join((*self.audience, *self.possible))))

    def is_for(self, term: str) -> bool:
        """Whether this room, as the contract names it, is among those that may hear of it."""
        return term in (*self.audience, *self.possible)

    def channel_at(self, address: str) -> Channel | None:
        """That one of its channels which is at this address; None where none is."""
        return next((channel for channel in self.channels if channel.address == address), None)

    def audience_after(self, trigger: str | None, values: Mapping[str, object]) -> Audience:
        """Who is to receive what a call causes, or any of them where none is named.

        Its placeholders are filled from `values`: the call's parameters, its answer, the payload.
        """
        return Audience.of(self._terms(trigger), values)

    def lawful_after(self, trigger: str | None, values: Mapping[str, object]) -> Audience:
        """Likewise, with those who may receive it though no one can tell from the call whether."""
        return Audience.of((*self._terms(trigger), *self.possible), values)

    def _terms(self, trigger: str | None) -> tuple[str, ...]:
        return self.audience if trigger is None else self.audiences.get(trigger, self.audience)

    def room_of(self, template: str, payload: Json) -> str:
        """The room that one such event from a client joins or leaves: `joins` or `leaves`, filled from its argument.

        An argument that is no object stands for the one placeholder there. Raises KeyError where a field is missing.
        """
        names = PLACEHOLDER.findall(template)
        return filled(template, payload if isinstance(payload, Mapping) else dict.fromkeys(names, payload))

    def asking(self, template: str, known: Mapping[str, Json], people: Callable[[str], Json]) -> Json:
        """The argument with which a client asks for one room, `joins` filled; `people` gives the id of who has a role.

        Raises KeyError with the placeholder's name where neither what is `known` nor a role tells its value.
        """
        fields = self.schema.get("properties", {})
        is_object = bool(fields)

        def value(name: str) -> Json:
            role = (fields[name] if is_object else self.schema).get("x-role")
            return known[name] if name in known or role is None else people(role)

        values = {name: value(name) for name in PLACEHOLDER.findall(template)}
        if not is_object:
            return next(iter(values.values()), None)
        usual = next((example for example in self.examples if isinstance(example, Mapping)), {})
        return {name: usual[name] for name in self.schema.get("required", ()) if name in usual} | values

    def key(self, payload: Json) -> str | int | None:
        """The id within which the event keeps its order; None where it promises none, or the payload has no such id."""
        return _id(payload, self.order_by)

    def subject(self, payload: Json) -> str | int | None:
        """The id that ties the event to its cause; None where no id does, or the payload has no such id."""
        return _id(payload, self.correlate)

    def content(self, payload: Json) -> Json:
        """What the payload says, without the envelope of its channel: what is sent again may carry another time."""
        place = self.channels[0].envelope
        try:
            return payload if place is None else reached(payload, place)
        except KeyError:
            return payload

    def acknowledgement(self, payload: Json) -> dict[str, Json] | None:
        """The argument of the event that acknowledges this payload.

        None where none is sent: the event takes no acknowledgement or one by `callback`, or the payload lacks a field
        that the acknowledgement must name.
        """
        if self.ack is None or self.ack.by == CALLBACK:
            return None
        try:
            named = {name: reached(payload, place) for name, place in self.ack.match.items()}
        except KeyError:
            return None
        return {**named, **self.ack.constants}


def _fits(validator: Schema, payload: Json, takes_list: bool) -> bool:
    if takes_list:
        return validator.is_valid(_listed(payload))
    return validator.is_valid(payload) and not isinstance(payload, Arguments)


def _explained(validator: Schema, payload: Json, takes_list: bool) -> tuple[Problem, ...]:
    problems = validator.explain(_listed(payload) if takes_list else payload)
    if problems or takes_list or not isinstance(payload, Arguments):
        return problems
    return (Problem(path="", expected="one argument, which is a list", observed=f"{len(payload)} arguments", rule=""),)


def _listed(payload: Json) -> list[Json]:
    """The arguments, of which a single one stands for itself."""
    if isinstance(payload, Arguments):
        return list(payload)
    return [] if payload is None else [payload]


def _id(payload: Json, place: str | None) -> str | int | None:
    try:
        value = None if place is None else reached(payload, place)
    except KeyError:
        return None
    return value if isinstance(value, str | int) else None
