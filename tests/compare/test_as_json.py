"""comparison.json beside its schema."""

import json
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import jsonschema
import pytest

from eventproof.compare import Change, Comparison, compare, comparison
from eventproof.compare.as_json import SCHEMA, render
from eventproof.verdict import Outcome, Verdict, exit_code
from tests.report import samples

from .sides import judged, side, timed
from .test_told import swarms

_SCHEMA: dict[str, Any] = json.loads(SCHEMA.read_text("utf-8"))
_RECORDS = {"judged": "JudgedLine", "latency": "LatencyLine", "count": "CountLine", "happened": "Count"}
"""The records whose definitions have a name of their own."""


@pytest.mark.parametrize(
    "made",
    [
        swarms,
        lambda: compare((side("main", samples.passing()), side("branch", samples.failing()))),
        lambda: compare(tuple(side(name, judged(Verdict.PASS)) for name in "abc")),
        lambda: compare((side("a", samples.swarm()), side("b", timed()))),
        lambda: compare((side("a", samples.swarm()), side("b", samples.invalid()))),
    ],
)
def test_what_is_written_of_any_comparison_fits_the_schema(made: Callable[[], Comparison]) -> None:
    jsonschema.Draft202012Validator(_SCHEMA).validate(json.loads(render(made())))


def test_what_is_none_does_not_fit() -> None:
    content = json.loads(render(swarms()))
    content["latencies"][0]["changes"][0]["change"] = "fine"
    with pytest.raises(jsonschema.ValidationError, match="'fine' is not one of"):
        jsonschema.Draft202012Validator(_SCHEMA).validate(content)


def test_the_schema_is_valid_and_has_the_keys_of_the_records_and_no_others() -> None:
    jsonschema.Draft202012Validator.check_schema(_SCHEMA)
    for name, definition in _SCHEMA["$defs"].items():
        if "properties" in definition:
            record = getattr(comparison, _RECORDS.get(name, name.capitalize()))
            known = {field.name for field in fields(record)}
            assert set(definition["properties"]) == known == set(definition["required"])
    header = {"format", "version", "verdict", "exit_code", "headline"}
    assert set(_SCHEMA["properties"]) - header == {field.name for field in fields(Comparison)} - {"outcome"}
    assert set(_SCHEMA["required"]) == set(_SCHEMA["properties"])


def test_the_schema_knows_every_change_verdict_and_exit_code() -> None:
    outcomes = (Outcome.PASS, Outcome.FAIL, Outcome.INVALID)
    assert _SCHEMA["properties"]["verdict"]["enum"] == [outcome.value for outcome in outcomes]
    assert _SCHEMA["properties"]["exit_code"]["enum"] == [int(exit_code(outcome)) for outcome in outcomes]
    assert _SCHEMA["$defs"]["change"]["enum"] == [change.value for change in Change]
    assert _SCHEMA["$defs"]["verdict"]["enum"] == [verdict.value for verdict in Verdict]
