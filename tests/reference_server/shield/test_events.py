"""What is told of every change keeps its contract."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from eventproof.catalog import Direction, Event
from reference_server.delivery.message import Message
from reference_server.refusals import contracts
from reference_server.systems.shield import channel, claims, coverage, events, member, wallet
from reference_server.systems.shield.claims import Claim
from reference_server.systems.shield.denials import DENIALS
from reference_server.systems.shield.due import due
from reference_server.systems.shield.member import Subscription
from reference_server.systems.shield.notices import Kind, Notice
from reference_server.systems.shield.payment import pay
from reference_server.systems.shield.plans import Plan
from reference_server.systems.shield.wallet import Withdrawal
from tests.reference_server.shield.samples import NOW, a_claim, a_member

SYSTEM = contracts().system("shield")
SOON = NOW + timedelta(minutes=1)


def _event(name: str) -> Event:
    event = SYSTEM.event("/shield/ws", Direction.SEND, name)
    assert event is not None, name
    return event


def _approved(notes: str | None = None) -> Claim:
    return claims.approve(a_claim(), notes, SOON)


def _paid() -> list[Message]:
    payment = pay(coverage.reserve(a_member(), 135_00), _approved(), "pay_1", "txn_1", SOON)
    return events.paid(_approved(), payment.claim, payment.member, SOON)


def _everything() -> Iterator[Message]:
    claim, holder = a_claim(), a_member()
    for amount in (1, 175_00, 500_00, 5_000_00):
        yield from events.submitted(a_claim(amount), "ada@example.com", NOW)
    reviewed = claims.review(claim, SOON)
    yield from events.moved(claim, reviewed, SOON)
    for before in (claim, reviewed):
        for notes in (None, "As agreed."):
            yield from events.moved(before, claims.approve(before, notes, SOON), SOON)
            for code in DENIALS:
                yield from events.moved(before, claims.deny(before, code, notes, SOON), SOON)
    yield from _paid()
    payment = pay(coverage.reserve(holder, 135_00), _approved(), "pay_1", "txn_1", SOON)
    for days in (None, 14):
        asked = claims.request_proof(payment.claim, "The receipt, please.", days, SOON)
        yield from events.proof_requested(asked, SOON)
        yield from events.proof_overdue(asked, SOON)
    yield from events.fraud_alert(claim, "Twice the same ticket.", SOON)
    for status in Subscription:
        for reason in (None, "payment_failed"):
            yield from events.subscription_changed(holder, replace(holder, status=status), reason, SOON)
            yield from events.subscription_changed(replace(holder, status=status), holder, reason, SOON)
    yield events.coverage_updated(member.upgrade(holder, Plan.PROFESSIONAL), "plan_upgrade", SOON)
    yield from (events.fell_due(each) for each in due(payment.member, NOW + timedelta(days=800))[1])
    withdrawal = Withdrawal("wdr_1", "usr_1", 40_00, "6789", wallet.Status.PENDING, NOW)
    for outcome in (wallet.Status.COMPLETED, wallet.Status.FAILED):
        yield from events.withdrawal_decided(withdrawal, wallet.decide(withdrawal, outcome, None, SOON), 95_00, SOON)
    for kind in Kind:
        notice = Notice("ntf_1", "usr_1", "Almost there", "80 % is used.", kind, False, NOW)
        yield from events.noticed(notice, 3, NOW)
        yield from events.noticed(replace(notice, claim_id="clm_1", route="/claims/clm_1"), 1, NOW)


EVERYTHING = list(_everything())


def test_every_message_fits_its_contract() -> None:
    for message in EVERYTHING:
        assert _event(message.name).explain(message.payload) == (), message
        assert message.payload["event"] == message.name


def test_every_message_goes_to_whom_the_contract_says() -> None:
    for message in EVERYTHING:
        audience = _event(message.name).audience
        assert audience == (("role:admin",) if message.user_id is None else ("user:{userId}",))


def test_every_message_is_ordered_by_what_the_contract_says() -> None:
    for message in EVERYTHING:
        if _event(message.name).order_by is not None:
            assert _event(message.name).order_by == "/data/claimId"
            assert message.order_key == message.payload["data"]["claimId"]


def test_every_event_that_a_call_causes_is_among_them() -> None:
    caused = {event.name for event in SYSTEM.events if event.direction is Direction.SEND and event.triggers}
    assert {message.name for message in EVERYTHING} == caused
    assert caused >= channel.PUSHED


def test_a_payment_is_told_in_its_order_and_its_numbers_agree() -> None:
    told = _paid()
    assert [message.name for message in told] == [
        "payout_initiated",
        "payout_completed",
        "claim_paid",
        "claim_status_changed",
        "coverage_updated",
        "cancellation_restriction_changed",
    ]
    initiated, completed, paid, _, covered, restricted = (message.payload["data"] for message in told)
    assert initiated["amount"] == completed["amount"] == paid["payoutAmount"] == 135
    assert completed["newWalletBalance"] == paid["walletBalance"] == 135
    assert completed["transactionId"] == paid["transactionId"]
    assert covered["coverage"]["usedAmount"] + covered["coverage"]["remainingAmount"] == 1000
    assert (restricted["canCancel"], restricted["daysRemaining"]) == (False, 90)


def test_a_submission_is_told_to_its_owner_then_to_the_admins() -> None:
    told = events.submitted(a_claim(), "ada@example.com", NOW)
    assert [(message.name, message.user_id) for message in told] == [
        ("claim_submitted", "usr_1"),
        ("admin_claim_submitted", None),
        ("admin_action_required", None),
    ]
    assert told[0].payload["data"]["estimatedPayout"] == 135


@pytest.mark.parametrize(("amount", "priority"), [(199_99, "low"), (200_00, "medium"), (1_000_00, "high")])
def test_a_larger_claim_is_more_urgent(amount: int, priority: str) -> None:
    assert events.submitted(a_claim(amount), "a@b", NOW)[2].payload["data"]["priority"] == priority


def test_the_status_that_a_subscription_has_already_is_told_to_nobody() -> None:
    assert events.subscription_changed(a_member(), a_member(), "again", NOW) == []


def test_what_fell_due_is_dated_by_the_day_on_which_it_did() -> None:
    _, fallen = due(a_member(), NOW + timedelta(days=60))
    told = [events.fell_due(each).payload for each in fallen]
    assert [payload["timestamp"] for payload in told] == ["2026-02-28T12:00:00.000Z", "2026-03-31T12:00:00.000Z"]
    assert [payload["data"]["nextRenewalDate"] for payload in told] == [
        "2026-03-31T12:00:00.000Z",
        "2026-04-30T12:00:00.000Z",
    ]
