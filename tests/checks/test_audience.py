"""Who may hear of what a caller does to themselves, and whose things an event is about."""

from dataclasses import replace

import pytest

from eventproof import catalog, checks
from eventproof.errors import ContractViolation
from eventproof.history import Kind, Record
from tests.checks.shield import ADDRESS, KNOWN, ROOMS, called, received


def leaks(*records: Record) -> list[Record | None]:
    return [one.record for one in judged(*records) if isinstance(one, checks.Finding)]


def judged(*records: Record) -> list[checks.Finding | checks.Unjudged]:
    return list(checks.leaked(checks.Story(records, KNOWN, ROOMS)))


def test_who_calls_hears_of_it_where_the_call_names_no_user() -> None:
    own = received(2, "user-1", "claim_submitted")
    assert leaks(called(1, "user-1", "submitClaim"), own) == []
    assert leaks(called(1, "user-2", "submitClaim"), own) == [own]


def test_what_an_admin_does_to_a_user_is_for_that_user_and_not_for_the_admin() -> None:
    call = called(1, "admin-1", "setSubscriptionStatus", userId="1")
    changed = received(2, "user-1", "subscription_status_changed")
    astray = received(2, "admin-1", "subscription_status_changed")
    assert leaks(call, changed, astray) == [astray]


def test_an_event_of_both_kinds_of_call_is_lawful_after_either() -> None:
    changed = received(2, "user-1", "subscription_status_changed")
    assert leaks(called(1, "user-1", "cancelSubscription"), changed) == []
    assert leaks(called(1, "admin-1", "setSubscriptionStatus", userId="1"), changed) == []
    assert leaks(changed) == [changed]


def test_whom_a_caller_without_a_known_id_makes_it_lawful_for_nobody_can_tell() -> None:
    call, own = replace(called(1, "user-3", "submitClaim"), call=1), received(2, "user-3", "claim_submitted")
    (unjudged,) = judged(call, replace(call, kind=Kind.ANSWERED, payload={"status": 201}), own)
    assert isinstance(unjudged, checks.Unjudged)
    assert "the id of who called submitClaim" in unjudged.sentence
    assert leaks(own) == [own], "nothing caused it"


def test_admins_alone_hear_what_is_for_admins() -> None:
    call = called(1, "user-1", "submitClaim")
    astray = received(2, "user-1", "admin_claim_submitted")
    assert leaks(call, received(2, "admin-1", "admin_claim_submitted"), astray) == [astray]


def test_a_leak_is_known_by_what_of_the_contract_it_breaks_whoever_finds_it() -> None:
    call = called(1, "admin-1", "setSubscriptionStatus", userId="1")
    astray = [received(2, who, "subscription_status_changed") for who in ("user-2", "user-3", "admin-1")]
    with pytest.raises(ContractViolation) as broken:
        checks.raise_for(judged(call, *astray, received(3, "user-1", "admin_claim_submitted")))
    assert broken.value.breaks == (
        "shield/subscription_status_changed/audience",
        "shield/admin_claim_submitted/audience",
    )


@pytest.mark.parametrize("name", ["connected", "error"])
def test_what_is_for_one_connection_is_not_judged_by_calls(name: str) -> None:
    assert leaks(received(1, "user-1", name)) == []


def test_a_field_of_the_payload_names_the_user_where_no_call_does() -> None:
    receipt = received(1, "user-1", "connected")
    event = replace(KNOWN[receipt.channel, "connected"], audience=("user:{userId}",))
    own = replace(receipt, payload={"userId": "1"})
    other = replace(receipt, payload={"userId": "2"})
    nobody = replace(receipt, payload="1")
    found = checks.leaked(checks.Story([own, other, nobody], {(receipt.channel, "connected"): event}, ROOMS))
    assert [(type(one), one.record) for one in found] == [(checks.Finding, other), (checks.Unjudged, nobody)]


def submitted(actor: str, claim: str, number: int) -> list[Record]:
    """A claim of this user: the call, its answer, and a decision about it by an admin who names the same user."""
    answer = {"status": 201, "body": {}, "says": {"claimId": claim}}
    return [
        replace(called(1, actor, "submitClaim"), call=number),
        replace(called(1, actor, "submitClaim"), kind=Kind.ANSWERED, payload=answer, call=number),
        called(1, "admin-1", "approveClaim", userId=actor.removeprefix("user-"), claimId=claim),
    ]


def test_nobody_hears_about_anothers_things() -> None:
    calls = [*submitted("user-1", "clm_1", 1), *submitted("user-2", "clm_2", 2)]
    fine = [
        received(2, "user-1", "claim_approved", claimId="clm_1"),
        received(2, "user-2", "claim_submitted", claimId="clm_2"),
        received(2, "admin-1", "admin_claim_submitted", claimId="clm_1"),
    ]
    assert leaks(*calls, *fine) == []
    astray = [
        received(2, "user-2", "claim_approved", claimId="clm_1"),
        received(2, "user-2", "claim_submitted", claimId="clm_1"),
    ]
    assert leaks(*calls, *fine, *astray) == astray


@pytest.mark.parametrize("claim", ["clm_3", ["clm_1"]], ids=["of-an-earlier-run", "no-id"])
def test_what_is_about_nothing_that_a_call_was_about_is_for_whom_any_call_names(claim: object) -> None:
    calls = [*submitted("user-1", "clm_1", 1), *submitted("user-2", "clm_2", 2)]
    assert leaks(*calls, received(2, "user-2", "claim_approved", claimId=claim)) == []
    assert len(leaks(*calls, received(2, "user-3", "claim_approved", claimId=claim))) == 1


def test_a_claim_that_is_being_submitted_may_be_told_before_the_answer_says_its_id() -> None:
    call, answer, _ = submitted("user-1", "clm_1", 1)
    receipt = received(2, "user-1", "claim_submitted", claimId="clm_1")
    assert leaks(call, receipt, answer) == []
    assert leaks(call, receipt) == []
    assert leaks(receipt, call, answer) == [receipt]


def test_a_room_that_nothing_tells_may_be_that_of_whoever_is_in_one_of_its_form() -> None:
    event = replace(KNOWN[ADDRESS, "claim_paid"], audience=("role:admin", "room:desk:{deskId}"))
    known = {**KNOWN, (ADDRESS, "claim_paid"): event}
    paid = replace(called(2, "admin-1", "payClaim", userId="1", claimId="c"), call=1)
    answered = replace(paid, kind=Kind.ANSWERED, payload={"status": 200, "says": {}})
    joined = Record(1, Kind.JOINED, "user-1", "user-1/a", ADDRESS, "room:desk:d1")
    heard = [received(3, actor, "claim_paid", claimId="c") for actor in ("admin-1", "user-1", "user-2")]
    found = list(checks.leaked(checks.Story([joined, paid, answered, *heard], known, ROOMS)))
    assert [(type(one), one.record) for one in found] == [(checks.Unjudged, heard[1]), (checks.Finding, heard[2])]
    (unjudged,) = checks.undelivered(checks.Story([paid, answered], known, ROOMS), 5)
    assert isinstance(unjudged, checks.Unjudged)
    assert "who had to hear `claim_paid`: the answer to payClaim gives no deskId" in unjudged.sentence


PLANS = catalog.load().system("plan-sync")
ONE_PLAN = PLANS.channels[1].address


def told(connection: str, plan: str) -> Record:
    return Record(2, Kind.RECEIVED, "user-1", connection, ONE_PLAN, "DELETE", {"type": "DELETE", "planId": plan})


def test_a_connection_hears_what_goes_to_the_room_that_it_joined_and_no_other_connection_does() -> None:
    joined = Record(0, Kind.JOINED, "user-1", "user-1/sse-1", ONE_PLAN, "room:plan:p1")
    call = called(1, "admin-1", "deletePlan", planId="p1")
    astray, other = told("user-1/sse-2", "p1"), told("user-1/sse-1", "p2")
    story = [joined, call, told("user-1/sse-1", "p1"), astray, other]
    found = checks.leaked(checks.Story(story, checks.known_events([PLANS]), ROOMS))
    assert [finding.record for finding in found] == [astray, other]
