from typing import Any

from handbook.fields import fields


def rows(schema: Any) -> list[tuple[str, str, str, str]]:
    return [(row.name, row.kind, row.required, row.says) for row in fields(schema, schema)]


def test_objects_inside_come_after_the_field_that_holds_them() -> None:
    assert rows(
        {
            "type": "object",
            "required": ["data"],
            "properties": {
                "data": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["id"],
                    "properties": {"id": {"description": "The <claim>.", "type": "string", "examples": ["c1"]}},
                },
                "tags": {"type": "array", "items": {"properties": {"name": {"type": "string"}}}},
                "byKey": {"type": "object", "additionalProperties": {"properties": {"n": {"type": "integer"}}}},
            },
        }
    ) == [
        ("data", "object", "yes", ""),
        ("data.id", "text", "yes", 'The &lt;claim>. For example `"c1"`.'),
        ("tags", "list, each object, further fields allowed", "no", ""),
        ("tags[].name", "text", "no", ""),
        ("byKey", "object, each field object, further fields allowed", "no", ""),
        ("byKey.*.n", "whole number", "no", ""),
    ]


def test_a_payload_that_is_no_object_has_a_row_of_its_own() -> None:
    assert rows({"type": "string", "description": "The room."}) == [("", "text", "yes", "The room.")]
    assert [name for name, *_ in rows({"type": "array", "items": {"properties": {"id": {}}}})] == ["", "[].id"]


def test_a_field_of_one_of_several_forms_says_in_which() -> None:
    forms = [{"required": ["a"], "properties": {"a": {"type": "null"}}}, {"properties": {"b": {"type": "null"}}}]
    both = {"type": "object", "properties": {"x": {"oneOf": forms}}, "allOf": [{"properties": {"y": {"type": "null"}}}]}
    assert [(name, required) for name, _, required, _ in rows(both)] == [
        ("x", "no"),
        ("x.a", "in form 1"),
        ("x.b", "no; in form 2"),
        ("y", "no"),
    ]


def test_a_schema_that_holds_itself_ends() -> None:
    node = {"definitions": {"node": {"properties": {"next": {"$ref": "#/definitions/node"}}}}}
    assert [name for name, *_ in rows({**node, "properties": {"first": {"$ref": "#/definitions/node"}}})] == [
        "first",
        "first.next",
    ]
