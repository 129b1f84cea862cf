"""What is sent again: only what is owed, and unchanged."""

import pytest

from eventproof import checks
from eventproof.catalog import AckLevel
from eventproof.history import Kind, Record
from tests.checks.shield import KNOWN, acknowledged, opened, received

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


APPROVED = received(1, "user-1", "claim_approved")
LATER = (opened(10, "user-1", "b"), received(11, "user-1", "claim_approved", line="b"))


def returned(*records: Record, level: AckLevel = AckLevel.REQUIRED) -> list[Record | None]:
    def speaks_against(receipt: Record, name: str) -> bool:
        return receipt.name == "error" and receipt.payload["data"].get("originalEvent") in (None, name)

    return [finding.record for finding in checks.returned(records, KNOWN, level, 2.0, speaks_against)]


def heartbeat(at: float) -> Record:
    return received(at, "user-1", "ping")


def test_what_must_be_acknowledged_and_was_comes_on_no_connection_of_a_run_any_more() -> None:
    story = [PAID, acknowledged(2, PAID), AGAIN, ON_ANOTHER]
    assert returned(*story) == [AGAIN, ON_ANOTHER]
    assert returned(PAID, acknowledged(4.5, PAID), AGAIN, ON_ANOTHER) == []


def test_what_may_be_acknowledged_and_was_comes_on_no_connection_that_was_opened_later() -> None:
    settled = [APPROVED, acknowledged(2, APPROVED)]
    assert returned(*settled, *LATER, level=AckLevel.OPTIONAL) == [LATER[1]]
    assert returned(APPROVED, *LATER, level=AckLevel.OPTIONAL) == []
    earlier = (opened(1, "user-1", "b"), received(11, "user-1", "claim_approved", line="b"))
    assert returned(*settled, *earlier, level=AckLevel.OPTIONAL) == []
    assert returned(*settled, *LATER) == []


@pytest.mark.parametrize(
    ("refusal", "counts"),
    [
        pytest.param({"code": "RATE_LIMITED"}, False, id="which-event-is-not-said"),
        pytest.param({"code": "INTERNAL_ERROR", "originalEvent": "claim_paid_ack"}, False, id="this-one"),
        pytest.param({"code": "INVALID_PAYLOAD", "originalEvent": "no_such_event"}, True, id="another-one"),
    ],
)
def test_an_acknowledgement_that_was_refused_does_not_count(refusal: dict[str, str], counts: bool) -> None:
    error = received(2.5, "user-1", "error")
    error.payload["data"] = refusal
    assert returned(PAID, acknowledged(2, PAID), error, AGAIN) == ([AGAIN] if counts else [])


def test_an_acknowledgement_on_a_connection_that_ended_at_once_does_not_count() -> None:
    gone = Record(2.1, Kind.CLOSED, "user-1", PAID.connection, PAID.channel, payload={"by": "us"})
    assert returned(PAID, acknowledged(2, PAID), gone, heartbeat(5), ON_ANOTHER) == []
