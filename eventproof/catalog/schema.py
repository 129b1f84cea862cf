"""A compiled JSON Schema (draft-07): a fast yes or no, and a slow explanation.

jsonschema-rs decides and jsonschema explains, so both must agree. On two keywords they would not, and there the
explanation asks the decision: `pattern`, an ECMA regular expression (in Python's, `$` also matches before a final
newline, and `\\d` any script's digits), and `format`, on which every library has its own opinion.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from .pointer import pointer

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

_LONGEST = 160


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why a payload does not fit: where (a JSON pointer), what was expected, what came.

    `rule` is the place in the schema that says so, a JSON pointer too.
    """

    path: str
    expected: str
    observed: str
    rule: str


class SchemaError(ValueError):
    """A document is no valid schema; `place` is a JSON pointer into it, empty where the fault is no single place."""

    def __init__(self, place: str, sentence: str) -> None:
        super().__init__(sentence)
        self.place = place


class Schema:
    """One schema, compiled; it reaches for no network and knows every format that it names.

    Raises SchemaError.
    """

    __slots__ = ("_document", "_fast")

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._fast = _compiled(document)

    @property
    def document(self) -> Mapping[str, Any]:
        """The schema as it was written."""
        return self._document

    def is_valid(self, payload: Any) -> bool:
        """Whether the payload fits; where the schema meets what is no JSON (bytes, say), it does not."""
        return _fits(self._fast, payload)

    def explain(self, payload: Any) -> tuple[Problem, ...]:
        """Every reason why the payload does not fit, in the order of its fields; empty where it does."""
        validator: Validator = _explaining()(self._document)
        errors = sorted(validator.iter_errors(payload), key=lambda error: _position(payload, error.absolute_path))
        problems = tuple(dict.fromkeys(_problem(error) for error in errors))
        if problems or self.is_valid(payload):
            return problems
        return (Problem(path="", expected="JSON", observed=_shown(payload), rule=""),)


def _compiled(document: Mapping[str, Any]) -> jsonschema_rs.Draft7Validator:
    try:
        return jsonschema_rs.Draft7Validator(
            dict(document), validate_formats=True, ignore_unknown_formats=False, offline=True
        )
    except jsonschema_rs.ValidationError as error:
        raise SchemaError(pointer(error.instance_path), error.message) from None


def _fits(validator: jsonschema_rs.Draft7Validator, payload: Any) -> bool:
    try:
        return validator.is_valid(payload)
    except ValueError:
        return False


@cache
def _explaining() -> "type[Validator]":
    """The class of the explaining validators; imported late, for it costs more than everything else here."""
    from jsonschema import Draft7Validator, validators
    from jsonschema.exceptions import ValidationError

    def agreed(keyword: str) -> Any:
        def check(_: Any, value: str, instance: Any, __: Any) -> "Iterator[ValidationError]":
            if not _fits(_keyword(keyword, value), instance):
                yield ValidationError(f"does not fit the {keyword} {value}")

        return check

    extend: Any = validators.extend  # untyped in its stubs
    explaining: type[Validator] = extend(
        Draft7Validator, {keyword: agreed(keyword) for keyword in ("format", "pattern")}
    )
    return explaining


@cache
def _keyword(keyword: str, value: str) -> jsonschema_rs.Draft7Validator:
    return _compiled({keyword: value})


def _position(payload: Any, path: Iterable[Any]) -> list[int]:
    """Where a path leads to, as numbers that sort like the payload reads."""
    position: list[int] = []
    for part in path:
        position.append(list(payload).index(part) if isinstance(payload, Mapping) else part)
        payload = payload[part]
    return position


def _problem(error: "ValidationError") -> Problem:
    return Problem(
        path=pointer(error.absolute_path),
        expected=_expected(str(error.validator), error.validator_value, error.instance, error.schema),
        observed=_shown(error.instance),
        rule=pointer(error.absolute_schema_path),
    )


def _expected(keyword: str, value: Any, instance: Any, schema: Any) -> str:
    match keyword:
        case "required":
            return "the field " + ", ".join(_shown(name) for name in value if name not in instance)
        case "const":
            return _shown(value)
        case "enum":
            return "one of " + ", ".join(_shown(choice) for choice in value)
        case "type":
            return " or ".join(value if isinstance(value, list) else [value])
        case "pattern":
            return f"text that matches {value}"
        case "format":
            return f"a valid {value}"
        case "additionalProperties" if value is False:
            return "no other fields than " + ", ".join(_shown(name) for name in schema.get("properties", {}))
        case "None":
            return "nothing here"
        case _:
            return f"{keyword}: {_shown(value)}"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=repr).encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
