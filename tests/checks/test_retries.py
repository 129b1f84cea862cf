"""What is sent again: only what is owed, and unchanged."""

from eventproof import checks
from eventproof.history import Record
from tests.checks.shield import KNOWN, acknowledged, received

PAID = received(1, "user-1", "claim_paid")
AGAIN = received(6, "user-1", "claim_paid", timestamp="2026-03-14T09:27:00Z")
ON_ANOTHER = received(6, "user-1", "claim_paid", line="b")


def repeated(*records: Record, grace: float = 0.0) -> list[Record | None]:
    return [finding.record for finding in checks.repeated(records, KNOWN, grace)]


def altered(*records: Record) -> list[Record | None]:
    return [finding.record for finding in checks.altered(records, KNOWN)]


def test_what_is_owed_may_come_again() -> None:
    assert repeated(PAID, AGAIN, ON_ANOTHER) == []


def test_what_was_acknowledged_must_not_come_again_on_any_connection() -> None:
    assert repeated(PAID, acknowledged(2, PAID), AGAIN, ON_ANOTHER) == [AGAIN, ON_ANOTHER]
    assert repeated(PAID, acknowledged(2, PAID), AGAIN, grace=4.0) == []


def test_an_acknowledgement_settles_its_own_event_at_its_own_user_alone() -> None:
    completed = received(1, "user-1", "payout_completed")
    another = received(1, "user-1", "claim_paid", transactionId="txn_2")
    at_another = received(1, "user-2", "claim_paid")
    for settled in (completed, another, at_another):
        assert repeated(PAID, settled, acknowledged(2, settled), AGAIN) == []


def test_what_is_not_owed_must_not_come_twice_on_one_connection() -> None:
    told = received(1, "user-1", "claim_approved")
    twice = received(2, "user-1", "claim_approved")
    elsewhere = received(2, "user-1", "claim_approved", line="b")
    assert repeated(told, twice, elsewhere) == [twice]
    assert repeated(told, received(2, "user-1", "claim_approved", payoutAmount=1)) == []


def test_what_no_id_tells_apart_may_come_twice() -> None:
    for name in ("subscription_status_changed", "connected", "error"):
        assert repeated(received(1, "user-1", name), received(2, "user-1", name)) == []


def test_a_retry_with_another_timestamp_is_unchanged_and_one_with_other_data_is_not() -> None:
    assert altered(PAID, AGAIN, ON_ANOTHER, received(7, "user-2", "claim_paid", walletBalance=0)) == []
    changed = received(7, "user-1", "claim_paid", line="b", walletBalance=0)
    assert altered(PAID, AGAIN, changed) == [changed]


def test_another_payout_of_the_same_claim_is_no_retry() -> None:
    assert altered(PAID, received(7, "user-1", "claim_paid", transactionId="txn_2", walletBalance=0)) == []


def test_a_payload_that_names_nothing_is_not_judged() -> None:
    broken = received(7, "user-1", "claim_paid")
    del broken.payload["data"]["transactionId"]
    assert altered(PAID, broken) == []
    assert repeated(PAID, acknowledged(2, PAID), broken) == []
