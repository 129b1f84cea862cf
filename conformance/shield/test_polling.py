"""Who polls, or catches up after a reconnection, sees by REST whatever a listener has just heard.

The calls are those of the specification's polling client: the claims, the wallet, the subscription. They are made when
an event arrives, and not after the answer to what caused it, which may come later.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, TypeVar, cast

from eventproof.actions import at
from eventproof.conform.cases import Case, ContractViolation, Line, Person, Received, requirement

from .claims import Step, approve, pay, review, submit
from .reading import answered, data, day, money, said
from .wallet import balance_in, fill_up, withdraw

_T = TypeVar("_T")

Poll = Callable[[Case, Person, Received], Awaitable[None]]
"""Raises ContractViolation where REST does not show what an event tells."""


async def _claims_show(case: Case, owner: Person, heard: Received) -> None:
    claim, status = str(said(heard, "/claimId")), data(heard).get("newStatus", "submitted")
    answer = (await owner.call("listClaims")).must_be_accepted()
    places = case.target.operations["listClaims"].answers
    claims = answered(answer, "claims")
    found = [at(shown, places["status"]) for shown in claims if str(at(shown, places["claimId"])) == claim]
    _must_show(heard, "listClaims", status, found[0] if found else "no such claim")


async def _wallet_shows(_: Case, owner: Person, heard: Received) -> None:
    told = data(heard).get("walletBalance", data(heard).get("newWalletBalance"))
    _must_show(heard, "getWallet", money(told), balance_in((await owner.call("getWallet")).must_be_accepted()))


def _subscription_shows(name: str, pointer: str, read: Callable[[Any], Any] = str) -> Poll:
    async def poll(_: Case, owner: Person, heard: Received) -> None:
        shown = answered((await owner.call("getSubscription")).must_be_accepted(), name)
        _must_show(heard, "getSubscription", read(said(heard, pointer)), read(shown))

    return poll


def _must_show(heard: Received, call: str, told: Any, shown: Any) -> None:
    if told != shown:
        raise ContractViolation(
            f"{call} does not show yet what `{heard.name}` told", expected=f"{told}, as told", observed=f"{shown}"
        )


STEPS: Final[Sequence[tuple[Step, Mapping[str, Poll]]]] = (
    (review, {"claim_under_review": _claims_show, "claim_status_changed": _claims_show}),
    (approve, {"claim_approved": _claims_show, "claim_status_changed": _claims_show}),
    (
        pay,
        {
            "payout_completed": _wallet_shows,
            "claim_paid": _claims_show,
            "claim_status_changed": _claims_show,
            "coverage_updated": _subscription_shows("ticketsUsed", "/coverage/ticketsUsed"),
        },
    ),
)


@requirement("SHD-POLL-1")
async def test_a_claim_and_its_payout_can_be_read_when_their_events_arrive(case: Case) -> None:
    owner = await case.user()
    line = await owner.connect(acknowledges=True)
    await case.canary(owner)
    claim = await _polled(case, line, owner, submit(case, owner), {"claim_submitted": _claims_show})
    for step, polls in STEPS:
        await _polled(case, line, owner, step(case, claim), polls)


@requirement("SHD-POLL-1")
async def test_the_subscription_and_the_wallet_can_be_read_when_their_events_arrive(case: Case) -> None:
    owner = await case.user()
    line = await owner.connect(acknowledges=True)
    await fill_up(case, owner, 1.0)
    withdrawal = {"withdrawalId": await withdraw(owner, 1.0), "outcome": "completed"}
    for status in ("active", "past_due"):
        (await case.admin.call("setSubscriptionStatus", userId=owner.id, status=status)).must_succeed()
    await case.canary(owner)
    changes: Sequence[tuple[str, Mapping[str, Any], str, Poll]] = (
        (
            "setSubscriptionStatus",
            {"status": "active"},
            "subscription_status_changed",
            _subscription_shows("status", "/newStatus"),
        ),
        (
            "renewSubscription",
            {},
            "subscription_renewed",
            _subscription_shows("nextRenewalDate", "/nextRenewalDate", day),
        ),
        ("decideWithdrawal", withdrawal, "withdrawal_status_changed", _wallet_shows),
    )
    for operation, parameters, event, poll in changes:
        acting = case.admin.call(operation, userId=owner.id, **parameters)
        (await _polled(case, line, owner, acting, {event: poll})).must_succeed()


async def _polled(case: Case, line: Line, owner: Person, acting: Awaitable[_T], polls: Mapping[str, Poll]) -> _T:
    """Let something happen, and poll by REST at once when each of its events arrives."""
    since = case.now

    async def poll(name: str, judge: Poll) -> None:
        await judge(case, owner, await line.awaits(name, lambda heard: heard.at >= since))

    done, *polled = await asyncio.gather(
        acting, *(poll(name, judge) for name, judge in polls.items()), return_exceptions=True
    )
    for result in (done, *polled):
        if isinstance(result, BaseException):
            raise result
    return cast(_T, done)
