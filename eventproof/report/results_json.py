"""results.json: the whole run, from which every other format could be derived; its schema lies beside this file.

A run is written with its secrets struck out, so what is read back equals `redacted` of what was written.
"""

import json
import math
import re
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import jsonschema_rs

from eventproof.errors import UsageError
from eventproof.history import Record
from eventproof.redaction import redacted
from eventproof.verdict import exit_code

from .records import Run

__all__ = ["FORMAT", "SCHEMA", "VERSION", "as_json", "decoded", "from_json", "read", "render"]

FORMAT = "eventproof-results"
VERSION = 1
"""Raised when a reader of the old form would misread the new one."""

_LATER = frozenset({"breaks", "by_chance", "judged"})
"""What earlier results did not have."""
_NUMBERS = re.compile(r"\[\n\s+((?:(?:-?\d[\d.e+-]*|null),?\s+)+)\]")
"""A list of numbers, which is told on one line; no string has the line break that it begins with."""

SCHEMA = Path(__file__).with_name("results.schema.json")


def render(run: Run, _history: Iterable[Record] = ()) -> str:
    """The text of results.json."""
    text = json.dumps(as_json(run), indent=2, ensure_ascii=False, allow_nan=False)
    return _NUMBERS.sub(lambda numbers: f"[{' '.join(numbers[1].split())}]", text) + "\n"


def as_json(run: Run) -> dict[str, Any]:
    """The run as results.json has it: the verdict first, secrets struck out, numbers finite."""
    content: dict[str, Any] = redacted(run)
    outcome = content.pop("outcome")
    return {
        "format": FORMAT,
        "version": VERSION,
        "verdict": outcome,
        "exit_code": int(exit_code(run.outcome)),
    } | content


def read(folder: Path) -> Run:
    """The run whose results are in that folder. Raises UsageError where there are none, or none that we can read."""
    path = folder / "results.json"
    try:
        return from_json(json.loads(path.read_text("utf-8")))
    except OSError as error:
        raise UsageError(f"no results to read at {path}: {error.strerror}") from error
    except (ValueError, UsageError) as error:
        raise UsageError(f"{path} is not the results.json of eventproof: {error}") from error


def from_json(content: Any) -> Run:
    """The run that `as_json` described. Raises UsageError where the content does not fit the schema."""
    problem = next(_validator().iter_errors(content), None)
    if problem:
        place = "/".join(map(str, problem.instance_path))
        raise UsageError(f"at /{place}, {problem.message}" if place else problem.message)
    run: Run = decoded(Run, content | {"outcome": content["verdict"]})
    return run


@cache
def _validator() -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(json.loads(SCHEMA.read_text("utf-8")))


def decoded(kind: Any, value: Any) -> Any:
    """The record, or a value within one, of that type which was written as `value`."""
    if get_origin(kind) in (Union, UnionType):
        return None if value is None else decoded(get_args(kind)[0], value)
    if get_origin(kind) is tuple:
        return tuple(decoded(get_args(kind)[0], item) for item in value)
    if is_dataclass(kind) and isinstance(kind, type):
        hints = _hints(kind)
        known = [field for field in fields(kind) if field.name in value or field.name not in _LATER]
        return kind(**{field.name: decoded(hints[field.name], value[field.name]) for field in known})
    if kind is float:
        return math.nan if value is None else float(value)
    return kind(value) if issubclass(kind, Enum) else value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)
