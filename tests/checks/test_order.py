"""Different events of one claim, in the order of what caused them."""

import pytest

from eventproof import checks
from eventproof.history import Record
from tests.checks.shield import KNOWN, opened, received

STATUSES = ("submitted", "under_review", "approved", "paid")


def step(record: Record) -> int | None:
    """How far a claim is by the event's own account."""
    data = record.payload["data"]
    status = data.get("newStatus", data.get("status"))
    return STATUSES.index(status) if status in STATUSES else None


def found(*records: Record) -> list[Record | None]:
    return [finding.record for finding in checks.out_of_order(records, KNOWN, step)]


SUBMITTED = received(1, "user-1", "claim_submitted")
REVIEWED = received(2, "user-1", "claim_under_review")
CHANGED = received(2, "user-1", "claim_status_changed")
APPROVED = received(3, "user-1", "claim_approved")
PAID = received(4, "user-1", "claim_paid")


def test_events_in_the_order_of_their_causes_are_in_order() -> None:
    assert found(SUBMITTED, REVIEWED, CHANGED, APPROVED, PAID) == []


def test_events_of_one_cause_may_come_in_any_order() -> None:
    assert found(SUBMITTED, CHANGED, REVIEWED, APPROVED) == []


def test_an_event_after_one_that_was_caused_later_is_found() -> None:
    (finding,) = checks.out_of_order([SUBMITTED, APPROVED, REVIEWED, PAID], KNOWN, step)
    assert finding.record is REVIEWED
    assert finding.sentence == (
        "user-1/a received `claim_under_review` of clm_8f2d41c7 after `claim_approved`, whose cause is later"
    )


def test_each_claim_and_each_connection_has_an_order_of_its_own() -> None:
    other = received(3, "user-1", "claim_under_review", claimId="clm_2")
    elsewhere = received(3, "user-1", "claim_under_review", line="b")
    assert found(SUBMITTED, APPROVED, other, elsewhere) == []


def test_what_is_missing_or_not_ordered_is_not_judged() -> None:
    renewed = received(4, "user-1", "subscription_renewed")
    unnamed = received(4, "user-1", "claim_under_review", claimId={"no": "id"})
    proof = received(4, "user-1", "proof_of_payment_requested")
    assert found(PAID, renewed, unnamed, proof) == []


def test_a_retry_is_no_news() -> None:
    again = received(6, "user-1", "claim_approved", timestamp="2026-03-14T09:30:00Z")
    assert found(APPROVED, PAID, again) == []
    assert found(APPROVED, PAID, received(6, "user-1", "claim_approved", payoutAmount=1)) != []


def test_a_retry_on_a_connection_that_was_opened_later_is_no_news_either() -> None:
    later = opened(5, "user-1", "b")
    proof = received(6, "user-1", "claim_paid", line="b")
    again = received(7, "user-1", "claim_approved", line="b")
    assert found(opened(0, "user-1"), APPROVED, later, proof, again) == []
    assert found(opened(0, "user-1"), later, proof, again) == [again]


def test_what_two_open_connections_hear_is_judged_on_each() -> None:
    both = [opened(0, "user-1", "a"), opened(0, "user-1", "b")]
    ahead = received(4, "user-1", "claim_paid", line="b")
    behind = received(5, "user-1", "claim_approved", line="b")
    assert found(*both, APPROVED, PAID, ahead, behind) == [behind]


@pytest.mark.parametrize(
    ("heard", "named"),
    [
        ({"a": ["1", "2", "3"], "b": ["1", "2", "3"]}, []),
        ({"a": ["1", "2", "3"], "b": ["1", "3"], "c": ["4", "2"]}, []),
        ({"a": ["1", "2", "3"], "b": ["2", "1", "3"], "c": ["1", "2", "3"]}, ["b"]),
        ({"a": ["1"], "b": []}, []),
    ],
)
def test_what_two_were_told_of_came_to_both_in_one_order(heard: dict[str, list[str]], named: list[str]) -> None:
    assert [finding.sentence.split()[0] for finding in checks.one_order(heard)] == named
