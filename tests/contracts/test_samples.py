import json
from dataclasses import replace
from typing import Any

import pytest

from eventproof import catalog
from eventproof.catalog import Event
from eventproof.catalog.schema import Schema
from eventproof.samples import sample

EVENTS = tuple(event for system in catalog.load().systems.values() for event in system.events)
SEEDS = range(40)


def event_of(schema: dict[str, Any]) -> Event:
    """An event with this schema; its only example is `None`, which nothing here takes."""
    return replace(EVENTS[0], schema=schema, examples=(None,), _validator=Schema(schema))


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_a_sample_is_valid(event: Event) -> None:
    for seed in SEEDS:
        payload = sample(event, seed)
        assert event.is_valid(payload), event.explain(payload)
        json.dumps(payload)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_the_same_seed_gives_the_same_sample(event: Event) -> None:
    assert [sample(event, seed) for seed in SEEDS] == [sample(event, seed) for seed in SEEDS]


def test_seeds_give_different_samples() -> None:
    event = next(event for event in EVENTS if event.name == "user.tier.updated")
    assert len({json.dumps(sample(event, seed)) for seed in SEEDS}) == 3


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "minLength": 80, "maxLength": 90},
        {"type": "integer", "minimum": 7, "maximum": 9},
        {"type": "integer", "exclusiveMinimum": 0, "multipleOf": 5},
        {"type": "number", "minimum": 0.5, "exclusiveMaximum": 2},
        {"type": "boolean"},
        {"type": ["integer", "boolean"]},
        {"enum": ["open", "closed"]},
        {"type": "array", "minItems": 2, "maxItems": 4, "items": {"type": "integer"}},
        {"type": "object", "required": ["left", "free"], "properties": {"left": {"const": 1}, "right": {"const": 2}}},
        {
            "allOf": [
                {"type": "object", "required": ["at"], "properties": {"at": {"type": "string", "format": "date-time"}}},
                {"required": ["by"], "properties": {"by": {"$ref": "#/definitions/email"}}},
            ],
            "definitions": {"email": {"type": "string", "format": "email"}},
        },
        {
            "type": "object",
            "required": ["kind"],
            "oneOf": [
                {"properties": {"kind": {"const": "cash"}}},
                {"required": ["card"], "properties": {"kind": {"const": "card"}, "card": {"type": "string"}}},
            ],
        },
    ],
    ids=lambda schema: ",".join(schema),
)
def test_every_part_of_a_schema_is_understood(schema: dict[str, Any]) -> None:
    event = event_of(schema)
    for seed in SEEDS:
        payload = sample(event, seed)
        assert event.is_valid(payload), payload


@pytest.mark.parametrize("name", ["date-time", "date", "time", "email", "hostname", "ipv4", "ipv6", "uri"])
def test_every_format_is_made_up(name: str) -> None:
    event = event_of({"type": "string", "format": name})
    assert all(event.is_valid(sample(event, seed)) for seed in SEEDS)


def test_the_examples_beside_a_reference_are_taken() -> None:
    schema = {"$ref": "#/definitions/id", "examples": ["clm_1"], "definitions": {"id": {"type": "string"}}}
    event = event_of({"properties": {"it": schema}, "required": ["it"], "definitions": schema["definitions"]})
    assert sample(event, 1) == {"it": "clm_1"}


def test_what_cannot_be_made_up_is_taken_from_the_examples() -> None:
    schema = {"type": "string", "pattern": "^A[0-9]{20}$"}
    event = replace(event_of(schema), examples=("A01234567890123456789",))
    assert sample(event, 1) == "A01234567890123456789"
