from typing import Any

import pytest

from eventproof.catalog.pointer import pointer
from eventproof.catalog.schema import Schema, SchemaError

NESTED: dict[str, Any] = {
    "type": "object",
    "required": ["data"],
    "properties": {
        "data": {
            "type": "object",
            "additionalProperties": False,
            "required": ["id", "at"],
            "properties": {
                "id": {"type": ["string", "integer"]},
                "at": {"type": "string", "format": "date-time"},
                "state": {"enum": ["open", "closed"]},
            },
        },
    },
}
WHOLE = {"id": "1", "at": "2026-03-14T09:26:53Z"}


@pytest.mark.parametrize(
    ("payload", "path", "expected", "observed"),
    [
        ([], "", "object", "[]"),
        ({}, "", 'the field "data"', "{}"),
        ({"data": {}}, "/data", 'the field "id", "at"', "{}"),
        ({"data": {**WHOLE, "id": None}}, "/data/id", "string or integer", "null"),
        ({"data": {**WHOLE, "at": "yesterday"}}, "/data/at", "a valid date-time", '"yesterday"'),
        ({"data": {**WHOLE, "state": "ajar"}}, "/data/state", 'one of "open", "closed"', '"ajar"'),
    ],
)
def test_a_problem_says_where_what_was_expected_and_what_came(
    payload: Any, path: str, expected: str, observed: str
) -> None:
    schema = Schema(NESTED)
    assert not schema.is_valid(payload)
    (problem,) = schema.explain(payload)
    assert (problem.path, problem.expected, problem.observed) == (path, expected, observed)


def test_every_problem_is_told_in_the_order_of_the_payload() -> None:
    problems = Schema(NESTED).explain({"data": {"id": None, "extra": 1, "at": 7}})
    assert [problem.path for problem in problems] == ["/data", "/data/id", "/data/at"]
    assert "no other fields than" in problems[0].expected


def test_what_came_is_cut_short_and_printable() -> None:
    (problem,) = Schema({"type": "null"}).explain("\ud800" + "x" * 10_000)
    assert len(problem.observed) <= 160
    problem.observed.encode("utf-8")


def test_a_leap_second_and_a_lower_case_t_are_dates_and_a_missing_zone_is_not() -> None:
    schema = Schema({"format": "date-time"})
    assert schema.is_valid("2016-12-31T23:59:60Z")
    assert schema.is_valid("2026-03-14t09:26:53z")
    assert not schema.is_valid("2026-03-14T09:26:53")
    assert not schema.is_valid("2026-02-30T00:00:00Z")


@pytest.mark.parametrize(
    "document",
    [
        {"type": "thing"},
        {"pattern": "("},
        {"format": "phone"},
        {"$ref": "#/nowhere"},
        {"$ref": "http://127.0.0.1:1/schema.json"},
    ],
)
def test_a_schema_that_does_not_compile_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(SchemaError, match=r"\S"):
        Schema(document)


def test_a_pointer_escapes_what_the_standard_says() -> None:
    assert pointer([]) == ""
    assert pointer(["paths", "/api/me", 0, "~"]) == "/paths/~1api~1me/0/~0"
