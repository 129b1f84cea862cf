"""Payloads made up from the schemas: seeded, realistic where a format says what is meant, and valid."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from typing import Any

from faker import Faker

from .catalog import Event
from .catalog.schema import at

__all__ = ["sample"]

_ATTEMPTS = 20
_LONGEST_ARRAY = 3
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
    fake = _faker()
    fake.seed_instance(f"{event.system} {event.name} {seed}")
    draft = _Draft(fake, event.schema)
    root = {keyword: value for keyword, value in event.schema.items() if keyword != "examples"}
    for _ in range(_ATTEMPTS):
        payload = draft.value(root)
        if event.is_valid(payload):
            return payload
    return fake.random_element(event.examples)


@cache
def _faker() -> Faker:
    return Faker("en_US")


class _Draft:
    """Makes a value for each part of one schema."""

    def __init__(self, fake: Faker, document: Mapping[str, Any]) -> None:
        self._fake = fake
        self._document = document
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
        if isinstance(schema, bool):
            return self._fake.word()
        schema = self._merged(schema)
        if "const" in schema:
            return schema["const"]
        choices = schema.get("enum") or schema.get("examples")
        if choices:
            return self._fake.random_element(choices)
        kind = schema.get("type", "object" if "properties" in schema else "string")
        return self._by_type[self._fake.random_element(kind) if isinstance(kind, list) else kind](schema)

    def _merged(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """The schema with its reference followed, all of its `allOf`, and one of its alternatives taken in."""
        if "$ref" in schema:
            found = self._merged(at(self._document, schema["$ref"].removeprefix("#")))
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
        fields = {name: part for name, part in described.items() if name in required or self._fake.pybool()}
        fields |= {name: True for name in required if name not in described}
        return {name: self.value(part) for name, part in fields.items()}

    def _array(self, schema: Mapping[str, Any]) -> list[Any]:
        least = schema.get("minItems", 0)
        most = schema.get("maxItems", least + _LONGEST_ARRAY)
        return [self.value(schema.get("items", True)) for _ in range(self._fake.random_int(least, most))]

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
