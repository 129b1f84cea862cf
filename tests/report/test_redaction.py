import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventproof.report.redaction import redacted, redacted_text

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3YzFmIn0.c2lnbmF0dXJl"
SECRETS = ("hunter2!", "c2lnbmF0dXJl", "eyJzdWIi")


@pytest.mark.parametrize(
    "text",
    [
        f"connected with {JWT} at last",
        "Authorization: Bearer hunter2!",
        "authorization: basic hunter2!",
        '40{"token":"hunter2!"}',
        "{'password': 'hunter2!'}",
        r'{"body": "{\"accessToken\": \"hunter2!\"}"}',
        r'{"refresh_token": "a \" quote, hunter2!"}',
        '{"Password" : "cut before its end hunter2!',
        "GET /api/me/stream?token=hunter2!&v=1",
        "X-Api-Key=hunter2!",
        "postgresql://eventproof:hunter2!@127.0.0.1/db",
    ],
)
def test_a_secret_inside_a_text_is_struck_out(text: str) -> None:
    result = redacted_text(text)
    assert "[redacted]" in result
    assert not any(secret in result for secret in SECRETS)


@pytest.mark.parametrize(
    "text",
    [
        '42["user.banned",{"message":"Your account has been banned by an administrator."}]',
        "401 token_expired: the token has expired; log in again",
        '{"code": "token_missing"}',
        "http://127.0.0.1:8000/api/me",
        "a bearer",
    ],
)
def test_a_text_without_secrets_stays_as_it_is(text: str) -> None:
    assert redacted_text(text) == text


def test_striking_out_twice_changes_nothing() -> None:
    once = redacted_text(f'Bearer x, ?token=y {{"password": "z"}} {JWT} http://a:b@c/')
    assert redacted_text(once) == once


@pytest.mark.parametrize(
    "name", ["password", "Token", "access_token", "refreshToken", "Authorization", "Set-Cookie", "apiKey"]
)
def test_a_field_that_is_named_like_a_secret_loses_its_whole_value(name: str) -> None:
    assert redacted({name: "hunter2!"}) == {name: "[redacted]"}
    assert redacted({name: {"deep": ["hunter2!"]}}) == {name: "[redacted]"}


def test_an_empty_secret_is_shown_for_nothing_is_given_away() -> None:
    assert redacted({"token": None, "password": ""}) == {"token": None, "password": ""}


def test_values_that_json_cannot_hold_become_some_that_it_can() -> None:
    assert redacted([math.nan, -math.inf, 1.5, b"\x00\x01", {1: {"a"}}]) == [
        None,
        None,
        1.5,
        {"base64": "AAE="},
        {"1": ["a"]},
    ]
    assert redacted(Path("a/b")) == "a/b"
    assert redacted("half of a pair: \ud800") == "half of a pair: ?"


def test_what_is_nested_deeper_than_anyone_reads_is_left_out() -> None:
    nested: Any = []
    for _ in range(5_000):
        nested = [nested]
    assert "nested too deep" in json.dumps(redacted(nested))


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text() | st.binary(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_everything_becomes_json(value: Any) -> None:
    json.dumps(redacted(value), allow_nan=False).encode("utf-8")


@pytest.mark.timeout(10)
@pytest.mark.parametrize("piece", ["x", "token ", '"token":"', "\\", "eyJa.", "a://a:", "Bearer ", '"a', "password="])
def test_no_text_takes_long(piece: str) -> None:
    redacted_text(piece * (1_000_000 // len(piece)))


def test_the_name_of_a_tier_is_no_credential() -> None:
    assert redacted_text("Basic users see Basic features") == "Basic users see Basic features"
    assert redacted_text("Authorization: Basic dXNlcjpwYXNzd29yZA==") == "Authorization: Basic [redacted]"
