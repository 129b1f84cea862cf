"""The life of a claim is its table, and nothing else."""

from collections.abc import Callable
from datetime import timedelta
from itertools import product

import pytest

from reference_server.refusals import Refusal, contracts
from reference_server.systems.shield import claims
from reference_server.systems.shield.claims import LIFE, Action, Claim, Status
from reference_server.systems.shield.denials import DENIALS
from tests.reference_server.shield.samples import NOW, a_claim

LATER = NOW + timedelta(days=3)
RULES: dict[Action, Callable[[Claim], Claim]] = {
    Action.REVIEW: lambda claim: claims.review(claim, LATER),
    Action.APPROVE: lambda claim: claims.approve(claim, "agreed", LATER),
    Action.DENY: lambda claim: claims.deny(claim, "D003", "no", LATER),
    Action.PAY: lambda claim: claims.pay(claim, "pay_1", "txn_1", LATER),
}
WAYS = {
    Status.SUBMITTED: (),
    Status.UNDER_REVIEW: (Action.REVIEW,),
    Status.APPROVED: (Action.APPROVE,),
    Status.DENIED: (Action.DENY,),
    Status.PAID: (Action.APPROVE, Action.PAY),
}


def _in(status: Status) -> Claim:
    claim = a_claim()
    for action in WAYS[status]:
        claim = RULES[action](claim)
    assert claim.status is status
    return claim


@pytest.mark.parametrize(("status", "action"), list(product(Status, Action)))
def test_an_action_leads_where_the_table_says_or_is_refused(status: Status, action: Action) -> None:
    claim = _in(status)
    if (leads_to := LIFE.after(status, action.call)) is not None:
        after = RULES[action](claim)
        assert (after.status, after.updated_at) == (leads_to, LATER)
    else:
        with pytest.raises(Refusal) as refused:
            RULES[action](claim)
        assert refused.value.code == "illegal_transition"
        assert status.value.replace("_", " ") in refused.value.sentence


@pytest.mark.parametrize(
    ("action", "sentence"),
    [
        (Action.REVIEW, "The claim is denied and cannot be reviewed: nothing changes it any more."),
        (Action.APPROVE, "The claim is denied and cannot be approved: nothing changes it any more."),
        (Action.DENY, "The claim is denied and cannot be denied: nothing changes it any more."),
        (Action.PAY, "The claim is denied and cannot be paid: nothing changes it any more."),
    ],
)
def test_a_refusal_says_what_cannot_be_done_and_why(action: Action, sentence: str) -> None:
    with pytest.raises(Refusal) as refused:
        RULES[action](_in(Status.DENIED))
    assert refused.value.sentence == sentence


def test_every_status_can_be_reached_and_the_last_ones_are_denied_and_paid() -> None:
    assert set(LIFE.states) == set(Status)
    assert LIFE.ends == {Status.DENIED, Status.PAID}
    assert list(LIFE.moves) == [action.call for action in Action]


def test_the_codes_of_denials_are_those_of_the_specification_and_of_the_contract() -> None:
    assert list(DENIALS) == [f"D{number:03}" for number in range(1, 13)]
    event = next(event for event in contracts().system("shield").events if event.name == "claim_denied")
    for payload in event.examples:
        assert payload["data"]["denialCode"] in DENIALS


@pytest.mark.parametrize("code", list(DENIALS))
def test_a_denial_can_be_appealed_for_30_days_exactly_where_its_code_says_so(code: str) -> None:
    claim = claims.deny(a_claim(), code, None, NOW)
    assert claim.denial is DENIALS[code]
    assert claim.appeal_deadline == (NOW + timedelta(days=30) if DENIALS[code].appealable else None)


def test_a_claim_that_was_not_denied_has_no_appeal() -> None:
    assert _in(Status.PAID).appeal_deadline is None
    assert a_claim().denial is None


def test_a_proof_is_asked_for_handed_in_and_asked_for_again() -> None:
    paid = _in(Status.PAID)
    assert not paid.lacks_proof
    asked = claims.request_proof(paid, "The receipt, please.", 14, LATER)
    assert (asked.lacks_proof, asked.proof_due_by) == (True, LATER + timedelta(days=14))
    assert claims.owing_proof(asked) is asked
    handed_in = claims.submit_proof(asked, LATER)
    assert (handed_in.lacks_proof, handed_in.status) == (False, Status.PAID)
    assert claims.request_proof(handed_in, "Another one.", None, LATER).lacks_proof


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.PAID])
def test_a_proof_is_asked_for_paid_claims_alone(status: Status) -> None:
    with pytest.raises(Refusal) as refused:
        claims.request_proof(_in(status), "The receipt, please.", None, LATER)
    assert refused.value.code == "illegal_transition"


def test_a_proof_that_nobody_asked_for_is_refused_and_so_is_a_second_one() -> None:
    paid = _in(Status.PAID)
    handed_in = claims.submit_proof(claims.request_proof(paid, "The receipt.", None, LATER), LATER)
    for claim in (paid, handed_in, a_claim()):
        for rule in (lambda claim: claims.submit_proof(claim, LATER), claims.owing_proof):
            with pytest.raises(Refusal) as refused:
                rule(claim)
            assert refused.value.code == "proof_not_requested"
