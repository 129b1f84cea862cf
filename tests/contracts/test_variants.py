import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from eventproof import catalog
from eventproof.catalog import Event
from eventproof.catalog.arguments import Arguments
from eventproof.catalog.schema import Schema
from eventproof.variants import broken, edges

EVENTS = tuple(event for system in catalog.load().systems.values() for event in system.events)


def event_of(schema: dict[str, Any], *, takes_list: bool = False) -> Event:
    """An event with this schema; its only example is `None`, which nothing here takes."""
    return replace(EVENTS[0], schema=schema, examples=(None,), _validator=Schema(schema), takes_list=takes_list)


@pytest.mark.unmeasured
@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_what_is_broken_is_refused_by_both_validators_for_its_one_rule(event: Event) -> None:
    cases = broken(event)
    for case in cases:
        assert not event.is_valid(case.payload), case
        assert [problem.rule for problem in event.explain(case.payload)] == [case.rule]
    assert len({json.dumps(case.payload, sort_keys=True) for case in cases}) == len(cases)
    assert cases == broken(event)


@pytest.mark.parametrize(
    ("schema", "rules"),
    [
        ({"type": "string", "minLength": 8, "maxLength": 9}, {"/type", "/minLength", "/maxLength"}),
        ({"type": "integer", "minimum": 7, "maximum": 9}, {"/type", "/minimum", "/maximum"}),
        (
            {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 90, "multipleOf": 5},
            {"/type", "/exclusiveMinimum", "/exclusiveMaximum", "/multipleOf"},
        ),
        ({"enum": ["open", "closed"]}, {"/enum"}),
        ({"const": 7}, {"/const"}),
        (
            {"type": "array", "minItems": 2, "maxItems": 4, "items": {"type": "integer", "minimum": 3}},
            {"/type", "/minItems", "/maxItems", "/items/type", "/items/minimum"},
        ),
        (
            {"type": "array", "uniqueItems": True, "minItems": 2, "items": {"enum": [1, 2, 3, 4]}},
            {"/type", "/uniqueItems", "/minItems", "/items/enum"},
        ),
        (
            {
                "type": "object",
                "additionalProperties": False,
                "required": ["at"],
                "properties": {
                    "at": {"$ref": "#/definitions/instant"},
                    "by": {"type": "string", "pattern": "^usr_", "examples": ["usr_1"]},
                    "day": {"type": "string", "anyOf": [{"format": "date"}, {"format": "date-time"}]},
                },
                "definitions": {"instant": {"type": "string", "format": "date-time"}},
            },
            {
                *("/type", "/required", "/additionalProperties", "/properties/at/type", "/properties/at/format"),
                *("/properties/by/type", "/properties/by/pattern", "/properties/day/type", "/properties/day/anyOf"),
            },
        ),
        ({"allOf": [{"type": "string"}, {"minLength": 2}]}, {"/allOf/0/type", "/allOf/1/minLength"}),
    ],
    ids=lambda value: ",".join(sorted(value)),
)
def test_each_rule_of_a_schema_is_broken_alone(schema: dict[str, Any], rules: set[str]) -> None:
    assert {case.rule for case in broken(event_of(schema))} == rules


def test_every_required_field_is_left_out_in_its_turn() -> None:
    schema = {"type": "object", "required": ["left", "right"], "properties": {"left": {}, "right": {}}}
    missing = [case.payload for case in broken(event_of(schema)) if case.rule == "/required" and case.payload]
    assert [list(payload) for payload in missing] == [["right"], ["left"]]


@pytest.mark.parametrize("name", ["date-time", "date", "time", "email", "hostname", "ipv4", "ipv6", "uri"])
def test_every_format_is_broken(name: str) -> None:
    assert "/format" in {case.rule for case in broken(event_of({"type": "string", "format": name}))}


@pytest.mark.unmeasured
@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_what_is_at_an_edge_is_valid_and_the_same_for_the_same_seed(event: Event) -> None:
    found = edges(event, event.examples[0], _none, 1)
    for edge in found:
        assert event.is_valid(edge.payload), edge
    assert len({json.dumps(edge.payload, sort_keys=True) for edge in found}) == len(found)
    assert found == edges(event, event.examples[0], _none, 1)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _none(_name: str) -> bool:
    return False


def _tried(schema: dict[str, Any], good: Any, kept: Callable[[str], bool] = _none, seed: int = 1) -> list[Any]:
    return [edge.payload for edge in edges(event_of(schema), good, kept, seed)]


@pytest.mark.parametrize(
    ("schema", "good", "tried"),
    [
        ({"type": "integer", "minimum": 7, "maximum": 9}, 8, [7, 9]),
        ({"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 9}, 4, [1, 8]),
        ({"type": "integer", "minimum": 0}, 4, [0, 2**53 - 1]),
        ({"type": "number", "maximum": 0.5}, 0.25, [0.5, 0, -1]),
        ({"type": "boolean"}, True, [False]),
        ({"enum": ["open", "closed"]}, "open", ["closed"]),
        ({"type": ["integer", "null"], "minimum": 1, "maximum": 3}, 1, [3, None]),
        ({"type": "array", "minItems": 1, "maxItems": 3, "items": {"enum": [7]}}, [7, 7], [[7], [7, 7, 7]]),
        ({"type": "array", "items": {"enum": [7]}}, [7], [[]]),
        ({"type": "string", "format": "date"}, "2026-03-14", ["2028-02-29", "2026-12-31"]),
        (
            {"type": "object", "required": ["a"], "properties": {"a": {"const": 1}, "b": {"const": 2}}},
            {"a": 1},
            [{"a": 1, "b": 2}],
        ),
        (
            {"type": "object", "properties": {"a": {"type": "boolean"}, "b": {"const": 2}}},
            {"b": 2},
            [{"a": True, "b": 2}, {"a": False, "b": 2}, {}],
        ),
        ({"oneOf": [{"const": 1}, {"const": 2}]}, 1, [2]),
    ],
    ids=lambda value: json.dumps(value)[:60],
)
def test_each_edge_of_a_schema_is_tried_alone(schema: dict[str, Any], good: Any, tried: list[Any]) -> None:
    found = _tried(schema, good)
    assert sorted(map(_text, found)) == sorted(map(_text, tried))


def test_a_text_is_as_long_and_as_short_as_it_may_be_and_counted_in_letters() -> None:
    found = _tried({"type": "string", "minLength": 2, "maxLength": 9}, "hello")
    assert {2, 9} == {len(text) for text in found if text.isascii() and text.isalpha()}
    assert "🦊" * 9 in found
    assert all(2 <= len(text) <= 9 for text in found)


def test_another_seed_tries_in_another_order_and_one_way_of_each_rule_first() -> None:
    schema = {
        "type": "object",
        "properties": {name: {"type": "string", "maxLength": 9} for name in ("a", "b", "c")},
        "required": ["a", "b", "c"],
    }
    good = dict.fromkeys("abc", "hello")
    first, other = (_tried(schema, good, seed=seed) for seed in (1, 2))
    assert first != other
    longest = [
        payload
        for payload in first[:6]
        if any(len(text) == 9 and text.isascii() and text.isalpha() for text in payload.values())
    ]
    assert len(longest) == 3


def test_what_names_a_thing_stays_as_it_is_at_any_depth() -> None:
    schema = {
        "type": "object",
        "properties": {
            "roomId": {"type": "string"},
            "of": {"type": "object", "properties": {"roomId": {"type": "string"}, "count": {"type": "integer"}}},
        },
    }
    good = {"roomId": "lobby", "of": {"roomId": "lobby", "count": 1}}
    found = _tried(schema, good, "roomId".__eq__)
    assert found
    assert all(payload["roomId"] == "lobby" for payload in found)
    assert all(payload["of"]["roomId"] == "lobby" for payload in found if "of" in payload)


def test_what_a_channel_has_no_room_for_is_not_tried() -> None:
    event = event_of({"type": "string", "maxLength": 400})
    channel = event.channels[0]
    narrow = replace(event, channels=(replace(channel, limits=replace(channel.limits, event_bytes=100)),))
    lengths = [max(len(edge.payload) for edge in edges(each, "hello", _none, 1)) for each in (event, narrow)]
    assert (lengths[0], lengths[1] < 100) == (400, True)


def test_each_argument_of_a_list_has_its_edges() -> None:
    schema = {"type": "array", "items": [{"type": "boolean"}, {"type": "integer", "minimum": 1, "maximum": 5}]}
    found = edges(event_of(schema, takes_list=True), Arguments([True, 3]), _none, 1)
    assert sorted(map(list, (edge.payload for edge in found))) == [[], [False, 3], [True, 1], [True, 5]]


def test_a_field_that_would_name_a_thing_of_nobody_is_not_added() -> None:
    inside = {"type": "object", "required": ["roomId"], "properties": {"roomId": {"type": "string"}}}
    schema = {"type": "object", "properties": {"of": inside, "loud": {"const": True}}}
    assert _tried(schema, {}, "roomId".__eq__) == [{"loud": True}]
    assert len(_tried(schema, {})) > 1
