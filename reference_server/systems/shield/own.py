"""A member's own calls: claims, wallet, subscription and notifications of whoever calls."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from ...refusals import Refusal
from ...services import Services
from ...transport.rest import Answer, Call, Handler
from . import answers, claims, events, member, money, tables, wallet
from .claims import Claim, Status
from .notices import Notice
from .plans import Plan
from .visit import Visit, Visits, new_id
from .wallet import Transaction, Withdrawal

_MOST_CLAIMS: Final = 1000
_MOST: Final = 100
"""How many a list holds."""


class OwnCalls:
    """The handlers, by the contract's operationIds."""

    def __init__(self, services: Services, visits: Visits) -> None:
        self._store = services.store
        self._visits = visits

    def operations(self) -> Mapping[str, Handler]:
        """The operations of `contracts/shield/openapi.yaml` whose role is user."""
        return {
            "submitClaim": self.submit_claim,
            "listClaims": self.list_claims,
            "getClaim": self.get_claim,
            "submitProof": self.submit_proof,
            "getWallet": self.get_wallet,
            "requestWithdrawal": self.request_withdrawal,
            "getSubscription": self.get_subscription,
            "cancelSubscription": self.cancel_subscription,
            "upgradePlan": self.upgrade_plan,
            "listNotifications": self.list_notifications,
            "readNotification": self.read_notification,
        }

    async def submit_claim(self, call: Call) -> Answer:
        """A new claim, for admins to review."""
        account, given = call.caller[1], call.parameters
        amount = money.from_json("amount", given["amount"])

        async def submit(visit: Visit) -> Answer:
            claim = Claim(
                id=new_id("clm"),
                user_id=account.id,
                ticket_number=given["ticketNumber"],
                amount=amount,
                city=given["city"],
                state=given["state"],
                violation_type=given["violationType"],
                status=Status.SUBMITTED,
                submitted_at=visit.now,
                updated_at=visit.now,
            )
            await tables.add(visit.connection, claim)
            visit.tell(events.submitted(claim, account.email, visit.now))
            return Answer(201, answers.claim(claim))

        return await self._visits.change(account, submit)

    async def list_claims(self, call: Call) -> Answer:
        """The caller's claims, the newest first."""
        async with self._store.reading() as connection:
            found = await tables.latest(connection, Claim, call.caller[1].id, _MOST_CLAIMS)
        return Answer(200, {"claims": [answers.claim(each) for each in found]})

    async def get_claim(self, call: Call) -> Answer:
        """One claim of the caller; to them there are no others."""
        async with self._store.reading() as connection:
            found = await tables.find(connection, Claim, call.caller[1].id, call.parameters["claimId"])
        if found is None:
            raise Refusal("claim_not_found")
        return Answer(200, answers.claim(found))

    async def submit_proof(self, call: Call) -> Answer:
        """The ticket of a paid claim was paid too: here is the proof."""

        async def submit(visit: Visit) -> Answer:
            claim = claims.submit_proof(await visit.claim(call.parameters["claimId"]), visit.now)
            await tables.save(visit.connection, claim)
            return Answer(200, answers.claim(claim))

        return await self._visits.change(call.caller[1], submit)

    async def get_wallet(self, call: Call) -> Answer:
        """The caller's balance, and the transactions that made it."""
        user_id = call.caller[1].id
        async with self._store.reading() as connection:
            balance, found = await tables.latest_beside(
                connection, tables.MEMBERS.c.balance, Transaction, user_id, _MOST
            )
        return Answer(200, answers.wallet(balance, found))

    async def request_withdrawal(self, call: Call) -> Answer:
        """Money leaves the wallet for a bank account; an admin tells what became of it."""
        account, given = call.caller[1], call.parameters
        amount = money.from_json("amount", given["amount"])

        async def request(visit: Visit) -> Answer:
            wallet.check_covered(visit.member, amount)
            withdrawal = Withdrawal(
                new_id("wdr"), account.id, amount, given["bankAccountLastFour"], wallet.Status.PENDING, visit.now
            )
            transaction = Transaction(new_id("txn"), account.id, wallet.Kind.WITHDRAWAL, -amount, visit.now)
            visit.member = wallet.book(visit.member, transaction)
            await tables.add(visit.connection, withdrawal)
            await tables.add(visit.connection, transaction)
            return Answer(201, answers.withdrawal(withdrawal))

        return await self._visits.change(account, request)

    async def get_subscription(self, call: Call) -> Answer:
        """The caller's subscription and coverage as of now."""
        found, now = await self._visits.member(call.caller[1])
        return Answer(200, answers.subscription(found, now))

    async def cancel_subscription(self, call: Call) -> Answer:
        """The caller ends the subscription, unless a recent payout forbids it."""

        async def cancel(visit: Visit) -> Answer:
            before, visit.member = visit.member, member.cancel(visit.member, visit.now)
            visit.tell(events.subscription_changed(before, visit.member, "user_cancelled", visit.now))
            return Answer(200, answers.subscription(visit.member, visit.now))

        return await self._visits.change(call.caller[1], cancel)

    async def upgrade_plan(self, call: Call) -> Answer:
        """The caller goes on to a higher plan."""
        plan = Plan(call.parameters["planId"])

        async def upgrade(visit: Visit) -> Answer:
            visit.member = member.upgrade(visit.member, plan)
            visit.tell([events.coverage_updated(visit.member, "plan_upgrade", visit.now)])
            return Answer(200, answers.subscription(visit.member, visit.now))

        return await self._visits.change(call.caller[1], upgrade)

    async def list_notifications(self, call: Call) -> Answer:
        """The caller's notifications, the newest first, and how many of all are unread."""
        user_id = call.caller[1].id
        async with self._store.reading() as connection:
            unread, found = await tables.latest_beside(connection, tables.MEMBERS.c.unread, Notice, user_id, _MOST)
        return Answer(200, {"notifications": [answers.notice(each) for each in found], **_unread(unread)})

    async def read_notification(self, call: Call) -> Answer:
        """The caller has read one; reading it again changes nothing."""
        account, notice_id = call.caller[1], call.parameters["notificationId"]

        async def read(visit: Visit) -> Answer:
            notice = await tables.find(visit.connection, Notice, account.id, notice_id)
            if notice is None:
                raise Refusal("notification_not_found")
            if not notice.read:
                await tables.save(visit.connection, replace(notice, read=True))
                visit.member = replace(visit.member, unread=visit.member.unread - 1)
            return Answer(200, _unread(visit.member.unread))

        return await self._visits.change(account, read)


def _unread(count: int) -> dict[str, Any]:
    return {"unreadCount": count}
