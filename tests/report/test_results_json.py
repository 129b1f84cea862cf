import json
import math
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings

from eventproof.errors import UsageError
from eventproof.report import records, results_json
from eventproof.report.folder import write
from eventproof.report.records import Run
from eventproof.verdict import Level, Outcome, Verdict, exit_code
from tests.report import samples
from tests.report.strategies import runs

SCHEMA: dict[str, Any] = json.loads(results_json.SCHEMA.read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


@settings(max_examples=50, deadline=None)
@given(runs)
def test_what_is_written_of_any_run_fits_the_schema_and_reads_back_equal(run: Run) -> None:
    content = json.loads(results_json.render(run))
    VALIDATOR.validate(content)
    assert results_json.from_json(content) == run


@pytest.mark.parametrize("run", [samples.passing(), samples.failing(), samples.swarm(), samples.invalid()])
def test_a_folder_reads_back_as_the_run_that_was_written(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "results.json", results_json.render(run))
    assert results_json.read(tmp_path) == run


def test_the_verdict_comes_first_and_the_exit_code_with_it() -> None:
    content = json.loads(results_json.render(samples.failing()))
    assert list(content)[:4] == ["format", "version", "verdict", "exit_code"]
    assert (content["verdict"], content["exit_code"]) == ("fail", 1)


def test_numbers_of_a_series_stand_on_one_line_and_texts_as_they_were() -> None:
    run = replace(samples.swarm(), notes=("[\n  1,\n  2\n]",))
    text = results_json.render(run)
    assert '"connections": [36.0, 108.0, 180.0, ' in text
    assert results_json.from_json(json.loads(text)) == run


def test_a_requirement_has_its_id_level_verdict_and_checks() -> None:
    content = json.loads(results_json.render(samples.failing()))
    broken = next(one for one in content["requirements"] if one["id"] == "UST-BAN-2")
    assert (broken["level"], broken["verdict"]) == ("MUST", "fail")
    assert [one["verdict"] for one in broken["checks"]] == ["fail", "pass"]


def test_a_number_that_is_not_finite_is_null_and_reads_back_as_not_a_number() -> None:
    content = json.loads(results_json.render(replace(samples.run(), seconds=math.inf)))
    VALIDATOR.validate(content)
    assert content["seconds"] is None
    assert math.isnan(results_json.from_json(content).seconds)


def test_secrets_are_struck_out() -> None:
    run = replace(
        samples.run(), command="eventproof check http://127.0.0.1:8000/?token=s3cr3t", notes=("Bearer abc.def",)
    )
    content = results_json.render(run)
    assert "s3cr3t" not in content
    assert "abc.def" not in content


def test_the_schema_is_valid_and_describes_every_key() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    nameless = [place for place, node in _nodes(SCHEMA, "") if "$ref" not in node and not node.get("description")]
    assert nameless == []


def test_the_schema_has_the_keys_of_the_records_and_no_others() -> None:
    written = {"requirement": "RequirementResult"}
    later = {"breaks", "by_chance"}
    for name, definition in SCHEMA["$defs"].items():
        if "properties" in definition:
            record = getattr(records, written.get(name, name.capitalize()))
            known = {field.name for field in fields(record)}
            assert set(definition["properties"]) == known
            assert set(definition["required"]) == known - later
    header = {"format", "version", "verdict", "exit_code"}
    assert set(SCHEMA["properties"]) - header == {field.name for field in fields(Run)} - {"outcome"}


def test_the_schema_knows_every_verdict_level_and_exit_code() -> None:
    assert SCHEMA["properties"]["verdict"]["enum"] == [outcome.value for outcome in Outcome]
    assert SCHEMA["properties"]["exit_code"]["enum"] == sorted({int(exit_code(outcome)) for outcome in Outcome})
    assert SCHEMA["$defs"]["verdict"]["enum"] == [verdict.value for verdict in Verdict]
    assert SCHEMA["$defs"]["requirement"]["properties"]["level"]["enum"] == [level.value for level in Level]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "is not the results.json of eventproof"),
        ('{"some": "thing"}', "is not the results.json of eventproof"),
        (results_json.render(samples.run()).replace('"version": 1', '"version": 2'), "at /version"),
        (results_json.render(samples.passing()).replace('"pass"', '"fine"', 2), "at /"),
    ],
)
def test_a_file_that_is_something_else_is_refused_in_one_sentence(text: str, sentence: str, tmp_path: Path) -> None:
    write(tmp_path / "results.json", text)
    with pytest.raises(UsageError, match=sentence):
        results_json.read(tmp_path)


def test_a_folder_without_results_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no results to read at .*results\.json"):
        results_json.read(tmp_path)


def _nodes(node: dict[str, Any], place: str) -> list[tuple[str, dict[str, Any]]]:
    """All subschemas: the document itself, its definitions, their properties and items."""
    found = [(place, node)]
    for keyword in ("properties", "$defs"):
        for name, child in node.get(keyword, {}).items():
            found += _nodes(child, f"{place}/{name}")
    return found + (_nodes(node["items"], f"{place}/items") if "items" in node else [])
