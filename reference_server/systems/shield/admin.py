"""An admin's calls: decisions on a member's claims, withdrawals and subscription, and what helps to test them."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import structlog

from ...accounts.account import Account
from ...delivery.pushes import Push
from ...refusals import Refusal
from ...services import Services
from ...transport.rest import Answer, Call, Handler
from . import answers, claims, coverage, due, events, member, payment, tables, wallet
from .claims import Claim
from .member import Subscription
from .notices import Kind, Notice
from .times import written
from .visit import Visit, Visits, new_id
from .wallet import Transaction, Withdrawal

_log = structlog.get_logger("shield")


class AdminCalls:
    """The handlers, by the contract's operationIds."""

    def __init__(self, services: Services, visits: Visits) -> None:
        self._accounts = services.accounts
        self._conduct = services.conduct
        self._incoming = services.incoming
        self._journal = services.journal
        self._test_controls = services.test_controls
        self._visits = visits

    def operations(self) -> Mapping[str, Handler]:
        """The operations of `contracts/shield/openapi.yaml` whose role is admin."""
        return {
            "reviewClaim": self.review_claim,
            "approveClaim": self.approve_claim,
            "denyClaim": self.deny_claim,
            "payClaim": self.pay_claim,
            "requestProof": self.request_proof,
            "flagOverdueProof": self.flag_overdue_proof,
            "raiseFraudAlert": self.raise_fraud_alert,
            "decideWithdrawal": self.decide_withdrawal,
            "setSubscriptionStatus": self.set_subscription_status,
            "renewSubscription": self.renew_subscription,
            "notifyUser": self.notify_user,
            "listPushes": self.list_pushes,
            "advanceTime": self.advance_time,
            "failNextEvent": self.fail_next_event,
        }

    # Claims.

    async def review_claim(self, call: Call) -> Answer:
        """Take a claim under review."""
        return await self._move(call, lambda visit, claim: claims.review(claim, visit.now))

    async def approve_claim(self, call: Call) -> Answer:
        """Grant a claim, where the coverage suffices; its payout is reserved."""

        def approve(visit: Visit, claim: Claim) -> Claim:
            approved = claims.approve(claim, call.parameters.get("decisionNotes"), visit.now)
            visit.member = coverage.reserve(visit.member, approved.settlement.payout)
            return approved

        return await self._move(call, approve)

    async def deny_claim(self, call: Call) -> Answer:
        """Deny a claim, for one of the reasons that there are."""
        code, notes = call.parameters["denialCode"], call.parameters.get("decisionNotes")
        return await self._move(call, lambda visit, claim: claims.deny(claim, code, notes, visit.now))

    async def _move(self, call: Call, rule: Callable[[Visit, Claim], Claim]) -> Answer:
        async def move(visit: Visit, before: Claim) -> Claim:
            after = rule(visit, before)
            await tables.save(visit.connection, after)
            visit.tell(events.moved(before, after, visit.now))
            return after

        return await self._with_claim(call, move)

    async def pay_claim(self, call: Call) -> Answer:
        """Pay an approved claim into its member's wallet."""

        async def pay(visit: Visit, before: Claim) -> Claim:
            paid = payment.pay(visit.member, before, new_id("pay"), new_id("txn"), visit.now)
            visit.member = paid.member
            await tables.save(visit.connection, paid.claim)
            await tables.add(visit.connection, paid.transaction)
            visit.tell(events.paid(before, paid.claim, paid.member, visit.now))
            return paid.claim

        return await self._with_claim(call, pay)

    async def request_proof(self, call: Call) -> Answer:
        """Ask the member to prove that the ticket of a paid claim was paid."""
        message, days = call.parameters["message"], call.parameters.get("dueInDays")

        async def request(visit: Visit, claim: Claim) -> Claim:
            claim = claims.request_proof(claim, message, days, visit.now)
            await tables.save(visit.connection, claim)
            visit.tell(events.proof_requested(claim, visit.now))
            return claim

        return await self._with_claim(call, request)

    async def flag_overdue_proof(self, call: Call) -> Answer:
        """Tell all admins that a proof did not come."""

        async def flag(visit: Visit, claim: Claim) -> Claim:
            visit.tell(events.proof_overdue(claims.owing_proof(claim), visit.now))
            return claim

        return await self._with_claim(call, flag)

    async def raise_fraud_alert(self, call: Call) -> Answer:
        """Tell all admins of a suspicion."""

        async def alert(visit: Visit, claim: Claim) -> Claim:
            visit.tell(events.fraud_alert(claim, call.parameters["message"], visit.now))
            return claim

        return await self._with_claim(call, alert)

    async def _with_claim(self, call: Call, act: Callable[[Visit, Claim], Awaitable[Claim]]) -> Answer:
        async def change(visit: Visit) -> Answer:
            claim = self._conduct.acted_upon(call.operation, await visit.claim(call.parameters["claimId"]))
            return Answer(200, answers.claim(await act(visit, claim)))

        return await self._change(call, change)

    # The wallet and the subscription.

    async def decide_withdrawal(self, call: Call) -> Answer:
        """What the bank made of a withdrawal; the money of one that failed is back in the wallet."""
        outcome, reason = wallet.Status(call.parameters["outcome"]), call.parameters.get("failureReason")

        async def decide(visit: Visit) -> Answer:
            user_id = visit.member.user_id
            before = await tables.find(visit.connection, Withdrawal, user_id, call.parameters["withdrawalId"])
            if before is None:
                raise Refusal("withdrawal_not_found")
            before = self._conduct.acted_upon(call.operation, before)
            after = wallet.decide(before, outcome, reason, visit.now)
            await tables.save(visit.connection, after)
            if outcome is wallet.Status.FAILED:
                back = Transaction(new_id("txn"), user_id, wallet.Kind.REVERSAL, after.amount, visit.now)
                await tables.add(visit.connection, back)
                visit.member = wallet.book(visit.member, back)
            visit.tell(events.withdrawal_decided(before, after, visit.member.balance, visit.now))
            return Answer(200, answers.withdrawal(after))

        return await self._change(call, decide)

    async def set_subscription_status(self, call: Call) -> Answer:
        """Set the status; the one that it has already is told to nobody."""
        status, reason = Subscription(call.parameters["status"]), call.parameters.get("reason")

        async def change(visit: Visit) -> Answer:
            before, visit.member = visit.member, replace(visit.member, status=status)
            visit.tell(events.subscription_changed(before, visit.member, reason, visit.now))
            return Answer(200, answers.subscription(visit.member, visit.now))

        return await self._change(call, change)

    async def renew_subscription(self, call: Call) -> Answer:
        """The next billing period is paid for, ahead of its time."""

        async def renew(visit: Visit) -> Answer:
            fallen = due.renewal(visit.member, visit.now)
            visit.member = member.renew(visit.member)
            visit.tell([events.fell_due(each) for each in fallen])
            return Answer(200, answers.subscription(visit.member, visit.now))

        return await self._change(call, renew)

    # Notifications.

    async def notify_user(self, call: Call) -> Answer:
        """Write a notification to any user."""
        given = call.parameters

        async def notify(visit: Visit) -> Answer:
            notice = Notice(
                id=new_id("ntf"),
                user_id=visit.member.user_id,
                title=given["title"],
                message=given["message"],
                kind=Kind(given["type"]),
                read=False,
                created_at=visit.now,
                claim_id=given.get("claimId"),
                route=given.get("route"),
            )
            await tables.add(visit.connection, notice)
            visit.member = replace(visit.member, unread=visit.member.unread + 1)
            visit.tell(events.noticed(notice, visit.member.unread, visit.now))
            return Answer(201, answers.notice(notice))

        return await self._change(call, notify)

    async def list_pushes(self, call: Call) -> Answer:
        """What went to a user's push outbox, the newest first."""
        user_id = (await self._account(call)).id
        pushes = await self._journal.pushes(user_id)
        return Answer(200, {"pushes": [_push(each) for each in reversed(pushes)]})

    # For tests.

    async def advance_time(self, call: Call) -> Answer:
        """Let days pass for a member: what falls due happens, in its order."""
        self._check_test_controls()

        async def advance(visit: Visit) -> Answer:
            visit.member = member.advance(visit.member, call.parameters["days"])
            visit.catch_up()
            return Answer(200, {"now": written(visit.now)})

        return await self._change(call, advance)

    async def fail_next_event(self, call: Call) -> Answer:
        """Let the next event that this user sends fail inside the server."""
        self._check_test_controls()
        self._incoming.fail_next((await self._account(call)).id)
        return Answer(204)

    def _check_test_controls(self) -> None:
        if not self._test_controls:
            raise Refusal("not_found")

    async def _account(self, call: Call) -> Account:
        user_id = call.parameters["userId"]
        return await self._accounts.find(user_id) or self._conduct.missing(user_id)

    async def _change(self, call: Call, act: Callable[[Visit], Awaitable[Answer]]) -> Answer:
        account = await self._account(call)

        async def change(visit: Visit) -> tuple[Answer, list[str]]:
            return await act(visit), [message.name for message in visit.messages]

        answer, told = await self._visits.change(account, change)
        _log.info("shield-changed", user=account.id, by=call.caller[1].id, told=told)
        return answer


def _push(push: Push) -> dict[str, Any]:
    return {
        "pushId": push.id,
        "event": push.event,
        "data": push.payload["data"],
        "createdAt": written(datetime.fromtimestamp(push.created_at, UTC)),
        "reason": push.reason,
    }
