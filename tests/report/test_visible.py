import json

import pytest

from eventproof.report.visible import shown, visible, visible_lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain – “text” ✓ 日本 👍", "plain – “text” ✓ 日本 👍"),
        ("one\r\n\ttwo", r"one\r\n\ttwo"),
        ("\x1b[2J\x07", r"\x1b[2J\x07"),
        ("\u202etxt.exe", r"\u202etxt.exe"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("\ud800", r"\ud800"),
    ],
)
def test_what_cannot_be_seen_is_written_as_an_escape(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_a_long_text_is_cut_and_says_how_long_it_was() -> None:
    assert shown("x" * 10, 10) == "x" * 10
    assert shown("x" * 1_234, 3) == "xxx… (1,234 characters)"


def test_a_secret_is_struck_out_even_where_the_cut_goes_through_it() -> None:
    assert shown('{"token": "s3cr3t-and-more"}', 16) == '{"token": "[redacted]… (28 characters)'


def test_a_text_of_several_lines_keeps_them_and_json_stays_what_it_is() -> None:
    data = {"a": "x\x9b\u202ey", "b": ["\x7f", "\u2028"]}
    shown = visible_lines(json.dumps(data, indent=2, ensure_ascii=False))
    assert json.loads(shown) == data
    assert all(letter.isprintable() or letter == "\n" for letter in shown)
