"""A bad token differs from the good one in one thing; what is signed again has a good one beside it."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventproof import tokens
from eventproof.target import Jwt, Rest, Target

SECRET = "0123456789" * 7
NOW = 1_790_000_000.5
HEADERS = ("expired", "no-expiry", "future-not-before", "forged", "wrong-key", "changed-payload")


def target(**given: Any) -> Target:
    return Target("p", "http://x", ("user-state",), Rest("http://x"), {}, jwt=Jwt(**({"secret": SECRET} | given)))


def token(claims: dict[str, Any] | None = None, header: dict[str, Any] | None = None) -> str:
    """As another library writes it: with blanks, and its fields in another order."""
    parts = [
        {"typ": "at+jwt", "kid": "k1", "cty": "x", "alg": "HS512", **(header or {})},
        {"sub": "u1", "role": "user", "exp": 1_799_999_999, "name": "Zoë", **(claims or {})},
    ]
    body = ".".join(urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)
    algorithm = jwt.get_algorithm_by_name("HS512")
    signature = algorithm.sign(body.encode(), algorithm.prepare_key(SECRET))
    return f"{body}.{urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def part(made: str, index: int) -> Any:
    text = made.split(".")[index]
    return json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def changed(change: str, good: str, other: str | int | None = None, **given: Any) -> tokens.Changed:
    made = tokens.CHANGES[change](target(**given), good, NOW, other)
    assert made is not None
    return made


@pytest.mark.parametrize("change", HEADERS)
def test_the_bytes_of_the_header_stay(change: str) -> None:
    good = token()
    assert changed(change, good).token.split(".")[0] == good.split(".")[0]


@pytest.mark.parametrize("change", ["alg-none", "forged", "wrong-key"])
def test_the_bytes_of_the_claims_stay_where_the_signature_is_what_changes(change: str) -> None:
    good = token()
    made = changed(change, good).token
    assert made.split(".")[1] == good.split(".")[1]
    assert made.split(".")[2] != good.split(".")[2]


def test_an_unsigned_token_says_so_and_keeps_the_rest_of_its_header() -> None:
    made = changed("alg-none", token()).token
    assert part(made, 0) == {"typ": "at+jwt", "kid": "k1", "cty": "x", "alg": "none"}
    assert list(part(made, 0)) == ["typ", "kid", "cty", "alg"]
    assert made.endswith(".")


def test_another_key_signs_by_the_same_algorithm() -> None:
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(changed("wrong-key", token()).token, SECRET, ["HS512"])
    assert len(changed("wrong-key", token()).token) == len(token())


def test_of_an_algorithm_for_which_we_have_no_key_the_signature_is_forged() -> None:
    good = token(header={"alg": "RS256"})
    assert tokens.signed_by_another(good) == tokens.forged(good)


@pytest.mark.parametrize("change", ["expired", "no-expiry", "future-not-before"])
def test_what_is_signed_again_is_good_but_for_one_claim_and_so_is_its_control(change: str) -> None:
    good = token()
    made = changed(change, good)
    for one in (made.token, made.control):
        assert one is not None
        claims = jwt.decode(
            one, SECRET, ["HS512"], options={"verify_exp": False, "verify_nbf": False, "verify_sub": False}
        )
        before = part(good, 1)
        assert len({name for name in claims | before if claims.get(name) != before.get(name)}) == 1
    assert made.control is not None
    assert made.control not in (good, made.token)
    control = part(made.control, 1)
    assert control["exp"] > NOW
    assert control.get("nbf", 0) < NOW


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (1_799_999_999, 1_789_996_400),
        (1_799_999_999.25, 1_789_996_400.0),
        ("1799999999", "1789996400"),
        (1_799_999_999_000, 1_789_996_400_000),
        ("1799999999000", "1789996400000"),
    ],
)
def test_a_time_is_written_as_the_token_writes_times(written: Any, expected: Any) -> None:
    made = part(changed("expired", token({"exp": written})).token, 1)["exp"]
    assert (made, type(made)) == (expected, type(expected))


@pytest.mark.parametrize("written", ["next year", True, None, [], {"at": 5}])
def test_a_time_that_is_none_cannot_be_changed(written: Any) -> None:
    assert tokens.CHANGES["expired"](target(), token({"exp": written}), NOW, None) is None


def test_a_token_that_never_expires_as_it_is_has_no_expiry_to_lose_and_can_get_one() -> None:
    head, _, _ = token().split(".")
    claims = urlsafe_b64encode(b'{"sub":"u1"}').rstrip(b"=").decode()
    good = f"{head}.{claims}.x"
    assert tokens.without_expiry(target(), good) is None
    assert part(changed("expired", good).token, 1) == {"sub": "u1", "exp": 1_789_996_400}
    made = changed("no-expiry", good)
    assert made.token == good  # itself is what has to be refused
    assert made.control is not None
    assert part(made.control, 1)["exp"] > NOW


@pytest.mark.parametrize(
    ("claims", "more"),
    [
        ({"role": "user"}, {"role": "admin"}),
        ({"roles": ["user"]}, {"roles": ["user", "admin"]}),
        ({"is_admin": False}, {"is_admin": True}),
        ({"scope": "read write"}, {"scope": "read write admin"}),
        ({"role": "admin"}, {"sub": "u2"}),
        ({}, {"sub": "u2"}),
        ({"sub": 7}, {"sub": 8}),
    ],
)
def test_an_altered_token_gives_more_by_one_claim(claims: dict[str, Any], more: dict[str, Any]) -> None:
    head, _, signature = token().split(".")
    before = {"sub": "u1", **claims}
    good = ".".join([head, urlsafe_b64encode(json.dumps(before).encode()).rstrip(b"=").decode(), signature])
    made = changed("changed-payload", good, 8 if before["sub"] == 7 else "u2").token
    assert part(made, 1) == {**before, **more}
    assert made.split(".")[::2] == [head, signature]


def test_an_altered_token_without_a_known_other_person_names_an_unknown_one() -> None:
    made = tokens.altered(token({"role": "admin"}))
    assert made is not None
    assert part(made, 1)["sub"] != "u1"


@given(st.text("0123456789abcdefghijklmnopqrstuvwxyzABCDEF-_.", min_size=1))
def test_a_forged_token_is_another_one_whatever_it_is(good: str) -> None:
    assert tokens.forged(good) != good
    assert tokens.forged(good).rpartition(".")[:2] == good.rpartition(".")[:2]


def test_a_forged_signature_is_whole_base64_of_other_bytes() -> None:
    good = token().rpartition(".")[2]
    made = tokens.forged(token()).rpartition(".")[2]
    before, after = (urlsafe_b64decode(signature + "=" * (-len(signature) % 4)) for signature in (good, made))
    assert len(before) == len(after) == 64
    assert all(one != other for one, other in zip(before, after, strict=True))


@pytest.mark.parametrize("change", sorted(set(tokens.CHANGES) - {"forged"}))
@pytest.mark.parametrize("good", ["opaque", "a.b.c", "e30.e30.x", "bnVsbA.bnVsbA.x", "eyJhbGciOjV9.e30.x"])
def test_what_is_no_json_web_token_is_not_changed(change: str, good: str) -> None:
    assert tokens.CHANGES[change](target(), good, NOW, None) is None


def test_an_expired_token_that_the_profile_gives_has_no_control_and_says_so() -> None:
    made = tokens.CHANGES["expired"](target(secret=None, expired="old"), "opaque", NOW, None)
    assert made is not None
    assert (made.token, made.control) == ("old", None)
    assert "nothing shows that it was good once" in made.uncontrolled


@pytest.mark.parametrize(
    ("given", "good", "wrong"),
    [
        (
            {"secret": "another secret, which is as long as it has to be"},
            token(),
            "secret_env (and algorithm, which is HS256",
        ),
        ({"algorithm": "HS512", "secret": "another secret, as long as needed"}, token(), "correct secret_env"),
        ({}, token(), "give [jwt] expired_env"),
        ({}, token(header={"alg": "RS256"}), "the target's own tokens, which are of RS256"),
        ({}, "opaque", "does not fit"),
    ],
    ids=["secret-and-algorithm", "secret", "a-list-of-tokens", "a-public-key", "no-jwt"],
)
def test_what_does_not_fit_is_named(given: dict[str, Any], good: str, wrong: str) -> None:
    assert wrong in tokens.misfit(target(**given), good)


def test_no_secret_and_no_token_is_shown() -> None:
    assert "eyJ" not in repr(changed("expired", token()))
