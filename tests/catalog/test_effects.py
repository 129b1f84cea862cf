"""What follows from a call, by the contract alone."""

import pytest

from eventproof import catalog
from eventproof.catalog import Audience, Cause, Effect, Untold, effects, told

CATALOG = catalog.load()


def of(system: str, cause: Cause) -> dict[str, Effect]:
    return {effect.event.name: effect for effect in effects(CATALOG.system(system).events, cause)}


def test_a_call_causes_what_its_contract_lists_for_whom_it_names() -> None:
    found = of("shield", Cause("payClaim", {"userId": 7, "claimId": "clm_1"}, caller="9"))
    assert set(found) == {
        "claim_paid",
        "claim_status_changed",
        "coverage_updated",
        "cancellation_restriction_changed",
        "payout_initiated",
        "payout_completed",
    }
    assert {effect.audience.rooms for effect in found.values()} == {frozenset({"user:7"})}
    assert found["claim_paid"].subject == found["claim_paid"].key == "clm_1"
    assert found["coverage_updated"].subject is None


def test_what_a_caller_does_to_themselves_is_for_the_caller() -> None:
    found = of("shield", Cause("submitClaim", {}, caller="7", says={"claimId": "clm_1"}))
    assert found["claim_submitted"].audience.rooms == frozenset({"user:7"})
    assert found["admin_claim_submitted"].audience.rooms == frozenset({"role:admin"})
    assert {effect.subject for effect in found.values()} == {"clm_1"}


def test_as_long_as_nobody_knows_the_caller_only_the_payload_could_tell_the_audience() -> None:
    unknown = of("shield", Cause("submitClaim"))["claim_submitted"]
    assert unknown.audience.rooms == frozenset()
    assert [room.term for room in unknown.lawful({"data": {}}).untold] == ["user:{userId}"]
    assert unknown.lawful({"userId": "7"}) == Audience(frozenset({"user:7"}))
    assert unknown.subject is None


def test_a_room_that_nothing_tells_leaves_the_others_as_they_are() -> None:
    ordered = of("marketplace", Cause("createOrder", {}, says={"buyerId": "7"}))["order:updated"]
    assert ordered.audience.rooms == frozenset({"user:7"})
    (untold,) = ordered.audience.untold
    assert (untold.term, untold.names) == ("user:{sellerId}", ("sellerId",))


def test_who_may_hear_of_it_beside_the_others_is_lawful_and_may_be_untold() -> None:
    updated = of("marketplace", Cause("updateQuotation", {}, says={"sellerId": "s"}))["quotation:updated"]
    assert updated.audience == Audience(frozenset({"user:s"}))
    assert [room.names for room in updated.lawful({}).untold] == [("buyerId",)]
    assert updated.lawful({"buyerId": "b"}).rooms == frozenset({"user:s", "user:b"})


@pytest.mark.parametrize(
    ("room", "may_be"),
    [("room:desk:l.1:s2", True), ("room:desk:lx1:s2", False), ("room:desk:l.1:", False), ("room:shelf:l.1:s2", False)],
)
def test_an_untold_room_may_be_any_that_has_its_form(room: str, may_be: bool) -> None:
    untold = told("room:desk:{libraryId}:{seatId}", {"libraryId": "l.1"})
    assert isinstance(untold, Untold)
    assert untold.may_be(room) is may_be
    assert told("room:desk:{libraryId}", {"libraryId": "{seatId}"}) == "room:desk:{seatId}", "an id is no placeholder"


def test_the_same_event_on_two_channels_has_an_audience_on_each() -> None:
    found = [
        effect.audience.rooms
        for effect in effects(CATALOG.system("plan-sync").events, Cause("deletePlan", {"planId": 3}))
    ]
    assert found == [frozenset({"everyone"}), frozenset({"room:plan:3"})]


def test_what_a_call_causes_now_and_then_is_not_certain() -> None:
    renewed = of("shield", Cause("renewSubscription", {"userId": "7"}))
    assert renewed["subscription_renewed"].is_certain
    assert not renewed["coverage_updated"].is_certain
    assert not of("user-state", Cause("unbanUser", {"userId": "7"}))["user.unbanned"].is_certain


@pytest.mark.parametrize(("claim", "is_about"), [("clm_1", True), ("clm_2", False), (None, True)])
def test_a_payload_that_names_another_thing_is_not_of_this_call(claim: str | None, is_about: bool) -> None:
    approved = of("shield", Cause("approveClaim", {"userId": "7", "claimId": "clm_1"}))["claim_approved"]
    payload = {"data": {} if claim is None else {"claimId": claim}}
    assert approved.is_about(payload) is is_about


def test_ids_are_compared_as_text_since_a_path_makes_them_so() -> None:
    deleted = of("plan-sync", Cause("deletePlan", {"planId": "3"}))["DELETE"]
    assert deleted.is_about({"planId": 3})


def test_a_call_that_causes_nothing_has_no_effects() -> None:
    assert of("shield", Cause("listClaims", {}, caller="7")) == {}
