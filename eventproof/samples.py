"""Payloads made up from the schemas: valid, seeded, and realistic where a format says what is meant."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from typing import Any, Final

from faker import Faker

from .catalog import Ack, Event
from .catalog.arguments import Arguments
from .catalog.pointer import reached
from .catalog.schema import Schema

__all__ = ["NONE", "acknowledged", "made_up", "part", "sample", "shaped"]

NONE: Final = object()
"""Stands for no payload."""

_ATTEMPTS = 20
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


def part(event: Event, schema: Any, seed: int) -> Any:
    """A value for a part of the event's schema; whether the whole fits then is for whoever puts it there to see."""
    fake = _faker()
    fake.seed_instance(f"{event.system} {event.name} part {seed}")
    return _Draft(fake, event.schema).value(schema)


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
