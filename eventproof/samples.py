"""Payloads made up from the schemas: valid ones, seeded and realistic where a format says what is meant, and broken."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from typing import Any, Final

from faker import Faker

from .catalog import Ack, Counterexample, Event
from .catalog.arguments import Arguments
from .catalog.pointer import pointer, reached
from .catalog.schema import Schema

__all__ = ["NONE", "acknowledged", "broken", "made_up", "sample", "shaped"]

NONE: Final = object()
"""Stands for no payload."""

_ATTEMPTS = 20
_BASES = 10
"""How many samples are broken beside the examples: for fields that no example has."""
_LONGEST_ARRAY = 3
_DEEPEST = 8
"""Below, what need not be there is left out: a schema may be about itself."""
_BOTTOM = 40
_YEAR = (date(2026, 1, 1), date(2026, 12, 31))
"""When made-up things happen: not in relation to today, or one seed would give other payloads tomorrow."""
_TEXT_BY_FORMAT: Mapping[str, Callable[[Faker], str]] = {
    "date-time": lambda fake: fake.date_time_between(*_YEAR).isoformat(timespec="milliseconds") + "Z",
    "date": lambda fake: str(fake.date_between(*_YEAR)),
    "time": lambda fake: str(fake.time()) + "Z",
    "email": lambda fake: str(fake.safe_email()),
    "hostname": lambda fake: str(fake.hostname()),
    "ipv4": lambda fake: str(fake.ipv4()),
    "ipv6": lambda fake: str(fake.ipv6()),
    "uri": lambda fake: str(fake.url()),
}


def sample(event: Event, seed: int) -> Any:
    """A payload that the event's contract takes; the same for the same seed.

    What the schema's parts say together may be more than each says alone (a pattern without examples, a `not`):
    a draft that does not fit is thrown away, and after some of them one of the event's own examples serves.
    """
    payload = made_up(event, seed)
    return _faker().random_element(event.examples) if payload is NONE else payload


def made_up(event: Event, seed: int) -> Any:
    """A payload out of the event's schema alone; `NONE` where no draft fits it."""
    fake = _faker()
    fake.seed_instance(f"{event.system} {event.name} {seed}")
    return _drafted(fake, event.schema, event.is_valid, takes_list=event.takes_list)


def acknowledged(ack: Ack, seed: int) -> Any:
    """What comes with a callback, as `made_up` gives it; None where the contract says nothing of it."""
    if ack.answer is None:
        return None
    fake = _faker()
    fake.seed_instance(f"acknowledgement {seed}")
    return _drafted(fake, ack.answer.document, ack.fits, takes_list=ack.takes_list)


def shaped(schema: Schema, seed: str) -> Any:
    """A value that a schema takes; `NONE` where no draft fits it."""
    fake = _faker()
    fake.seed_instance(seed)
    return _drafted(fake, schema.document, schema.is_valid, takes_list=False)


def _drafted(fake: Faker, schema: Mapping[str, Any], fits: Callable[[Any], bool], *, takes_list: bool) -> Any:
    draft = _Draft(fake, schema)
    root = {keyword: value for keyword, value in schema.items() if keyword != "examples"}
    for _ in range(_ATTEMPTS):
        value = draft.value(root) if _says_anything(root) else None
        payload = Arguments(value) if takes_list and isinstance(value, list) else value
        if fits(payload):
            return payload
    return NONE


def _says_anything(schema: Mapping[str, Any]) -> bool:
    """Whether a schema says anything of what it describes; of what nothing is said, nothing is sent."""
    return bool(set(schema) - {"$schema", "definitions", "title", "description", "examples"})


def broken(event: Event) -> tuple[Counterexample, ...]:
    """Payloads that each break one rule of the event's schema and no other, all different.

    A missing field, a value of another type, one below the minimum, and so on; `breaks` says where, and what was
    expected. What cannot be derived is not there: what `not`, `then` and `else` refuse, or what a text means.
    """
    found: dict[str, Counterexample] = {}
    done: set[tuple[str, int]] = set()
    for base in (*event.examples, *(sample(event, seed) for seed in range(_BASES))):
        for rule, place, ways in _wrongs(event.schema, event.schema, base, (), ()):
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


@cache
def _faker() -> Faker:
    return Faker("en_US")


class _Draft:
    """Makes a value for each part of one schema."""

    def __init__(self, fake: Faker, document: Mapping[str, Any]) -> None:
        self._fake = fake
        self._document = document
        self._depth = 0
        self._by_type: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
            "object": self._object,
            "array": self._array,
            "string": self._string,
            "integer": self._integer,
            "number": self._number,
            "boolean": lambda _: fake.pybool(),
            "null": lambda _: None,
        }

    def value(self, schema: Any) -> Any:
        self._depth += 1
        try:
            return self._value(schema)
        finally:
            self._depth -= 1

    def _value(self, schema: Any) -> Any:
        if isinstance(schema, bool) or self._depth > _BOTTOM:
            return self._fake.word()
        schema = self._merged(schema)
        if "const" in schema:
            return schema["const"]
        choices = schema.get("enum") or schema.get("examples")
        if choices:
            return self._fake.random_element(choices)
        kind = schema.get("type", "object" if "properties" in schema else "string")
        return self._by_type[self._fake.random_element(kind) if isinstance(kind, list) else kind](schema)

    def _merged(self, schema: Any) -> Mapping[str, Any]:
        """The schema with its reference followed, all of its `allOf`, and one of its alternatives taken in."""
        if isinstance(schema, bool):
            return {}
        if "$ref" in schema:
            found = self._merged(reached(self._document, schema["$ref"].removeprefix("#")))
            return {**found, "examples": schema["examples"]} if "examples" in schema else found
        parts = list(schema.get("allOf", ()))
        parts += [self._fake.random_element(schema[keyword]) for keyword in ("anyOf", "oneOf") if keyword in schema]
        merged = dict(schema)
        for part in map(self._merged, parts):
            for keyword, value in part.items():
                both = keyword in ("properties", "required") and keyword in merged
                merged[keyword] = _union(merged[keyword], value) if both else value
        return merged

    def _object(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        required = schema.get("required", ())
        described = schema.get("properties", {})
        wanted = self._depth < _DEEPEST
        fields = {
            name: part for name, part in described.items() if name in required or (wanted and self._fake.pybool())
        }
        fields |= {name: True for name in required if name not in described}
        return {name: self.value(part) for name, part in fields.items()}

    def _array(self, schema: Mapping[str, Any]) -> list[Any]:
        items, least = schema.get("items", True), schema.get("minItems", 0)
        if isinstance(items, list):
            return [self.value(part) for part in items]
        most = schema.get("maxItems", least + _LONGEST_ARRAY) if self._depth < _DEEPEST else least
        return [self.value(items) for _ in range(self._fake.random_int(least, most))]

    def _string(self, schema: Mapping[str, Any]) -> str:
        if schema.get("format") in _TEXT_BY_FORMAT:
            return _TEXT_BY_FORMAT[schema["format"]](self._fake)
        text = self._fake.sentence(nb_words=4)
        while len(text) < schema.get("minLength", 0):
            text += " " + self._fake.sentence()
        return str(text[: schema.get("maxLength")])

    def _integer(self, schema: Mapping[str, Any]) -> int:
        step = schema.get("multipleOf", 1)
        least = schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
        most = schema.get("maximum", schema.get("exclusiveMaximum", least + 1_000 * step + 1) - 1)
        return int(self._fake.random_int(-(-least // step), most // step) * step)

    def _number(self, schema: Mapping[str, Any]) -> float:
        least = schema.get("minimum", schema.get("exclusiveMinimum", 0))
        most = schema.get("maximum", schema.get("exclusiveMaximum", least + 1_000))
        return float(round(self._fake.pyfloat(min_value=least, max_value=most), 2))


def _union(first: Any, second: Any) -> Any:
    return {**first, **second} if isinstance(first, Mapping) else [*first, *second]


_Place = tuple[str | int, ...]
_Wrong = tuple[str, _Place, Iterable[Any]]
"""A rule (a JSON pointer into the schema), a place in the payload, and values that may break the rule there."""
_OF_EACH_TYPE: tuple[Any, ...] = (None, True, 7, 0.5, "none", [], {})
_NEAR_MISSES: Mapping[str, tuple[str, ...]] = {
    "date-time": ("2026-03-14T09:26:53", "2026-03-14", "2026-13-14T09:26:53Z"),
    "date": ("03/14/2026", "2026-02-30"),
    "time": ("09:26:53", "25:00:00Z"),
    "ipv4": ("256.0.0.1",),
    "ipv6": ("1::2::3",),
}
"""What people write who know a format by hearsay."""


def _wrongs(document: Mapping[str, Any], schema: Any, value: Any, rule: _Place, place: _Place) -> Iterator[_Wrong]:
    """What may break each rule that a schema has for a value, and for what is inside it."""
    if isinstance(schema, bool):
        return
    if "$ref" in schema:
        yield from _wrongs(document, reached(document, schema["$ref"].removeprefix("#")), value, rule, place)
        return
    for keyword, asked in schema.items():
        yield pointer((*rule, keyword)), place, _breaking(keyword, asked, schema, value)
    for number, part in enumerate(schema.get("allOf", ())):
        yield from _wrongs(document, part, value, (*rule, "allOf", number), place)
    if isinstance(value, dict):
        for name, part in schema.get("properties", {}).items():
            if name in value:
                yield from _wrongs(document, part, value[name], (*rule, "properties", name), (*place, name))
    if isinstance(value, list) and isinstance(schema.get("items"), list):
        for number, (part, inner) in enumerate(zip(schema["items"], value, strict=False)):
            yield from _wrongs(document, part, inner, (*rule, "items", number), (*place, number))
    if isinstance(value, list) and value and isinstance(schema.get("items"), dict):
        yield from _wrongs(document, schema["items"], value[0], (*rule, "items"), (*place, 0))


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
