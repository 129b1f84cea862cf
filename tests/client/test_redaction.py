"""What a history may show of frames and payloads."""

import json

import pytest

from eventproof.client.redaction import REDACTED, Redaction, secrets_of

_JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    "text",
    ["s3cret/+=", "Bearer s3cret/+=", "/stream?token=s3cret%2F%2B%3D&x=1", '40{"token":"s3cret/+="}'],
)
def test_a_known_secret_is_replaced_in_each_spelling(text: str) -> None:
    shown = Redaction(["s3cret/+="]).text(text)
    assert "s3cret" not in shown
    assert REDACTED in shown


def test_a_secret_with_quotes_is_replaced_where_json_escapes_it() -> None:
    secret = 'pass"wörd\\'
    for escaped in (json.dumps({"x": secret}), json.dumps({"x": secret}, ensure_ascii=False)):
        assert Redaction([secret]).text(escaped) == f'{{"x": "{REDACTED}"}}'


def test_any_jwt_is_replaced_known_or_not() -> None:
    assert Redaction().text(f"token={_JWT}; rest") == f"token={REDACTED}; rest"


def test_a_secret_that_contains_another_goes_whole() -> None:
    assert Redaction(["abcd", "abcdefgh"]).text("abcdefgh abcd") == f"{REDACTED} {REDACTED}"


def test_very_short_values_are_no_secrets() -> None:
    assert Redaction(["", "a", "42"]).text("a banana costs 42") == "a banana costs 42"


def test_payloads_are_redacted_in_depth_and_can_be_written() -> None:
    value = {"a": ["hidden", {"hidden": b"\x00\xff"}], "b": 1, "c": None, "d": "\ud800"}
    shown = Redaction(["hidden"]).json(value)
    assert shown == {"a": [REDACTED, {REDACTED: "<2 bytes: 00 ff>"}], "b": 1, "c": None, "d": "?"}
    json.dumps(shown, ensure_ascii=False).encode()


def test_long_frames_are_cut() -> None:
    assert Redaction().message("x" * 20_000).endswith("x … (20000 characters in all)")
    assert Redaction().message(bytes(100)).startswith("<100 bytes: 00 00")
    assert len(Redaction().message(bytes(100_000))) < 300


def test_secrets_are_what_a_client_gives_to_be_let_in() -> None:
    found = set(
        secrets_of(
            {"token": "Bearer abc", "device": ["phone"]},
            [("Authorization", "Bearer def"), ("cookie", "sid=ghi"), ("Accept", "text/html")],
            "http://user:pw@h/p?token=jkl&page=2",
        )
    )
    assert found == {"Bearer abc", "abc", "phone", "Bearer def", "def", "sid=ghi", "pw", "jkl"}


def test_what_json_cannot_write_becomes_text() -> None:
    shown = Redaction().json({"a": [float("inf"), float("nan"), 1.5], "b": b"\0", "\ud800": "\udfff"})
    assert json.loads(json.dumps(shown, allow_nan=False)) == {"a": ["inf", "nan", 1.5], "b": "<1 bytes: 00>", "?": "?"}
