"""The calls of a contract's OpenAPI document, and what a mock answers to each: an example, or what is made up. Pure.

What a call is made with is held against its schema; what the answer is about is taken from it: its path, its body.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from eventproof import samples
from eventproof.catalog import Operation, System
from eventproof.catalog.placeholders import PLACEHOLDER
from eventproof.catalog.pointer import at, reached
from eventproof.catalog.schema import Schema, SchemaError

from .script import in_a_line

__all__ = ["Calls", "Found", "Reply"]

Json = Any
_JSON: Final = "application/json"
_LONGEST: Final = 4000
"""No path has more characters."""
_DEEPEST: Final = 16
"""References to references: what goes further leads back to itself, and says nothing."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a call is answered with."""

    status: int
    body: Json = samples.NONE
    """`NONE`: there is none."""
    wrong: str = ""
    """Why its contract refuses it; empty: it does not."""
    known: Mapping[str, Json] = field(default_factory=dict)
    """What is known by name of what it is about."""


@dataclass(frozen=True, slots=True)
class _Call:
    operation: Operation
    path: re.Pattern[str]
    asked: Schema | None
    """What its body has to fit; None: nobody can tell."""
    needs_body: bool
    status: int
    answer: Schema | None
    examples: tuple[Json, ...]
    refusal: int
    """The status of an answer to what does not fit."""


@dataclass(frozen=True, slots=True)
class Found:
    """A call, and the parameters of its path."""

    call: _Call
    parameters: Mapping[str, str]

    def answer(self, body: bytes, turn: int) -> Reply:
        """What it is answered with the so-manieth time, made with this body."""
        call = self.call
        try:
            asked = json.loads(body) if body.strip() else samples.NONE
        except (ValueError, RecursionError):
            return _refused(HTTPStatus.BAD_REQUEST, "the body is no JSON")
        if asked is samples.NONE and call.needs_body:
            return _refused(call.refusal, "it has no body")
        if asked is not samples.NONE and call.asked is not None and not call.asked.is_valid(asked):
            return _refused(call.refusal, in_a_line(call.asked.explain(asked)))
        known: dict[str, Json] = {**(asked if isinstance(asked, Mapping) else {}), **self.parameters}
        said = self._fitted(self._said(turn), known)
        answered = {} if said is samples.NONE else {n: at(said, place) for n, place in call.operation.answers.items()}
        return Reply(call.status, said, known=known | {n: value for n, value in answered.items() if value is not None})

    def _said(self, turn: int) -> Json:
        """An example of the document and something made up, in turn; where neither is there, the ids it is read for."""
        call = self.call
        if call.examples and (turn % 2 == 0 or call.answer is None):
            return call.examples[turn // 2 % len(call.examples)]
        made = samples.NONE if call.answer is None else samples.shaped(call.answer, f"{call.operation.id} {turn}")
        if made is not samples.NONE:
            return made
        if call.examples:
            return call.examples[0]
        tops = [place[1:] for place in call.operation.answers.values() if place[:1] == "/" and "/" not in place[1:]]
        return {name: f"{name}-{turn + 1}" for name in tops} or samples.NONE

    def _fitted(self, said: Json, known: Mapping[str, Json]) -> Json:
        """The answer about what is known, as far as its schema takes that."""
        if not isinstance(said, Mapping):
            return said
        places = {name: at_[1:] for name, at_ in self.call.operation.answers.items() if at_.count("/") == 1}
        for name, value in known.items():
            changed = {**said, places.get(name, name): value}
            if changed.keys() == said.keys() and (self.call.answer is None or self.call.answer.is_valid(changed)):
                said = changed
        return said


class Calls:
    """Those of one system; of two paths that fit, the one with fewer parameters."""

    def __init__(self, system: System) -> None:
        there = sorted(
            (operation for operation in system.operations if operation.event is None),
            key=lambda operation: len(operation.in_path),
        )
        self._calls = tuple(_call(system.openapi, operation) for operation in there)

    def __len__(self) -> int:
        return len(self._calls)

    def find(self, method: str, path: str) -> Found | None:
        """The call of this method at this path (decoded); None where there is none."""
        for call, parameters in self._at(path):
            if call.operation.method == method:
                return Found(call, parameters)
        return None

    def methods(self, path: str) -> tuple[str, ...]:
        """What a path takes; empty where there is no such path."""
        return tuple(sorted({call.operation.method for call, _ in self._at(path)}))

    def _at(self, path: str) -> Iterator[tuple[_Call, Mapping[str, str]]]:
        for call in self._calls if len(path) <= _LONGEST else ():
            if found := call.path.fullmatch(path):
                yield call, dict(zip(call.operation.in_path, found.groups(), strict=True))


def _call(document: Mapping[str, Json], operation: Operation) -> _Call:
    entry = document.get("paths", {}).get(operation.path, {}).get(operation.method.lower(), {})
    responses = {str(status): response for status, response in entry.get("responses", {}).items()}
    status = min((text for text in responses if re.fullmatch("2[0-9]{2}", text)), default="")
    asked = _resolved(document, entry.get("requestBody", {}))
    told = _media(document, _resolved(document, responses.get(status, {})))
    parts = PLACEHOLDER.split(operation.path)  # every second one is a placeholder's name
    pieces = ("([^/]+)" if number % 2 else re.escape(part) for number, part in enumerate(parts))
    return _Call(
        operation,
        re.compile("".join(pieces)),
        _schema(document, _media(document, asked)),
        bool(asked.get("required")),
        int(status or HTTPStatus.OK),
        _schema(document, told),
        tuple(_examples(document, told)),
        next((int(code) for code in ("422", "400") if code in responses), HTTPStatus.UNPROCESSABLE_ENTITY),
    )


def _resolved(document: Mapping[str, Json], part: Mapping[str, Json]) -> Mapping[str, Json]:
    for _ in range(_DEEPEST):
        if "$ref" not in part:
            return part
        part = reached(document, part["$ref"].removeprefix("#"))
    return {}


def _media(document: Mapping[str, Json], part: Mapping[str, Json]) -> Mapping[str, Json]:
    found: Mapping[str, Json] = _resolved(document, part.get("content", {}).get(_JSON, {}))
    return found


def _schema(document: Mapping[str, Json], media: Mapping[str, Json]) -> Schema | None:
    """What stands there compiled, with the components that it refers to; None where that cannot be."""
    if "schema" not in media:
        return None
    try:
        return Schema({**media["schema"], "components": document.get("components", {})})
    except SchemaError:
        return None


def _examples(document: Mapping[str, Json], media: Mapping[str, Json]) -> Iterator[Json]:
    if "example" in media:
        yield media["example"]
    for example in media.get("examples", {}).values():
        if "value" in (found := _resolved(document, example)):
            yield found["value"]
    yield from _resolved(document, media.get("schema", {})).get("examples", ())


def _refused(status: int, why: str) -> Reply:
    return Reply(int(status), {"error": why}, why)
