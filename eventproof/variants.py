"""Payloads with one place changed: so that they break one rule of a schema, or stand at the edge of one."""

import json
import random
import string
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from . import samples
from .catalog import Counterexample, Event
from .catalog.arguments import Arguments
from .catalog.pointer import at, pointer, reached
from .samples import NONE, sample

__all__ = ["LARGEST", "Edge", "broken", "differing", "edges", "put_back", "with_kept"]

_BASES = 10
"""How many samples are broken beside the examples: for fields that no example has."""
_LONGEST_TEXT: Final = 20_000
_MOST_ITEMS: Final = 200
"""What a schema allows beyond is not tried: the frame is what has a limit then."""
LARGEST: Final = 2**53 - 1
"""The largest number that every language takes from JSON as it is."""
_TEXTS: Final = ("café naïve", "你好，世界", "שלום", "🦊👩‍👩‍👧", " two  spaces ", "<b>&amp;'\"\\", "a\nb\tc")
"""What people write: other scripts, from the right, letters of several code points, blanks, marks, lines."""
_FOX: Final = "🦊"
"""One letter to a schema, two to whoever counts in UTF-16, four bytes."""


@dataclass(frozen=True, slots=True)
class Edge:
    """A payload that a schema takes; `said` is the one place where it differs from a good one, and how, or nothing."""

    said: str
    payload: Any


def edges(event: Event, good: Any, kept: Callable[[str], bool], seed: int) -> tuple[Edge, ...]:
    """Payloads that the event's schema takes, each another one place away from a `good` one; the order is the seed's.

    The shortest and the longest text, the smallest and the largest number, few and many items, with and without each
    field that need not be there, each alternative, other scripts. What stands under a name that is `kept` stays: it
    names things that are there.
    """
    chance = random.Random(f"{event.system} {event.name} {seed}")  # noqa: S311 - repeatable, not secret
    table, fits = _Edges(event, kept, chance), _fitting(event)
    found: dict[str, tuple[int, str, Edge]] = {_text(good): (0, "", Edge("", good))}

    def look(base: Any, passed: Any = None) -> None:
        for rule, place, several in _walked(event.schema, event.schema, base, (), (), table.of, _ALL_PARTS):
            stays = any(isinstance(step, str) and kept(step) for step in place)
            if stays or at(passed, pointer(place)) is not None:
                continue
            for way, (said, value) in enumerate(several):
                payload = fits(_with(base, place, value))
                if payload is not NONE:
                    edge = Edge(f"{pointer(place) or 'the payload'}: {said}", payload)
                    found.setdefault(_text(payload), (way, rule, edge))

    look(good)
    for _, rule, edge in list(found.values()):
        if rule.endswith("/properties") and len(_text(edge.payload)) > len(_text(good)):
            look(edge.payload, passed=good)  # it has a field more, which has edges of its own
    order = list(found.values())[1:]
    chance.shuffle(order)
    return tuple(edge for _, _, edge in sorted(order, key=lambda each: each[0]))


def with_kept(good: Any, payload: Any, kept: Callable[[str], bool]) -> Any:
    """A payload with what a good one has under each name that is `kept`, and without the names that it lacks."""
    if isinstance(payload, list):
        beside = [*(good if isinstance(good, list) else ()), *[None] * len(payload)]
        return type(payload)(with_kept(one, inner, kept) for one, inner in zip(beside, payload, strict=False))
    if not isinstance(payload, dict):
        return payload
    there = good if isinstance(good, dict) else {}
    return {
        name: there[name] if kept(name) else with_kept(there.get(name), inner, kept)
        for name, inner in payload.items()
        if name in there or not kept(name)
    }


def differing(good: Any, payload: Any) -> list[str]:
    """The fields in which a payload differs from a good one; none where one of them has no fields."""
    if not (isinstance(good, dict) and isinstance(payload, dict)):
        return []
    return [name for name in {**good, **payload} if good.get(name, NONE) != payload.get(name, NONE)]


def put_back(good: Mapping[str, Any], payload: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A payload with one field as the good one has it."""
    others = {key: value for key, value in payload.items() if key != name}
    return {**others, name: good[name]} if name in good else others


def _fitting(event: Event) -> Callable[[Any], Any]:
    """A payload as it is sent, or `NONE` where the event's contract does not take it, or its channel's limits."""
    most = event.channels[0].limits.event_bytes

    def fits(payload: Any) -> Any:
        payload = Arguments(payload) if event.takes_list and isinstance(payload, list) else payload
        is_short = not most or len(json.dumps(payload)) <= most
        return payload if is_short and event.is_valid(payload) else NONE

    return fits


def broken(event: Event) -> tuple[Counterexample, ...]:
    """Payloads that each break one rule of the event's schema and no other, all different.

    A missing field, a value of another type, one below the minimum, and so on; `breaks` says where, and what was
    expected. What cannot be derived is not there: what `not`, `then` and `else` refuse, or what a text means.
    """
    found: dict[str, Counterexample] = {}
    done: set[tuple[str, int]] = set()
    for base in (*event.examples, *(sample(event, seed) for seed in range(_BASES))):
        for rule, place, ways in _walked(event.schema, event.schema, base, (), (), _breaking, ("allOf",)):
            for way, wrong in enumerate(ways):
                payload = _with(base, place, wrong)
                payload = Arguments(payload) if event.takes_list and isinstance(payload, list) else payload
                if (rule, way) in done or event.is_valid(payload):
                    continue
                problems = event.explain(payload)
                if [problem.rule for problem in problems] == [rule]:
                    done.add((rule, way))
                    said = f"{problems[0].path or 'The payload'}: expected {problems[0].expected}"
                    found.setdefault(_text(payload), Counterexample(said, rule, payload))
    return tuple(found.values())


_Place = tuple[str | int, ...]
_Ways = tuple[str, _Place, Iterable[Any]]
"""A rule (a JSON pointer into the schema), a place in the payload, and values that are to stand there."""
_Table = Callable[[str, Any, Mapping[str, Any], Any], Iterable[Any]]
"""Those values by a keyword, what it asks for, the schema that it is in, and the value that stands there."""
_ALL_PARTS: Final = ("allOf", "anyOf", "oneOf")
_OF_EACH_TYPE: tuple[Any, ...] = (None, True, 7, 0.5, "none", [], {})
_NEAR_MISSES: Mapping[str, tuple[str, ...]] = {
    "date-time": ("2026-03-14T09:26:53", "2026-03-14", "2026-13-14T09:26:53Z"),
    "date": ("03/14/2026", "2026-02-30"),
    "time": ("09:26:53", "25:00:00Z"),
    "ipv4": ("256.0.0.1",),
    "ipv6": ("1::2::3",),
}
"""What people write who know a format by hearsay."""


def _walked(
    document: Mapping[str, Any],
    schema: Any,
    value: Any,
    rule: _Place,
    place: _Place,
    table: _Table,
    parts: Collection[str],
) -> Iterator[_Ways]:
    """The ways of a table for each rule that a schema and these parts of it have for a value, and for what is in it."""
    if isinstance(schema, bool):
        return
    if "$ref" in schema:
        target = reached(document, schema["$ref"].removeprefix("#"))
        yield from _walked(document, target, value, rule, place, table, parts)
        return

    def inside(part: Any, inner: Any, steps: _Place, to: _Place) -> Iterator[_Ways]:
        return _walked(document, part, inner, (*rule, *steps), (*place, *to), table, parts)

    for keyword, asked in schema.items():
        yield pointer((*rule, keyword)), place, table(keyword, asked, schema, value)
    for keyword in parts:
        for number, part in enumerate(schema.get(keyword, ())):
            yield from inside(part, value, (keyword, number), ())
    items = schema.get("items")
    if isinstance(value, dict):
        for name, part in schema.get("properties", {}).items():
            if name in value:
                yield from inside(part, value[name], ("properties", name), (name,))
    if isinstance(value, list) and isinstance(items, list):
        for number, (part, inner) in enumerate(zip(items, value, strict=False)):
            yield from inside(part, inner, ("items", number), (number,))
    if isinstance(value, list) and value and isinstance(items, dict):
        yield from inside(items, value[0], ("items",), (0,))


def _breaking(keyword: str, asked: Any, schema: Mapping[str, Any], value: Any) -> Iterable[Any]:
    """Values near this one that may break what a keyword asks for; the same number of them for any value."""
    match keyword, value:
        case "required", dict():
            return [{key: part for key, part in value.items() if key != name} for name in asked]
        case "additionalProperties", dict():
            return [{**value, "unheardOf": 7}]
        case "minProperties", dict():
            return [dict(list(value.items())[: asked - 1])]
        case "const" | "enum" | "pattern", str():
            return [f"{value}.", f"x{value}", value.swapcase(), value[:-1], "", *_OF_EACH_TYPE]
        case "format", _:
            return [*_NEAR_MISSES.get(asked, ()), "none", " "]
        case "anyOf" | "oneOf", _:
            named = [part["format"] for part in asked if isinstance(part, dict) and "format" in part]
            return [*(wrong for name in named for wrong in _NEAR_MISSES.get(name, ())), *_OF_EACH_TYPE]
        case "type" | "const" | "enum", _:
            return _OF_EACH_TYPE
        case "minLength", str():
            return [value[: max(asked - 1, 0)]]
        case "maxLength", str():
            more = "x" * (asked + 1 - len(value))
            return [value + more, value[:-1] + more + value[-1:], value[:1] + more + value[1:]]
        case "minimum" | "exclusiveMinimum", _:
            return [asked - 1, asked]
        case "maximum" | "exclusiveMaximum", _:
            return [asked + 1, asked]
        case "multipleOf", _:
            return [asked / 2, asked + 1]
        case "minItems", list():
            return [value[: max(asked - 1, 0)]]
        case "maxItems", list():
            return [[*value, *value[:1] * (asked + 1 - len(value))]]
        case "uniqueItems", list():
            return [value[:1] * max(2, schema.get("minItems", 2))]
    return []


def _with(payload: Any, place: _Place, value: Any) -> Any:
    """The payload with another value at a place."""
    if not place:
        return value
    changed: Any = list(payload) if isinstance(payload, list) else dict(payload)
    changed[place[0]] = _with(payload[place[0]], place[1:], value)
    return changed


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


_Said = tuple[str, Any]
"""What is special about a value, and the value."""
_OF_FORMAT: Final[Mapping[str, tuple[_Said, ...]]] = {
    "date-time": (
        ("a leap day, its last second", "2028-02-29T23:59:59Z"),
        ("another zone", "2026-03-14T09:26:53+14:00"),
        ("microseconds", "2026-03-14T09:26:53.589793Z"),
    ),
    "date": (("a leap day", "2028-02-29"), ("a year's last day", "2026-12-31")),
    "time": (("a day's last second", "23:59:59Z"), ("another zone", "00:00:00-11:00")),
    "email": (("a tag and a short name", "a.b+c@d.example.org"),),
    "ipv6": (("as short as can be", "::1"),),
    "uri": (("a query and a fragment", "https://example.org:8443/a%20b?c=d&e#f"),),
}


class _Edges:
    """What is at the edge of each keyword, for one event. What does not fit after all is thrown away by who asks."""

    def __init__(self, event: Event, kept: Callable[[str], bool], chance: random.Random) -> None:
        self._event = event
        self._kept = kept
        self._chance = chance

    def of(self, keyword: str, asked: Any, schema: Mapping[str, Any], value: Any) -> Iterable[_Said]:
        """Each value with what is special about it; none for what is no edge."""
        has_null = keyword == "type" and isinstance(asked, list) and "null" in asked
        return [*self._near(keyword, asked, schema, value), *([("null", None)] if has_null else [])]

    def _near(self, keyword: str, asked: Any, schema: Mapping[str, Any], value: Any) -> Iterable[_Said]:
        match keyword, value:
            case "properties", dict():
                return self._fields(asked, schema, value)
            case "minLength", str() if asked <= _LONGEST_TEXT:
                return [(f"a text of {asked}, as short as it may be", self._letters(asked))]
            case "maxLength", str() if asked <= _LONGEST_TEXT:
                long = f"a text of {asked}, as long as it may be"
                return [(long, self._letters(asked)), (f"{long}, each beyond 16 bits ({_FOX})", _FOX * asked)]
            case "type", str():
                return self._texts(schema)
            case "type", bool():
                return [("the other one", not value)]
            case "type", int() | float():
                return self._numbers(schema)
            case "minimum", int() | float():
                return [("as small as it may be", asked)]
            case "maximum", int() | float():
                return [("as large as it may be", asked)]
            case "exclusiveMinimum", int():
                return [("as small as it may be", asked + schema.get("multipleOf", 1))]
            case "exclusiveMaximum", int():
                return [("as large as it may be", asked - schema.get("multipleOf", 1))]
            case "type", list():
                return [] if schema.get("minItems") else [("empty", [])]
            case "minItems", list():
                return [(f"{asked} of them, as few as may be", value[:asked])]
            case "maxItems", list() if asked <= _MOST_ITEMS and value:
                more = [value[0]] * (asked - len(value))
                return [(f"{asked} of them, as many as may be", [*value, *more])]
            case "enum", _:
                return [(f"another one of its values, {json.dumps(each)}", each) for each in self._some(asked)]
            case "format", str():
                return _OF_FORMAT.get(asked, ())
            case "anyOf" | "oneOf", _:
                made = [self._made(each) for each in asked]
                return [
                    (f"alternative {number} of {keyword}", each)
                    for number, each in enumerate(made, 1)
                    if not any(map(self._kept, _names(each)))
                ]
        return []

    def _fields(
        self, described: Mapping[str, Any], schema: Mapping[str, Any], value: dict[str, Any]
    ) -> Iterator[_Said]:
        for name in described:
            if name in schema.get("required", ()) or self._kept(name):
                continue
            if name in value:
                left = {key: each for key, each in value.items() if key != name}
                yield f"without {name}, which need not be there", left
            elif not any(map(self._kept, _names(made := self._made(described[name])))):
                yield f"with {name}, which may be there", {**value, name: made}

    def _made(self, schema: Any) -> Any:
        return samples.part(self._event, schema, self._chance.randrange(2**32))

    def _letters(self, count: int) -> str:
        return "".join(self._chance.choices(string.ascii_letters, k=count))

    def _texts(self, schema: Mapping[str, Any]) -> list[_Said]:
        if {"enum", "const", "format", "pattern"} & set(schema):
            return []
        least, most = schema.get("minLength", 0), schema.get("maxLength", _LONGEST_TEXT)
        found = []
        for text in self._some(_TEXTS):
            fitted = (text * (least // len(text) + 1) if len(text) < least else text)[:most]
            found.append((f"the text {json.dumps(fitted[:40], ensure_ascii=False)}", fitted))
        return [*found, *([] if "minLength" in schema else [("an empty text", "")])]

    @staticmethod
    def _numbers(schema: Mapping[str, Any]) -> list[_Said]:
        """Those that a schema without bounds takes, too."""
        has_least, has_most = (
            any(word in schema for word in words)
            for words in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum"))
        )
        step = schema.get("multipleOf", 1)
        found: list[_Said] = (
            [] if has_most or not isinstance(step, int) else [("a large number", LARGEST // step * step)]
        )
        return found if has_least else [*found, ("zero", 0), ("below zero", -step)]

    def _some(self, values: Collection[Any]) -> list[Any]:
        """All of them, in an order of the seed's."""
        return self._chance.sample([*values], len(values))


def _names(value: Any) -> Iterator[str]:
    """The names of all fields in it, at any depth."""
    if isinstance(value, dict):
        yield from value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _names(inner)
