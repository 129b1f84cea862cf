"""What Hypothesis makes of schemas as documents write them."""

from dataclasses import replace
from typing import Any

import pytest

from eventproof import catalog
from eventproof.catalog import Event
from eventproof.catalog.arguments import Arguments
from eventproof.catalog.schema import Schema
from eventproof.conform.generating import generated
from eventproof.variants import LARGEST, differing, put_back, with_kept

SOME_EVENT = next(event for system in catalog.load().systems.values() for event in system.events)


def event_of(schema: dict[str, Any], *, takes_list: bool = False) -> Event:
    return replace(SOME_EVENT, schema=schema, _validator=Schema(schema), takes_list=takes_list)


@pytest.mark.parametrize(
    ("schema", "takes_list"),
    [
        ({"type": "string", "pattern": "^[a-z]{2}-[0-9]+$"}, False),
        (
            {
                "$schema": "http://json-schema.org/draft-07/schema#",
                "type": "object",
                "required": ["of"],
                "properties": {"of": {"$ref": "#/definitions/thing"}},
                "definitions": {"thing": {"type": "object", "properties": {"inside": {"$ref": "#/definitions/thing"}}}},
            },
            False,
        ),
        ({"type": "array", "items": [{"type": "string"}, {"type": "integer"}], "minItems": 2}, True),
    ],
    ids=["pattern", "definitions", "arguments"],
)
def test_it_fits_the_contract_and_is_the_same_for_the_same_seed(schema: dict[str, Any], takes_list: bool) -> None:
    event = event_of(schema, takes_list=takes_list)
    found = generated(event, 1, 8)
    assert 3 < len(found) <= 8
    assert all(event.is_valid(payload) for payload in found)
    assert all(isinstance(payload, Arguments) for payload in found if takes_list)
    again = generated(event_of(schema, takes_list=takes_list), 1, 8)
    assert (again, generated(event, 2, 8) != found) == (found, True)


def test_numbers_are_those_that_every_language_takes() -> None:
    found = generated(event_of({"type": "integer"}), 1, 40)
    assert found
    assert all(isinstance(number, int) and abs(number) <= LARGEST for number in found)


def test_what_names_a_thing_is_that_of_the_good_one_or_not_there() -> None:
    good = {"roomId": "lobby", "of": [{"roomId": "lobby"}], "text": "hello"}
    made = {"roomId": "0", "userId": "1", "of": [{"roomId": "2", "count": 3}, {"roomId": "4"}], "text": ""}
    kept = with_kept(good, made, lambda name: name.endswith("Id"))
    assert kept == {"roomId": "lobby", "of": [{"roomId": "lobby", "count": 3}, {}], "text": ""}


def test_fields_are_put_back_one_at_a_time() -> None:
    good, made = {"a": 1, "b": 2, "d": 0}, {"a": 1, "b": 3, "c": 4}
    assert differing(good, made) == ["b", "d", "c"]
    assert [put_back(good, made, name) for name in ("b", "d", "c")] == [
        {"a": 1, "b": 2, "c": 4},
        {"a": 1, "b": 3, "c": 4, "d": 0},
        {"a": 1, "b": 3},
    ]
    assert differing(good, "text") == []
