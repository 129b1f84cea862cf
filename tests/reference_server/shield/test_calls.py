"""Shield's calls against a running server: what they answer, what they refuse, and what they cause."""

import asyncio
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reference_server.accounts.account import ADMIN, Tier
from reference_server.refusals import contracts
from tests.reference_server.house import House, keep_house
from tests.reference_server.shield.people import TICKET, Member, a_member, connect, listen

pytestmark = pytest.mark.asyncio(loop_scope="package")

MOVED = ("claim_status_changed",)
PAID = (
    "payout_initiated",
    "payout_completed",
    "claim_paid",
    "claim_status_changed",
    "coverage_updated",
    "cancellation_restriction_changed",
)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


# Claims.


async def test_a_claim_that_was_submitted_is_the_members_to_read_and_nobody_elses(house: House) -> None:
    member, other = await a_member(house), await a_member(house)
    first, second = await member.claim(175.29), await member.claim()
    claim = await member.ask("GET", f"claims/{first}")
    assert claim["estimatedPayout"] == 135.26
    assert [each["claimId"] for each in (await member.ask("GET", "claims"))["claims"]] == [second, first]
    assert (await other.ask("GET", "claims"))["claims"] == []
    assert await other.refused("GET", f"claims/{first}", by=other.person) == "claim_not_found"
    assert await other.refused("POST", f"claims/{first}/review") == "claim_not_found"


async def test_every_change_of_a_claim_is_told_to_its_owner_alone_and_can_be_read_at_once(house: House) -> None:
    member, other = await a_member(house), await a_member(house)
    ears, others = await listen(house, member.person), await listen(house, other.person)
    claim = await member.claim()
    assert await ears.names() == ["claim_submitted"]
    for action, body, status, events in (
        ("review", None, "under_review", ("claim_under_review", *MOVED)),
        ("approve", {"decisionNotes": "As agreed."}, "approved", ("claim_approved", *MOVED)),
        ("pay", None, "paid", PAID),
    ):
        assert (await member.have(f"claims/{claim}/{action}", body))["status"] == status
        assert (await member.ask("GET", f"claims/{claim}"))["status"] == status
        assert await ears.names() == list(events)
    denied = await member.claim()
    await member.have(f"claims/{denied}/deny", {"denialCode": "D007"})
    assert await ears.names() == ["claim_submitted", "claim_denied", *MOVED]
    assert (await member.ask("GET", f"claims/{denied}"))["appealable"] is True
    assert await others.names() == []
    await ears.close()
    await others.close()


async def test_what_the_status_does_not_allow_is_refused_and_told_to_nobody(house: House) -> None:
    member = await a_member(house)
    ears = await listen(house, member.person)
    denied, submitted, paid = await member.claim(), await member.claim(), await member.paid()
    await member.have(f"claims/{denied}/deny", {"denialCode": "D001"})
    before = await member.ask("GET", "claims")
    await ears.heard()
    bodies: dict[str, Any] = {"approve": {}, "deny": {"denialCode": "D001"}, "proof-request": {"message": "Prove it."}}
    for claim, actions in (
        (denied, ("review", "approve", "deny", "pay", "proof-request")),
        (paid, ("review", "approve", "deny", "pay")),
        (submitted, ("pay", "proof-request")),
    ):
        for action in actions:
            assert (
                await member.refused("POST", f"claims/{claim}/{action}", bodies.get(action)) == "illegal_transition"
            ), (claim, action)
    assert await ears.heard() == []
    assert await member.ask("GET", "claims") == before
    await ears.close()


async def test_of_many_admins_who_decide_at_once_one_does(house: House) -> None:
    member = await a_member(house)
    claim = await member.claim()
    ears = await listen(house, member.person)
    answers = await asyncio.gather(
        *(
            house.call(
                "POST",
                f"/api/admin/users/{member.person.id}/claims/{claim}/{action}",
                house.admin,
                json={} if action == "approve" else {"denialCode": "D003"},
            )
            for action in ("approve", "deny") * 5
        )
    )
    assert sorted(status for status, _ in answers) == [200] + [409] * 9
    assert len(await ears.names()) == 2
    await ears.close()


async def test_of_many_who_pay_at_once_one_pays(house: House) -> None:
    member = await a_member(house)
    claim = await member.approved()
    path = f"/api/admin/users/{member.person.id}/claims/{claim}/pay"
    answers = await asyncio.gather(*(house.call("POST", path, house.admin) for _ in range(10)))
    assert sorted(status for status, _ in answers) == [200] + [409] * 9
    wallet = await member.ask("GET", "wallet")
    assert (wallet["balance"], len(wallet["transactions"])) == (135, 1)


@pytest.mark.parametrize(
    "ticket",
    [
        {"amount": 0},
        {"amount": -1},
        {"amount": 12.345},
        {"amount": 1000000.01},
        {"amount": "175"},
        {"amount": True},
        {"ticketNumber": ""},
        {"city": None},
        {"state": "x" * 101},
        {"color": "red"},
    ],
)
async def test_a_claim_that_cannot_be_is_refused_and_told_to_nobody(house: House, ticket: dict[str, Any]) -> None:
    member = await a_member(house)
    ears = await listen(house, house.admin)
    assert await member.refused("POST", "claims", TICKET | ticket, by=member.person) == "invalid_input"
    assert await ears.heard() == []
    await ears.close()


@pytest.mark.parametrize("amount", [0.01, 0.29, 0.57, 1.1, 19.99, 33.33, 4.35, 999999.99, 1000000, 64.1, 8.2])
async def test_every_amount_of_whole_cents_is_taken_as_it_is_written(house: House, amount: float) -> None:
    member = await a_member(house)
    assert (await member.ask("GET", f"claims/{await member.claim(amount)}"))["amount"] == amount


async def test_an_amount_with_a_part_of_a_cent_is_refused_in_words(house: House) -> None:
    member = await a_member(house)
    status, answer = await house.call("POST", "/api/shield/claims", member.person, json=TICKET | {"amount": 0.001})
    assert (status, answer["error"]["code"]) == (422, "invalid_input")
    assert "amount" in answer["error"]["message"]


async def test_a_claim_beyond_the_coverage_is_not_approved_until_the_plan_is_upgraded(house: House) -> None:
    member = await a_member(house)
    first, second = await member.approved(1000), await member.claim(1000)
    ears = await listen(house, member.person)
    assert await member.refused("POST", f"claims/{second}/approve", {}) == "coverage_exhausted"
    assert await ears.heard() == []
    assert (await member.ask("PUT", "subscription/plan", {"planId": "pro"}))["planId"] == "pro"
    [(name, upgraded)] = await ears.heard()
    assert (name, upgraded["data"]["changeReason"]) == ("coverage_updated", "plan_upgrade")
    await member.have(f"claims/{second}/approve", {})
    for claim in (first, second):
        await member.have(f"claims/{claim}/pay")
    coverage = (await member.ask("GET", "subscription"))["coverage"]
    assert (coverage["usedAmount"], coverage["remainingAmount"], coverage["ticketsUsed"]) == (1755, 745, 2)
    await ears.close()


async def test_a_proof_is_asked_for_and_handed_in(house: House) -> None:
    member = await a_member(house)
    claim = await member.paid()
    ears, admins = await listen(house, member.person), await listen(house, house.admin)
    assert await member.refused("POST", f"claims/{claim}/proof", by=member.person) == "proof_not_requested"
    assert await member.refused("POST", f"claims/{claim}/proof-overdue") == "proof_not_requested"
    await member.have(f"claims/{claim}/proof-request", {"message": "The receipt, please.", "dueInDays": 14})
    [(name, asked)] = await ears.heard()
    assert name == "proof_of_payment_requested"
    assert _moment(asked["data"]["dueBy"]) - _moment(asked["data"]["requestedAt"]) == timedelta(days=14)
    await member.have(f"claims/{claim}/proof-overdue")
    [(name, overdue)] = await admins.heard()
    assert (name, overdue["data"]["type"], overdue["data"]["claimId"]) == (
        "admin_action_required",
        "proof_overdue",
        claim,
    )
    assert "submittedAt" in (await member.ask("POST", f"claims/{claim}/proof"))["proof"]
    assert await member.refused("POST", f"claims/{claim}/proof", by=member.person) == "proof_not_requested"
    await ears.close()
    await admins.close()


# Admins.


async def test_every_admin_hears_of_a_new_claim_and_of_a_suspicion_and_no_user_does(house: House) -> None:
    member, other = await a_member(house), await a_member(house)
    second = await house.person(ADMIN)
    admins = [await listen(house, person) for person in (house.admin, second, house.session(second))]
    users = await listen(house, other.person)
    claim = await member.claim(1000)
    await member.have(f"claims/{claim}/fraud-alert", {"message": "Twice the same ticket."})
    for ears in admins:
        heard = await ears.heard()
        assert [name for name, _ in heard] == [
            "admin_claim_submitted",
            "admin_action_required",
            "admin_action_required",
        ]
        submitted, review, alert = (payload["data"] for _, payload in heard)
        assert (submitted["userId"], submitted["userEmail"]) == (member.person.id, member.person.account.email)
        assert (review["type"], review["priority"], review["claimId"]) == ("claim_review", "high", claim)
        assert (alert["type"], alert["priority"], alert["message"]) == ("fraud_alert", "high", "Twice the same ticket.")
    assert await users.heard() == []
    for ears in (*admins, users):
        await ears.close()


ADMINS_CALLS: list[tuple[str, str, Any]] = [
    ("POST", "claims/clm_1/review", None),
    ("POST", "claims/clm_1/approve", {}),
    ("POST", "claims/clm_1/deny", {"denialCode": "D001"}),
    ("POST", "claims/clm_1/pay", None),
    ("POST", "claims/clm_1/proof-request", {"message": "m"}),
    ("POST", "claims/clm_1/proof-overdue", None),
    ("POST", "claims/clm_1/fraud-alert", {"message": "m"}),
    ("POST", "withdrawals/wdr_1/decision", {"outcome": "completed"}),
    ("PUT", "subscription/status", {"status": "past_due"}),
    ("POST", "subscription/renew", None),
    ("POST", "notifications", {"title": "t", "message": "m", "type": "general"}),
    ("GET", "pushes", None),
    ("POST", "clock", {"days": 1}),
    ("POST", "fail-next-event", None),
]


async def test_these_are_all_the_calls_of_an_admin() -> None:
    described = {operation.id for operation in contracts().system("shield").operations if operation.role == "admin"}
    assert len(ADMINS_CALLS) == len(described)


@pytest.mark.parametrize(("method", "path", "body"), ADMINS_CALLS)
async def test_an_admins_call_is_refused_to_others_and_about_nobody(
    house: House, method: str, path: str, body: Any
) -> None:
    member = await a_member(house)
    options = {} if body is None else {"json": body}
    for by, status in ((member.person, 403), (None, 401)):
        found, _ = await house.call(method, f"/api/admin/users/{member.person.id}/{path}", by, **options)
        assert found == status
    found, answer = await house.call(method, f"/api/admin/users/usr_nobody/{path}", house.admin, **options)
    assert (found, answer["error"]["code"]) == (404, "user_not_found")


@pytest.mark.parametrize(("method", "path", "body"), [call for call in ADMINS_CALLS if "_1" in call[1]])
async def test_a_call_about_what_there_is_not_is_refused(house: House, method: str, path: str, body: Any) -> None:
    member = await a_member(house)
    code = "withdrawal_not_found" if "wdr" in path else "claim_not_found"
    assert await member.refused(method, path, body) == code


async def test_without_test_controls_time_does_not_move_and_nothing_fails_on_demand(tmp_path: Path) -> None:
    async with keep_house(tmp_path) as plain:
        member = await a_member(plain)
        for path, body in (("clock", {"days": 1}), ("fail-next-event", None)):
            assert await member.refused("POST", path, body) == "not_found"


# The wallet.


async def test_a_withdrawal_leaves_the_wallet_at_once_and_one_that_fails_comes_back(house: House) -> None:
    member = await a_member(house)
    await member.paid()
    ears = await listen(house, member.person)
    asked = {"amount": 100.1, "bankAccountLastFour": "0007"}
    first = await member.ask("POST", "withdrawals", asked)
    assert (first["status"], (await member.ask("GET", "wallet"))["balance"]) == ("pending", 34.9)
    assert await member.refused("POST", "withdrawals", asked, by=member.person) == "insufficient_balance"
    decided = f"withdrawals/{first['withdrawalId']}/decision"
    failed = await member.have(decided, {"outcome": "failed", "failureReason": "Closed account."})
    assert failed["failureReason"] == "Closed account."
    second = await member.ask("POST", "withdrawals", asked)
    await member.have(f"withdrawals/{second['withdrawalId']}/decision", {"outcome": "completed"})
    assert await member.refused("POST", decided, {"outcome": "completed"}) == "withdrawal_decided"
    told = [payload["data"] for _, payload in await ears.heard()]
    assert [(each["newStatus"], each["newWalletBalance"]) for each in told] == [("failed", 135), ("completed", 34.9)]
    assert [each["previousStatus"] for each in told] == ["pending", "pending"]
    wallet = await member.ask("GET", "wallet")
    assert [(each["kind"], each["amount"]) for each in wallet["transactions"]] == [
        ("withdrawal", 100.1),
        ("reversal", 100.1),
        ("withdrawal", 100.1),
        ("payout", 135),
    ]
    await ears.close()


async def test_no_money_is_withdrawn_twice_however_many_ask_at_once(house: House) -> None:
    member = await a_member(house)
    await member.paid()
    asked = {"amount": 100, "bankAccountLastFour": "6789"}
    answers = await asyncio.gather(
        *(house.call("POST", "/api/shield/withdrawals", member.person, json=asked) for _ in range(8))
    )
    assert sorted(status for status, _ in answers) == [201] + [409] * 7
    assert (await member.ask("GET", "wallet"))["balance"] == 35


async def test_a_wallet_shows_its_latest_hundred_transactions(house: House) -> None:
    member = await a_member(house)
    assert await member.ask("GET", "wallet") == {"balance": 0, "transactions": []}
    await member.paid()
    for _ in range(51):
        asked = await member.ask("POST", "withdrawals", {"amount": 1, "bankAccountLastFour": "6789"})
        await member.have(f"withdrawals/{asked['withdrawalId']}/decision", {"outcome": "failed"})
    found = (await member.ask("GET", "wallet"))["transactions"]
    assert len(found) == 100
    assert (found[0]["kind"], found[-1]["kind"]) == ("reversal", "withdrawal")


# Subscriptions.


@pytest.mark.parametrize(
    ("tier", "plan", "billing"),
    [(Tier.FREE, "basic", "monthly"), (Tier.BASIC, "pro", "monthly"), (Tier.PREMIUM, "professional", "annual")],
)
async def test_whoever_looks_first_is_a_member_from_then_on(house: House, tier: Tier, plan: str, billing: str) -> None:
    member = Member(house, await house.person(tier=tier))
    first = await member.ask("GET", "subscription")
    assert (first["planId"], first["status"], first["billingPeriod"]) == (plan, "active", billing)
    assert first["cancellation"] == {"canCancel": True}
    assert await member.ask("GET", "subscription") == first


async def test_a_member_who_may_cancel_does_so_once(house: House) -> None:
    member = await a_member(house)
    ears = await listen(house, member.person)
    assert (await member.ask("POST", "subscription/cancel"))["status"] == "cancelled"
    [(name, cancelled)] = await ears.heard()
    assert (name, cancelled["data"]["previousStatus"], cancelled["data"]["newStatus"]) == (
        "subscription_status_changed",
        "active",
        "cancelled",
    )
    assert await member.refused("POST", "subscription/cancel", by=member.person) == "subscription_not_active"
    assert await member.refused("POST", "subscription/renew") == "subscription_not_active"
    assert await ears.heard() == []
    await ears.close()


async def test_a_status_that_is_set_is_told_and_the_one_that_it_has_is_not(house: House) -> None:
    member = await a_member(house)
    ears = await listen(house, member.person)
    for status, told in (("past_due", 1), ("past_due", 0), ("inactive", 1), ("active", 1), ("active", 0)):
        answer = await member.have("subscription/status", {"status": status, "reason": "payment_failed"}, "PUT")
        assert answer["status"] == status
        assert await ears.names() == ["subscription_status_changed"] * told
    await ears.close()


async def test_a_plan_is_changed_for_a_higher_one_alone(house: House) -> None:
    member = Member(house, await house.person(tier=Tier.BASIC))
    for plan in ("basic", "pro"):
        assert await member.refused("PUT", "subscription/plan", {"planId": plan}, member.person) == "not_an_upgrade"
    assert await member.refused("PUT", "subscription/plan", {"planId": "gold"}, member.person) == "invalid_input"
    assert (await member.ask("PUT", "subscription/plan", {"planId": "professional"}))["planId"] == "professional"


async def test_a_renewal_by_an_admin_moves_the_date_on_from_the_one_that_was_due(house: House) -> None:
    member = await a_member(house)
    before = _moment((await member.ask("GET", "subscription"))["nextRenewalDate"])
    ears = await listen(house, member.person)
    after = await member.have("subscription/renew")
    [(name, renewed)] = await ears.heard()
    assert name == "subscription_renewed"
    assert renewed["data"]["nextRenewalDate"] == after["nextRenewalDate"]
    assert 28 <= (_moment(after["nextRenewalDate"]) - before).days <= 31
    assert renewed["data"]["amountCharged"] == 9.99
    await ears.close()


async def test_time_that_passes_brings_what_falls_due_in_its_order(house: House) -> None:
    member = await a_member(house)
    await member.paid()
    ears = await listen(house, member.person)
    assert (await member.ask("GET", "subscription"))["cancellation"]["daysRemaining"] == 90
    assert await member.refused("POST", "subscription/cancel", by=member.person) == "cancellation_restricted"
    start = _moment((await member.ask("GET", "subscription"))["coverage"]["periodStart"])
    now = _moment((await member.have("clock", {"days": 366}))["now"])
    assert timedelta(days=366) <= now - start < timedelta(days=367)
    heard = await ears.heard()
    assert [name for name, _ in heard] == [
        *["subscription_renewed"] * 2,
        "cancellation_restriction_changed",
        *["subscription_renewed"] * 10,
        "coverage_updated",
    ]
    times = [_moment(payload["timestamp"]) for _, payload in heard]
    assert times == sorted(times)
    assert heard[2][1]["data"]["reason"] == "restriction_expired"
    assert heard[-1][1]["data"]["changeReason"] == "period_reset"
    found = await member.ask("GET", "subscription")
    assert found["cancellation"]["canCancel"] is True
    assert (found["coverage"]["usedAmount"], found["coverage"]["ticketsUsed"]) == (0, 0)
    assert _moment(found["nextRenewalDate"]) > now
    assert (await member.ask("POST", "subscription/cancel"))["status"] == "cancelled"
    await ears.close()


async def test_one_members_time_is_not_anothers(house: House) -> None:
    member, other = await a_member(house), await a_member(house)
    before = await other.ask("GET", "subscription")
    await member.have("clock", {"days": 3660})
    assert await other.ask("GET", "subscription") == before
    submitted = _moment((await other.ask("GET", f"claims/{await other.claim()}"))["submittedAt"])
    assert submitted - _moment(before["coverage"]["periodStart"]) < timedelta(minutes=1)


async def test_a_clock_cannot_leave_the_calendar(house: House) -> None:
    member = await a_member(house)
    for _ in range(9):
        await member.have("clock", {"days": 3660})
    assert await member.refused("POST", "clock", {"days": 3660}) == "invalid_input"
    for days in (0, -1, 3661, 1.5, "1", 10**20):
        assert await member.refused("POST", "clock", {"days": days}) == "invalid_input"
    assert (await member.ask("GET", "subscription"))["coverage"]["periodStart"] > "2100"


# Notifications.


async def test_an_unread_notification_counts_until_it_is_read(house: House) -> None:
    member, other = await a_member(house), await a_member(house)
    assert await member.ask("GET", "notifications") == {"notifications": [], "unreadCount": 0}
    ears = await connect(house, member.person)
    first = await member.have("notifications", {"title": "One", "message": "m", "type": "payout", "claimId": "clm_1"})
    second = await member.have("notifications", {"title": "Two", "message": "m", "type": "general"})
    assert first["data"] == {"claimId": "clm_1"}
    assert "data" not in second
    told = [await ears.next() for _ in range(2)]
    assert [(name, payload["data"]["unreadCount"]) for name, payload in told] == [
        ("notification_received", 1),
        ("notification_received", 2),
    ]
    assert [payload["data"]["notification"] for _, payload in told] == [first, second]
    read = f"notifications/{first['id']}/read"
    assert await other.refused("POST", read, by=other.person) == "notification_not_found"
    for _ in range(2):
        assert await member.ask("POST", read) == {"unreadCount": 1}
    found = await member.ask("GET", "notifications")
    assert (found["notifications"], found["unreadCount"]) == ([second, first | {"read": True}], 1)
    await ears.close()


async def test_an_admin_can_be_notified_too(house: House) -> None:
    admin = Member(house, await house.person(ADMIN))
    ears = await connect(house, admin.person)
    note = {"title": "One", "message": "m", "type": "general"}
    sent = await admin.have("notifications", note)
    name, payload = await ears.next()
    assert (name, payload["data"]["notification"]) == ("notification_received", sent)
    await ears.close()


async def test_what_an_absent_member_must_know_goes_to_the_push_outbox(house: House) -> None:
    member = await a_member(house)
    claim = await member.paid()
    await member.have(f"claims/{claim}/proof-request", {"message": "The receipt, please."})
    await member.have(f"claims/{await member.claim()}/deny", {"denialCode": "D012"})
    pushes = (await member.have("pushes", method="GET"))["pushes"]
    assert [(push["event"], push["reason"]) for push in pushes] == [
        (event, "offline")
        for event in ("claim_denied", "proof_of_payment_requested", "claim_paid", "payout_completed", "claim_approved")
    ]
    assert pushes[-1]["data"]["claimId"] == claim


# What outlives the server.


async def test_everything_outlives_a_restart(tmp_path: Path) -> None:
    paths = ("claims", "wallet", "subscription", "notifications")
    async with AsyncExitStack() as stack:
        house = await stack.enter_async_context(keep_house(tmp_path, test_controls=True))
        member = await a_member(house)
        await member.claim(33.33)
        await member.paid(100.29)
        await member.ask("POST", "withdrawals", {"amount": 7.76, "bankAccountLastFour": "6789"})
        await member.have("notifications", {"title": "One", "message": "m", "type": "general"})
        await member.have("clock", {"days": 45})
        before = [await member.ask("GET", path) for path in paths]
    async with keep_house(tmp_path, test_controls=True) as again:
        member = Member(again, member.person)
        after = [await member.ask("GET", path) for path in paths]
    assert after == before
