"""A schema and the next one, keyword by keyword; and that no change which refuses or lets through more goes untold."""

from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventproof.diff.rules import RULES, Level
from eventproof.diff.schemas import compared

Json = Any


def rules(old: Json, new: Json) -> list[tuple[str, str]]:
    return [(found.rule, found.place) for found in compared(old, new)]


def of(**fields: Json) -> Json:
    return {"type": "object", "properties": fields}


TEXT = {"type": "string"}
LIST: Json = {"$ref": "#/definitions/N", "definitions": {"N": of(next={"$ref": "#/definitions/N"}, a=TEXT)}}
"""Refers to itself."""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (of(a=TEXT), of(a=TEXT), []),
        (of(a={**TEXT, "description": "x"}), of(a={**TEXT, "title": "y", "examples": ["z"]}), []),
        (of(a=TEXT), of(a=TEXT, b=TEXT), [("field-added", "/b")]),
        (of(a=TEXT), {**of(a=TEXT, b=TEXT), "required": ["b"]}, [("field-required-added", "/b")]),
        (of(a=TEXT), of(), [("field-removed", "/a")]),
        ({**of(a=TEXT), "required": ["a"]}, of(), [("field-required-removed", "/a")]),
        (of(a=TEXT), {**of(a=TEXT), "required": ["a"]}, [("field-demanded", "/a")]),
        ({**of(a=TEXT), "required": ["a"]}, of(a=TEXT), [("field-optional", "/a")]),
        (of(a=TEXT), {**of(a=TEXT), "additionalProperties": False}, [("object-closed", "")]),
        (
            {**of(a=TEXT, b=TEXT), "additionalProperties": False},
            {**of(a=TEXT), "additionalProperties": False},
            [("field-removed", "/b"), ("field-refused", "/b")],
        ),
        (of(a=TEXT), of(a={"type": ["string", "null"]}), [("type-widened", "/a")]),
        (of(a={"type": "number"}), of(a={"type": "integer"}), [("type-narrowed", "/a")]),
        (of(a={"type": "integer"}), of(a={"type": "number"}), [("type-widened", "/a")]),
        ({"enum": ["a"]}, {"enum": ["a", "b"]}, [("value-added", "")]),
        ({"enum": ["a", "b"]}, {"const": "a"}, [("value-removed", "")]),
        ({"const": "a"}, {"type": "string"}, [("type-narrowed", ""), ("value-added", "")]),
        ({"maxLength": 5}, {"maxLength": 9}, [("limit-loosened", "")]),
        ({"minimum": 5}, {"minimum": 9}, [("limit-tightened", "")]),
        ({"minItems": 1}, {}, [("limit-loosened", "")]),
        ({"multipleOf": 2}, {"multipleOf": 4}, [("limit-tightened", "")]),
        ({"multipleOf": 2}, {"multipleOf": 3}, [("schema-changed", "")]),
        ({"pattern": "a"}, {"pattern": "b"}, [("form-changed", "")]),
        ({}, {"format": "date"}, [("form-added", "")]),
        ({"items": TEXT}, {"items": {"type": "number"}}, [("type-widened", "/*"), ("type-narrowed", "/*")]),
        ({"items": [TEXT]}, {"prefixItems": [TEXT]}, []),
        (LIST, LIST, []),
        (
            LIST,
            of(a=TEXT, next=of(a=TEXT, next={"$ref": "#/definitions/N"})) | {"definitions": LIST["definitions"]},
            [],
        ),
        (
            LIST,
            of(a=TEXT, next=of(a=TEXT, next=of(a={}))),
            [("field-removed", "/next/next/next"), ("type-widened", "/next/next/a")],
        ),
        (of(a={"x-unique": True}), of(a=True), []),
        ({"oneOf": [TEXT]}, {"oneOf": [TEXT, {"type": "null"}]}, [("branch-added", "")]),
        ({"anyOf": [TEXT, {"type": "null"}]}, {"anyOf": [{"type": "null"}]}, [("branch-removed", "")]),
        (
            {"oneOf": [of(k={"const": "x"}), of(k={"const": "y"})]},
            {"oneOf": [of(k={"const": "y"}), of(k={"const": "x"}, b=TEXT)]},
            [("field-added", "/b")],
        ),
        ({"allOf": [TEXT]}, {"allOf": [TEXT, {"maxLength": 3}]}, [("demand-added", "")]),
        ({"not": {"const": 1}}, {"not": {"enum": [1, 2]}}, [("schema-changed", "")]),
        (True, {"type": "string"}, [("demand-added", "")]),
        ({"const": 1}, {"const": True}, [("value-added", ""), ("value-removed", "")]),
        ({"const": 1}, {"const": 1.0}, []),
        ({"type": "string"}, {}, [("type-widened", "")]),
        ({"if": {}, "then": TEXT}, {"if": {}, "then": {}}, [("schema-changed", "")]),
    ],
)
def test_a_change_is_told_by_its_rule_and_its_place(old: Json, new: Json, expected: list[tuple[str, str]]) -> None:
    assert rules(old, new) == expected


def test_a_reference_is_followed_and_may_lead_back_to_itself() -> None:
    def tree(leaf: Json) -> Json:
        node = {"type": "object", "properties": {"leaf": leaf, "children": {"items": {"$ref": "#/definitions/node"}}}}
        return {"definitions": {"node": node}, "$ref": "#/definitions/node"}

    assert rules(tree(TEXT), tree(TEXT)) == []
    assert ("type-narrowed", "/leaf") in rules(tree(TEXT), tree({"type": "null"}))


def test_a_place_is_a_json_pointer() -> None:
    assert rules(of(**{"a/b": of(c=TEXT)}), of(**{"a/b": of()})) == [("field-removed", "/a~1b/c")]


_leaves = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"type": st.sampled_from(["string", "number", "integer", "boolean", "null"])}),
    st.fixed_dictionaries({"enum": st.lists(st.sampled_from([1, 2, "a", "b", None]), min_size=1, unique=True)}),
    st.fixed_dictionaries({"const": st.sampled_from([1, "a", True])}),
    st.fixed_dictionaries({"type": st.just("string"), "maxLength": st.integers(0, 3)}),
    st.fixed_dictionaries({"type": st.just("number"), "minimum": st.integers(-2, 2)}),
    st.fixed_dictionaries({"anyOf": st.lists(st.sampled_from([TEXT, {"type": "null"}, {"const": 1}]), min_size=1)}),
)
_schemas = st.one_of(
    _leaves,
    st.builds(
        lambda fields, required: {"type": "object", "properties": fields, "required": sorted(required)},
        st.dictionaries(st.sampled_from("ab"), _leaves),
        st.sets(st.sampled_from("ab")),
    ),
    st.builds(lambda items, least: {"type": "array", "items": items, "minItems": least}, _leaves, st.integers(0, 2)),
)
_values = st.sampled_from([1, 2, -1, 0.5, "a", "b", "", "abcd", None, True])
_payloads = st.one_of(_values, st.lists(_values, max_size=3), st.dictionaries(st.sampled_from("ab"), _values))


def _fits(schema: Json, payload: Json) -> bool:
    return bool(jsonschema.Draft7Validator(schema).is_valid(payload))


@settings(max_examples=150, deadline=None)
@given(old=_schemas, new=_schemas, payload=_payloads)
def test_no_payload_changes_its_verdict_untold(old: Json, new: Json, payload: Json) -> None:
    found = [RULES[rule] for rule, _ in rules(old, new)]
    known = set(old.get("properties", "ab")) if isinstance(payload, dict) else set()
    if _fits(old, payload) and not _fits(new, payload) and set(payload if isinstance(payload, dict) else ()) <= known:
        assert [rule for rule in found if rule.taken is not Level.SAFE]
    if _fits(new, payload) and not _fits(old, payload):
        assert [rule for rule in found if rule.sent is not Level.SAFE]
