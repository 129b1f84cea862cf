"""A status proves a refusal of the right thing, or of nothing."""

import pytest

from eventproof.refusal import COMMAND, Proof, Refusal, proof, says_why_not

CALLER, LOGIN, ENTITLEMENT, VALUE = Refusal.CALLER, Refusal.LOGIN, Refusal.ENTITLEMENT, Refusal.VALUE


@pytest.mark.parametrize(
    ("refusal", "statuses"),
    [
        (CALLER, (401, 403, 407, 419, 423, 440, 451, 498, COMMAND)),
        (LOGIN, (400, 401, 403, 422, 423, COMMAND)),
        (ENTITLEMENT, (401, 402, 403, COMMAND)),
        (VALUE, (409, 410, 412, COMMAND)),
    ],
)
def test_what_means_no_to_it_proves_it(refusal: Refusal, statuses: tuple[int, ...]) -> None:
    assert {proof(status, refusal) for status in statuses} == {Proof.FULL}


@pytest.mark.parametrize(
    ("refusal", "statuses"), [(CALLER, (400, 422)), (ENTITLEMENT, (400, 422)), (VALUE, (400, 403, 404, 422))]
)
def test_what_may_mean_two_things_proves_it_only_beside_an_accepted_call(
    refusal: Refusal, statuses: tuple[int, ...]
) -> None:
    assert {proof(status, refusal) for status in statuses} == {Proof.BESIDE}


@pytest.mark.parametrize("refusal", Refusal)
@pytest.mark.parametrize("status", [405, 406, 408, 411, 413, 414, 415, 421, 426, 429, 431, 301])
def test_what_says_no_to_something_else_proves_nothing(refusal: Refusal, status: int) -> None:
    assert proof(status, refusal) is Proof.NONE
    assert says_why_not(status, refusal).startswith(f"{status} may say that ")


@pytest.mark.parametrize(("refusal", "status"), [(CALLER, 404), (LOGIN, 404), (VALUE, 401), (CALLER, 402)])
def test_a_refusal_of_one_thing_is_none_of_another(refusal: Refusal, status: int) -> None:
    assert proof(status, refusal) is Proof.NONE


def test_a_sentence_says_what_may_be_meant_and_what_was_expected() -> None:
    sentence = says_why_not(404, CALLER)
    assert sentence == "404 may say that there is no such call; 401 or 403 was expected"
    assert says_why_not(302, CALLER, {404}).endswith("401 or 403 or 404 was expected")


@pytest.mark.parametrize("refusal", Refusal)
@pytest.mark.parametrize("status", [200, 204, 299, 500, 503, 0])
def test_what_was_done_or_failed_is_no_refusal(refusal: Refusal, status: int) -> None:
    assert proof(status, refusal, {status}) is Proof.BROKEN


@pytest.mark.parametrize("status", [302, 404])
def test_what_the_profile_names_is_a_refusal_of_callers_beside_an_accepted_call(status: int) -> None:
    assert proof(status, CALLER, {status}) is Proof.BESIDE
    assert proof(status, ENTITLEMENT, {status}) is Proof.BESIDE
    assert proof(405, VALUE, {405}) is Proof.NONE
    assert proof(429, CALLER, {429}) is Proof.NONE
