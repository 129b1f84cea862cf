from dataclasses import replace
from pathlib import Path

import jwt
import pytest

from eventproof import actions, profile
from eventproof.catalog import Wire
from eventproof.errors import ContractViolation, UsageError
from eventproof.target import Command, Endpoint, Identity, Jwt, Rest, Target, Transport

SECRET = "a secret that is long enough for HS256"


@pytest.fixture(scope="module")
def target() -> Target:
    return profile.for_url("http://127.0.0.1:8080", {})


def test_a_request_has_its_parameters_where_the_document_puts_them(target: Target) -> None:
    request = actions.request_for(target, "updateUserTier", {"userId": "u/1", "tier": "premium"}, "abc")
    assert request.method == "PUT"
    assert request.url == "http://127.0.0.1:8080/api/admin/users/u%2F1/tier"
    assert request.headers == {"Authorization": "Bearer abc"}
    assert request.json == {"tier": "premium"}


def test_a_request_without_a_token_has_no_header_for_it(target: Target) -> None:
    request = actions.request_for(target, "getMe", {})
    assert request.headers == {}
    assert request.json is None


def test_headers_go_as_the_profile_says(target: Target) -> None:
    cookies = replace(target, rest=Rest("http://api", headers={"Cookie": "session={token}; v=1"}))
    request = actions.request_for(cookies, "getMe", {}, "abc")
    assert request.url == "http://api/api/me"
    assert request.headers == {"Cookie": "session=abc; v=1"}


def test_a_missing_parameter_is_named(target: Target) -> None:
    with pytest.raises(UsageError, match=r"\[operations.banUser\] needs \{userId\}, which is not known here"):
        actions.request_for(target, "banUser", {})


def test_an_unknown_operation_is_named(target: Target) -> None:
    with pytest.raises(UsageError, match="no system under test has the operation fly"):
        actions.request_for(target, "fly", {})


def test_an_operation_may_be_a_program(target: Target) -> None:
    operations = {**target.operations, "banUser": Command("banUser", ("./manage", "ban", "{userId}"), "admin")}
    by_hand = replace(target, operations=operations)
    action = actions.action_for(by_hand, "banUser", {"userId": "7"})
    assert action == actions.Invocation("banUser", ("./manage", "ban", "7"))
    with pytest.raises(UsageError, match="banUser runs a command"):
        actions.request_for(by_hand, "banUser", {"userId": "7"})


def test_a_lone_placeholder_keeps_the_type_of_its_value() -> None:
    filled = actions.fill({"n": "{n}", "text": "no {n}", "list": ["{n}", 1]}, {"n": 3}, "here")
    assert filled == {"n": 3, "text": "no 3", "list": [3, 1]}


@pytest.mark.parametrize(
    ("auth", "sent"),
    [
        ({"token": "Bearer {token}"}, {"token": "Bearer abc"}),
        ({"session": {"bearer": "{token}"}}, {"session": {"bearer": "abc"}}),
        (None, None),
    ],
)
def test_the_connect_payload_is_that_of_the_channel(auth: object, sent: object) -> None:
    endpoint = Endpoint(Wire.SOCKET_IO, "/shield/ws", "/shield/ws", (Transport.WEBSOCKET,), auth)
    assert actions.auth_for(endpoint, "abc", "here") == sent
    assert actions.auth_for(endpoint, None, "here") is None


def test_a_field_that_is_optional_is_sent_where_it_is_given(target: Target) -> None:
    given = {"userId": "7", "claimId": "c"}
    assert actions.request_for(target, "approveClaim", given).json == {}
    noted = actions.request_for(target, "approveClaim", {**given, "decisionNotes": "fine"})
    assert noted.json == {"decisionNotes": "fine"}
    with pytest.raises(UsageError, match=r"needs \{denialCode\}"):
        actions.request_for(target, "denyClaim", given)
    assert actions.request_for(target, "payClaim", given).json is None


@pytest.mark.parametrize(
    ("address", "query", "path"),
    [
        ("/stream", {"t": "a+b"}, "/stream?t=a%2Bb"),
        ("/stream?v=1", {"t": "a+b"}, "/stream?v=1&t=a%2Bb"),
        ("/stream", {}, "/stream"),
    ],
)
def test_the_query_of_a_stream_goes_behind_the_one_of_its_address(
    address: str, query: dict[str, str], path: str
) -> None:
    assert actions.path_for(address, query) == path


def test_an_answer_is_read_by_json_pointer(target: Target) -> None:
    body = {"token": "abc", "user": {"id": 7}}
    assert actions.read(target.operations["login"], "token", body) == "abc"
    assert actions.read(target.operations["login"], "userId", body) == 7
    assert actions.read(target.operations["banUser"], "token", body) is None


def test_an_answer_without_what_it_should_say_is_a_violation_that_names_the_setting(target: Target) -> None:
    with pytest.raises(ContractViolation, match=r"has no token at /token; .*\[operations.login.answers\]"):
        actions.read(target.operations["login"], "token", {"access": "abc"})


def test_an_answer_that_lacks_it_is_shown_by_its_places_and_not_by_its_values(target: Target) -> None:
    with pytest.raises(ContractViolation) as caught:
        actions.read(target.operations["login"], "token", {"data": {"a/b": "opaque", "list": [1, []]}, "none": {}})
    assert caught.value.observed == "values at /data/a~1b, /data/list/0, /data/list/1, /none"


@pytest.mark.parametrize(
    ("pointer", "value"),
    [("/a/0/b~1c", 1), ("/a/5", None), ("/x/y", None), ("", {"a": [{"b/c": 1}]}), ("/a/b", None)],
)
def test_json_pointers_follow_their_rfc(pointer: str, value: object) -> None:
    assert actions.at({"a": [{"b/c": 1}]}, pointer) == value


def test_tokens_are_minted_from_the_profiles_claims(target: Target) -> None:
    claims = {"sub": "{id}", "role": "{role}", "iat": "{now}", "exp": "{expires}", "jti": "{nonce}"}
    minting = replace(target, jwt=Jwt(SECRET, claims=claims, lifetime=60))
    token = actions.mint(minting, Identity("user", id="u1"), 1000.5, "n1")
    assert token is not None
    decoded = jwt.decode(token, SECRET, ["HS256"], options={"verify_exp": False})
    assert decoded == {"sub": "u1", "role": "user", "iat": 1000, "exp": 1060, "jti": "n1"}
    assert actions.mint(target, Identity("user"), 0, "") is None


def test_an_expired_token_is_the_same_with_another_date(target: Target) -> None:
    token = jwt.encode({"sub": "u1", "exp": 9_999_999_999}, SECRET)
    expired = actions.expired(replace(target, jwt=Jwt(SECRET)), token, 10_000.0)
    assert expired is not None
    assert jwt.decode(expired, SECRET, ["HS256"], options={"verify_exp": False}) == {"sub": "u1", "exp": 6400}
    assert actions.expired(target, token, 0) is None
    assert actions.expired(replace(target, jwt=Jwt(expired="old")), token, 0) == "old"
    assert actions.expired(replace(target, jwt=Jwt(SECRET)), "opaque", 0) is None


def test_a_forged_token_differs_in_its_signature_alone() -> None:
    token = jwt.encode({"sub": "u1"}, SECRET)
    forged = actions.forged(token)
    assert forged.rpartition(".")[0] == token.rpartition(".")[0]
    assert forged != token
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(forged, SECRET, ["HS256"])


def test_a_token_can_be_made_that_expires_soon_never_or_begins_later(target: Target) -> None:
    token, signing = jwt.encode({"sub": "u1", "exp": 9_999_999_999}, SECRET), replace(target, jwt=Jwt(SECRET))
    made = {
        "soon": actions.expiring(signing, token, 10_002.7),
        "never": actions.without_expiry(signing, token),
        "later": actions.not_yet_valid(signing, token, 10_000.0),
    }

    def claims(token: str | None) -> dict[str, object]:
        assert token is not None
        return dict(jwt.decode(token, SECRET, ["HS256"], options={"verify_exp": False, "verify_nbf": False}))

    assert {name: claims(token) for name, token in made.items()} == {
        "soon": {"sub": "u1", "exp": 10_002},
        "never": {"sub": "u1"},
        "later": {"sub": "u1", "exp": 9_999_999_999, "nbf": 13_600},
    }
    assert actions.expiring(target, token, 0) is actions.without_expiry(target, token) is None
    assert actions.not_yet_valid(signing, "opaque", 0) is None


def test_a_token_without_a_signature_says_the_algorithm_none() -> None:
    unsigned = actions.unsigned(jwt.encode({"sub": "u1"}, SECRET))
    assert unsigned is not None
    assert unsigned.endswith(".")
    assert jwt.get_unverified_header(unsigned)["alg"] == "none"
    assert jwt.decode(unsigned, options={"verify_signature": False}) == {"sub": "u1"}
    assert actions.unsigned("opaque") is None


def test_a_token_of_another_key_is_whole_and_not_the_targets() -> None:
    token = actions.signed_by_another(jwt.encode({"sub": "u1"}, SECRET))
    assert token is not None
    assert jwt.decode(token, options={"verify_signature": False}) == {"sub": "u1"}
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token, SECRET, ["HS256"])
    assert actions.signed_by_another("opaque") is None


def test_an_altered_token_claims_to_be_an_admins_under_the_old_signature() -> None:
    token = jwt.encode({"sub": "u1", "role": "user"}, SECRET)
    altered = actions.altered(token)
    assert altered is not None
    assert jwt.decode(altered, options={"verify_signature": False})["role"] == "admin"
    assert altered.rpartition(".")[2] == token.rpartition(".")[2]
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(altered, SECRET, ["HS256"])
    assert actions.altered("opaque") is None


@pytest.fixture
def plans() -> Target:
    return profile.for_url("http://api", {})


def test_a_parameter_in_a_header_is_sent_where_it_is_given(plans: Target) -> None:
    with_version = actions.request_for(plans, "updatePlan", {"planId": "p 1", "roi": 2, "ifMatch": '"3"'}, "abc")
    assert with_version.headers == {"Authorization": "Bearer abc", "If-Match": '"3"'}
    assert (with_version.url, with_version.json) == ("http://api/api/admin/plans/p%201", {"roi": 2})
    without = actions.request_for(plans, "updatePlan", {"planId": "p 1", "roi": 2}, "abc")
    assert without.headers == {"Authorization": "Bearer abc"}


def test_an_answer_says_something_in_a_header(plans: Target) -> None:
    operation = plans.operations["getPlan"]
    assert actions.read(operation, "version", {}, {"ETag": '"3"'}) == '"3"'
    with pytest.raises(ContractViolation, match=r"has no version at \$response.header.ETag") as missing:
        actions.read(operation, "version", {"version": 3}, {"Date": "today"})
    assert missing.value.observed == "values at Date"


def test_a_documented_header_that_the_profile_writes_in_other_capitals_is_sent_once(tmp_path: Path) -> None:
    file = tmp_path / "eventproof.toml"
    file.write_text(
        'base_url = "http://127.0.0.1:8080"\nsystems = ["plan-sync"]\n'
        "[operations.updatePlan.headers]\nif-match = 'W/{ifMatch}'\n"
    )
    request = actions.request_for(profile.load(file, env={}), "updatePlan", {"planId": "p1", "ifMatch": '"3"'}, "abc")
    sent = [(name, value) for name, value in request.sent_headers.items() if name.lower() == "if-match"]
    assert sent == [("if-match", 'W/"3"')]
