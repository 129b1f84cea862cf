"""Text that is as it looks."""

import json
from typing import Any

import pytest

from reference_server.legible import illegible, legible


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"name": "png.exe", "note": "two\nlines\tand a tab\r"}, None),
        ({"name": "ÄÖÜ 日本 עברית عربي \u200f \u200d👩‍👩‍👧"}, None),
        ({"name": "\u202egnp.exe"}, "name"),
        ({"name": "\x1b[2J"}, "name"),
        ({"name": "a\x00"}, "name"),
        ({"name": "a\x9b"}, "name"),
        ({"items": ["fine", {"note": "\u2066"}]}, "items/1/note"),
        ("\u202e", ""),
        ({"a": 7, "b": None, "c": True}, None),
    ],
)
@pytest.mark.parametrize("escaped", [True, False])
def test_a_text_that_is_not_as_it_looks_is_found(value: Any, place: str | None, escaped: bool) -> None:
    assert illegible(json.dumps(value, ensure_ascii=escaped), value) == place


def test_what_is_deeply_nested_is_looked_through() -> None:
    value: Any = "\u202e"
    for _ in range(5000):
        value = [value]
    assert illegible("\u202e", value) is not None


def test_a_text_is_made_legible_and_else_stays_as_it_is() -> None:
    assert legible("png\u202e.exe\x07") == "png\ufffd.exe\ufffd"
    assert legible("two\nlines") == "two\nlines"
