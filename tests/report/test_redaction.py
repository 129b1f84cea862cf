import base64
import html
import io
import json
import math
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventproof import profile, redaction
from eventproof.client.journal import kept
from eventproof.redaction import REDACTED, Secrets, cut, guarded, learn, learn_from, redacted, redacted_text, secrets_of
from eventproof.report.records import Frame
from eventproof.verdict import Verdict
from eventproof.wire.excerpt import excerpt

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


@pytest.mark.parametrize("show", [excerpt, kept, lambda text: cut(text, 120) + " (3 times)"])
def test_what_a_cut_leaves_of_a_secret_is_struck_out_before_what_follows(show: Callable[[str], str]) -> None:
    secrets = Secrets()
    secrets.learn("sess_0123456789abcdef")
    for length in (120, 16 * 1024):
        text = "x" * (length - 15) + "sess_0123456789abcdef" + "y" * length
        assert "sess_0" not in secrets.strike(show(text))


@pytest.mark.parametrize("echo", [JWT.rpartition(".")[2], base64.b64encode(f"a{JWT}b".encode()).decode()])
def test_a_json_web_token_is_known_in_base64_and_by_its_signature_alone(echo: str) -> None:
    secrets = Secrets()
    secrets.learn(JWT)
    assert REDACTED in secrets.strike(f"it said {echo}!")


def test_bytes_that_hold_a_secret_are_not_shown() -> None:
    learn("sess_in_bytes_0123")
    assert redacted(b"\xff sess_in_bytes_0123") == {"base64": REDACTED}
    assert kept(b"\xff sess_in_bytes_0123") == f"<20 bytes: {REDACTED}>"
    assert kept(b"x" * 50 + b"sess_in_bytes_0123") == f"<68 bytes: {REDACTED} …>"


@pytest.mark.timeout(10)
def test_many_secrets_that_begin_alike_take_no_longer_than_few() -> None:
    secrets = Secrets()
    for number in range(2_000):
        secrets.learn(f"sess_{number:032}")
    text = "sess_0" * 3_000
    started = perf_counter()
    for _ in range(10):
        secrets.strike(text)
    assert perf_counter() - started < 1


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


@pytest.fixture(autouse=True)
def _knows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_SECRETS", Secrets())


def knowing(*secrets: str) -> Secrets:
    known = Secrets()
    for secret in secrets:
        known.learn(secret)
    return known


STRANGE = "pass\"wörd/\\ <&'+=%"


@pytest.mark.parametrize(
    "spell",
    [
        str,
        repr,
        json.dumps,
        lambda secret: json.dumps(secret, ensure_ascii=False),
        lambda secret: json.dumps(json.dumps({"x": secret})),
        lambda secret: json.dumps(secret).replace("/", "\\/"),
        lambda secret: json.dumps(secret).replace("<", "\\u003c").replace("&", "\\u0026").replace("'", "\\u0027"),
        lambda secret: json.dumps(secret).replace("\\u00f6", "\\u00F6"),
        quote,
        quote_plus,
        lambda secret: quote(secret, safe=""),
        lambda secret: quote(secret, safe="").replace("%22", "%22").lower(),
        html.escape,
        lambda secret: html.escape(secret, quote=False),
        lambda secret: html.escape(secret).replace("&#x27;", "&#39;"),
    ],
)
def test_a_known_secret_is_struck_out_in_each_spelling(spell: Any) -> None:
    text = f"before {spell(STRANGE)} after"
    shown = knowing(STRANGE).strike(text)
    assert shown.replace('"', "").replace("'", "").replace("\\", "").replace("{x: ", "").replace("}", "") == (
        f"before {REDACTED} after"
    )


@pytest.mark.parametrize("before", ["", "a", "ab", "abc", "ada@example.org:"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode], ids=lambda encode: encode.__name__)
def test_a_known_secret_is_struck_out_of_base64_wherever_it_stands_in_it(before: str, encode: Any) -> None:
    secret = "hunter2-and->>more??"
    encoded = encode(f"{before}{secret}".encode()).decode()
    shown = knowing(secret).strike(encoded)
    assert REDACTED in shown
    # What stays is of the bytes before, and of the one that the secret shares a character with.
    left = shown.replace(REDACTED, "").rstrip("=")
    assert len(left) <= len(before) * 8 / 6 + 2


def test_a_secret_that_contains_another_goes_whole() -> None:
    assert knowing("abcd1", "abcd1fgh").strike("abcd1fgh abcd1") == f"{REDACTED} {REDACTED}"


def test_the_beginning_of_a_secret_at_the_end_of_a_text_is_struck_out() -> None:
    known = knowing("hunter2-and-more")
    assert known.strike("it was hunter2-an") == f"it was {REDACTED}"
    assert known.strike("it was hunter2-an, they say") == "it was hunter2-an, they say"
    assert known.strike("the hunt") == "the hunt"


def test_very_short_values_are_no_secrets() -> None:
    assert knowing("", "a", "42", "abc").strike("a banana costs 42, abc") == "a banana costs 42, abc"


def test_a_weak_secret_goes_where_it_is_a_value_and_not_where_it_is_a_word() -> None:
    learn("zebra", "9173")
    shown = redacted_text('a zebra said {"name":"zebra"} 91734 times')
    assert shown == f'a zebra said {{"name":"{REDACTED}"}} 91734 times'
    assert redacted({"name": "zebra", "pin": 9173, "of": ["a zebra", "9173", 91734]}) == {
        "name": REDACTED,
        "pin": REDACTED,
        "of": ["a zebra", REDACTED, 91734],
    }


def test_a_secret_that_is_a_word_of_ours_breaks_no_record() -> None:
    learn("fail", "called")
    assert redacted([Verdict.FAIL, Frame(1.0, "called", "fail", "fail")])[:1] == ["fail"]
    assert redacted(Frame(1.0, "called", "fail", "text"))["kind"] == "fail"


def test_what_is_learnt_from_a_document_are_the_fields_that_are_named_like_secrets() -> None:
    fields = {"accessToken": "opaque-Zq81-token", "name": "harmless-Zq81", "password": "{password}"}
    learn_from({"data": [fields], "X-Api-Key": "Key Zq81-key-value"})
    text = redacted_text("opaque-Zq81-token harmless-Zq81 Zq81-key-value")
    assert text == f"{REDACTED} harmless-Zq81 {REDACTED}"


def test_secrets_are_what_a_client_gives_to_be_let_in() -> None:
    found = set(
        secrets_of(
            {"token": "Bearer abc", "device": ["phone"], "userId": "usr_1"},
            [("Authorization", "Bearer def"), ("cookie", "sid=ghi"), ("Accept", "text/html")],
            "http://user:pw@h/p?token=jkl&page=2",
        )
    )
    assert found == {"Bearer abc", "abc", "Bearer def", "def", "sid=ghi", "pw", "jkl"}
    assert set(secrets_of("opaque")) == {"opaque"}


def test_a_guarded_stream_lets_no_secret_through_however_it_is_written() -> None:
    learn("guarded-Zq82-secret")
    stream = io.StringIO()
    guard = guarded(stream)
    for part in ("one guarded-Zq", "82-secret\ntwo ", "guarded-Zq82-secret"):
        guard.write(part)
    guard.flush()
    assert stream.getvalue() == f"one {REDACTED}\ntwo {REDACTED}"
    assert guarded(guard) is guard


@pytest.mark.timeout(20)
def test_many_secrets_cost_a_text_no_more_than_few() -> None:
    known = knowing(*(f"sess_{number:08}_{number * 7919:010}" for number in range(20_000)))
    assert known.strike("sess_x nothing here " * 20_000 + "sess_00000007_0000055433").endswith(f"here {REDACTED}")


def test_a_text_that_was_written_before_its_secret_was_known_is_struck_out_from_then_on() -> None:
    text = "the door says correct-horse-battery"
    assert redacted_text(text) == text
    learn("correct-horse-battery")
    assert redacted_text(text) == f"the door says {REDACTED}"


def test_what_is_remembered_of_texts_has_an_end() -> None:
    written = [redacted_text(f"user-{number}") for number in range(25_000)]
    assert written[-1] == "user-24999"
    assert len(redaction._SECRETS.written) <= 10_000


def test_a_token_that_is_an_id_in_plain_text_leaves_the_id_readable(tmp_path: Path) -> None:
    people = '[[identities.users]]\nid = "zoe-{n}"\ntoken = "zoe-{n}"\ncount = 3\nfirst = 7001\n'
    others = '[[identities.users]]\nid = "yan-{n}"\ntoken = "zed-token-{n}"\ncount = 2\nfirst = 7001\n'
    path = tmp_path / "eventproof.toml"
    path.write_text(f'base_url = "http://x"\nsystems = ["user-state"]\n{people}{others}', encoding="utf-8")
    profile.load(path, env={})
    learn("zoe-7001", "zed-token-7001")
    assert redacted_text("zoe-7001 said so, zed-token-7001 did") == f"zoe-7001 said so, {REDACTED} did"


def test_a_token_from_the_environment_is_a_secret_whatever_the_id_is(tmp_path: Path) -> None:
    path = tmp_path / "eventproof.toml"
    people = '[[identities.users]]\nid = "wanda-long-77"\ntoken_env = "ZOE"\n'
    path.write_text(f'base_url = "http://x"\nsystems = ["user-state"]\n{people}', encoding="utf-8")
    profile.load(path, env={"ZOE": "wanda-long-77"})
    assert redacted_text("wanda-long-77 said so") == f"{REDACTED} said so"
