from typing import Any

import pytest

from handbook.kinds import in_words

ROOT = {
    "definitions": {"id": {"type": "string", "minLength": 1, "maxLength": 128}, "again": {"$ref": "#/definitions/id"}}
}


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"const": True}, "always `true`"),
        ({"enum": ["a", "b", None]}, 'one of `"a"`, `"b"` or `null`'),
        ({"$ref": "#/definitions/again"}, "text, 1 to 128 characters"),
        ({"$ref": "#/definitions/id", "maxLength": 1}, "text, exactly 1 character"),
        ({"type": "string", "maxLength": 9}, "text, at most 9 characters"),
        ({"type": "string", "pattern": "^a|b$"}, "text, matching `^a|b$`"),
        ({"type": "string", "format": "date-time"}, "time with a zone (RFC 3339)"),
        ({"type": "string", "format": "hostname"}, "text, format hostname"),
        (
            {"type": "string", "anyOf": [{"format": "date"}, {"format": "date-time"}]},
            "date (RFC 3339) or time with a zone (RFC 3339)",
        ),
        ({"type": ["object", "null"], "additionalProperties": False}, "object or null"),
        ({"type": "object"}, "object, further fields allowed"),
        ({"type": "object", "additionalProperties": {"type": "boolean"}}, "object, each field true or false"),
        (
            {"type": "array", "items": {"type": "integer"}, "minItems": 1, "uniqueItems": True},
            "list, each whole number, at least 1 item, none twice",
        ),
        (
            {"type": "number", "exclusiveMinimum": 0, "maximum": 5, "multipleOf": 0.01},
            "number, at most 5, more than 0, a multiple of 0.01",
        ),
        ({"type": "integer", "exclusiveMaximum": 7}, "whole number, less than 7"),
        ({"type": "object", "additionalProperties": False, "minProperties": 1}, "object, at least 1 field"),
        ({"items": {"type": "string"}}, "list, each text"),
        ({"properties": {}}, "object, further fields allowed"),
        ({}, "any value"),
        (True, "any value"),
    ],
)
def test_a_schema_is_told_in_words(schema: Any, words: str) -> None:
    assert in_words(schema, ROOT) == words
