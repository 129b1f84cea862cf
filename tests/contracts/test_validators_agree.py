import copy
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis_jsonschema import from_schema

from eventproof import catalog
from eventproof.catalog import Event
from eventproof.catalog.schema import Schema

EVENTS = tuple(event for system in catalog.load().systems.values() for event in system.events)
FORMATS = ("date-time", "date", "time", "email", "hostname", "ipv4", "ipv6", "uri")

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=6,
)
every_event = pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
examined = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def fields_of(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The places in a JSON value, the value itself first."""
    inside: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        inside = list(value.items())
    elif isinstance(value, list):
        inside = list(enumerate(value))
    return [path, *(place for key, part in inside for place in fields_of(part, (*path, key)))]


@st.composite
def mutated(draw: st.DrawFn, event: Event) -> Any:
    """An example with one place in it replaced, removed, or lengthened."""
    payload = copy.deepcopy(draw(st.sampled_from(event.examples)))
    path = draw(st.sampled_from(fields_of(payload)))
    if not path:
        return draw(anything)
    at = payload
    for key in path[:-1]:
        at = at[key]
    change = draw(st.sampled_from(["replace", "remove", "lengthen"]))
    if change == "remove":
        del at[path[-1]]
    elif change == "lengthen" and isinstance(at[path[-1]], str):
        at[path[-1]] += draw(st.sampled_from(["\n", " ", ".", "\u0661", "\x00"]))
    else:
        at[path[-1]] = draw(anything)
    return payload


@cache
def generated(event: Event) -> st.SearchStrategy[Any]:
    """What the schema generates; made once, since a schema with conditions takes seconds to be taken apart."""
    return from_schema(dict(event.schema)).filter(event.is_valid)


@every_event
@given(data=st.data())
@examined
def test_both_validators_take_what_is_generated_from_the_schema(event: Event, data: st.DataObject) -> None:
    payload = data.draw(generated(event))
    assert event.explain(payload) == ()


@every_event
@given(data=st.data())
@examined
def test_both_validators_judge_a_mutated_payload_alike(event: Event, data: st.DataObject) -> None:
    payload = data.draw(mutated(event))
    assert event.is_valid(payload) == (event.explain(payload) == ())


@every_event
@given(payload=anything)
@examined
def test_both_validators_judge_any_json_alike(event: Event, payload: Any) -> None:
    assert event.is_valid(payload) == (event.explain(payload) == ())


@pytest.mark.parametrize("name", FORMATS)
@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_both_validators_judge_a_format_alike(name: str, data: st.DataObject) -> None:
    schema = Schema({"properties": {"value": {"format": name}}})
    payload = {"value": data.draw(from_schema({"type": "string", "format": name}) | st.text())}
    assert schema.is_valid(payload) == (schema.explain(payload) == ())


@pytest.mark.parametrize("text", ["Premium.\n", "Pr\u0661.", "Premium"])
def test_both_validators_read_a_pattern_as_ecma_does(text: str) -> None:
    schema = Schema({"pattern": r"^P[\D]+\.$"})
    assert schema.is_valid(text) == (schema.explain(text) == ())


@pytest.mark.parametrize("payload", [b"bytes", {"message": b"bytes"}, {"\ud800": 1}, {1: 2}])
def test_both_validators_refuse_what_is_no_json_without_failing(payload: Any) -> None:
    schema = Schema({"type": "object", "properties": {"message": {"type": "string"}}})
    assert not schema.is_valid(payload)
    assert schema.explain(payload) != ()
