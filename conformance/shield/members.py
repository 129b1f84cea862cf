"""What members and admins do by REST, as far as every case needs it, and what every system's cases need of Shield."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

from eventproof.actions import at
from eventproof.conform.cases import (
    ADMIN,
    Answer,
    Canaries,
    Case,
    Fire,
    History,
    People,
    Person,
    System,
    Target,
    Where,
)

SYSTEM: Final = "shield"
NOTIFICATION_RECEIVED: Final = "notification_received"

_CANARY: Final = ("SHD-NOTE-1",)
"""What has to hold for the canary, a notification, to arrive."""
_PLACE: Mapping[str, Any] = {"city": "San Francisco", "state": "CA", "violationType": "no_parking"}
_LARGER: Mapping[str, str] = {"basic": "pro", "pro": "professional"}


class Members:
    """The calls that arrange a case, so that what is not accepted raises Inconclusive."""

    actors = 2

    def __init__(self, _: System, people: People, target: Target, history: History) -> None:
        self.admin = people.acting(ADMIN)
        self._target = target
        self._history = history
        self._canaries = Canaries("a notification", NOTIFICATION_RECEIVED, *_CANARY)

    async def submit(self, user: Person, amount: float = 175.0) -> str:
        """A new claim of this user; its id."""
        ticket = f"SF-2026-{len(self._history):06}"
        answer = await user.call("submitClaim", ticketNumber=ticket, amount=amount, **_PLACE)
        return str(answer.must_succeed().says("claimId"))

    async def review(self, user: Person, claim: str) -> Answer:
        """Take a claim under review."""
        return (await self.admin.call("reviewClaim", userId=user.id, claimId=claim)).must_succeed()

    async def approve(self, user: Person, claim: str) -> Answer:
        """Approve a claim."""
        return (await self.admin.call("approveClaim", userId=user.id, claimId=claim)).must_succeed()

    async def deny(self, user: Person, claim: str, code: str = "D003") -> Answer:
        """Deny a claim."""
        return (await self.admin.call("denyClaim", userId=user.id, claimId=claim, denialCode=code)).must_succeed()

    async def pay(self, user: Person, claim: str) -> Answer:
        """Pay an approved claim."""
        return (await self.admin.call("payClaim", userId=user.id, claimId=claim)).must_succeed()

    async def paid(self, user: Person, amount: float = 175.0) -> str:
        """A claim of this user that went all the way; its id."""
        claim = await self.submit(user, amount)
        await self.approve(user, claim)
        await self.pay(user, claim)
        return claim

    async def notify(self, person: Person, title: str) -> Answer:
        """A notification for anyone, admins too."""
        return (await self._notify(person, title)).must_succeed()

    async def _notify(self, person: Person, title: str) -> Answer:
        given = {"title": title, "message": "This is a test.", "type": "general"}
        return await self.admin.call("notifyUser", userId=person.id, **given)

    async def canary(self, *people: Person) -> None:
        """A notification for each of them, known by its title; once two in a row were lost there are no more."""
        for person in people:
            title = f"Canary {len(self._history)}"
            await person.session()
            lines = [line for line in person.lines if line.system == SYSTEM]
            await self._canaries.send(partial(self._notify, person, title), lines, partial(_titled, title))

    async def traffic(self, actors: Sequence[Person]) -> None:
        """Claims of all of them at once: some are paid, some denied."""

        async def live(user: Person) -> None:
            claim, other = await self.submit(user), await self.submit(user)
            await self.review(user, claim)
            await asyncio.gather(self.approve(user, claim), self.deny(user, other))
            await self.pay(user, claim)

        await asyncio.gather(*map(live, actors))

    async def parameters(self, user: Person) -> Mapping[str, Any]:
        """A paid claim, a withdrawal and a notification of this user, and input that is well-formed."""
        claim = await self.paid(user)
        account: dict[str, Any] = {"amount": 1, "bankAccountLastFour": "6789"}
        withdrawal = (await user.call("requestWithdrawal", **account)).must_succeed()
        notification = await self.notify(user, "Almost there")
        return {
            **_PLACE,
            **account,
            "userId": user.id,
            "claimId": claim,
            "withdrawalId": withdrawal.says("withdrawalId"),
            "notificationId": notification.says("id"),
            "ticketNumber": "SF-2026-000000",
            "planId": "professional",
            "denialCode": "D003",
            "message": "This is a test.",
            "title": "Almost there",
            "type": "general",
            "status": "active",
            "outcome": "completed",
            "days": 1,
        }

    async def rehearse(self, user: Person, fire: Fire) -> None:
        """Two claims through their lives, the wallet, the subscription, notifications; what tests alone need, last."""
        me: dict[str, Any] = {"userId": user.id}
        for operation in ("getMe", "listClaims", "getWallet"):
            await fire(operation)
        subscription = await fire("getSubscription")
        # A payout of an earlier run may forbid it.
        await fire("cancelSubscription", may_refuse=True)
        for status in ("past_due", "active"):
            await fire("setSubscriptionStatus", **me, status=status)
        larger = _LARGER.get(subscription.says("planId") if subscription else "", "professional")
        await fire("upgradePlan", may_refuse=True, planId=larger)
        await fire("renewSubscription", **me)
        await self._rehearse_claims(user, fire)
        if withdrawal := await fire("requestWithdrawal", amount=1, bankAccountLastFour="6789"):
            await fire("decideWithdrawal", **me, withdrawalId=withdrawal.says("withdrawalId"), outcome="completed")
        if note := await fire("notifyUser", **me, title="Rehearsal", message="This is a test.", type="general"):
            await fire("readNotification", notificationId=note.says("id"))
        await fire("listNotifications")
        await fire("listPushes", **me)
        await fire("advanceTime", **me, days=1)
        if await fire("failNextEvent", **me):
            await (await user.connect(system=SYSTEM)).say("pong")
        await fire("logout")
        user.logged_out()

    async def _rehearse_claims(self, user: Person, fire: Fire) -> None:
        for paid in (False, True):
            answer = await fire("submitClaim", ticketNumber="SF-2026-000000", amount=175, **_PLACE)
            if answer is None:
                return
            claim: dict[str, Any] = {"claimId": answer.says("claimId")}
            theirs: dict[str, Any] = {"userId": user.id, **claim}
            await fire("getClaim", **claim)
            if not paid:
                await fire("denyClaim", **theirs, denialCode="D003")
                continue
            for operation in ("reviewClaim", "approveClaim", "payClaim"):
                await fire(operation, **theirs)
            await fire("requestProof", **theirs, message="Please upload the receipt of your payment.")
            await fire("flagOverdueProof", **theirs)
            await fire("submitProof", **claim)
            await fire("raiseFraudAlert", **theirs, message="The same ticket was claimed twice.")

    def missing(self) -> Iterator[str]:
        """What the profile lacks for cases of Shield."""
        if len(self._target.admins) < 2:
            yield "one admin is too few: some cases need two (SHD-CLAIM-1, SHD-ADMIN-1)"


def members(case: Case) -> Members:
    """What members and admins do in this run."""
    return case.driver(Members)


def _titled(title: str, _: Answer) -> Where:
    return lambda event: bool(at(event.payload, "/data/notification/title") == title)
