"""What the payment provider tells the server: signed by us with the secret that the profile gives."""

import hashlib
import hmac
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import pytest

from eventproof.actions import request_for
from eventproof.conform.cases import (
    Answer,
    Case,
    ContractViolation,
    Inconclusive,
    NotApplicable,
    NotTestable,
    Person,
    Refusal,
    on_each,
    requirement,
)

from .market import ORDER_UPDATED, ORDERS, a_seller, about, must_not_hear, order, product

_CALL: Final = "receivePaymentEvent"
_KINDS: Final = ("payment_intent.payment_failed", "payment_intent.canceled", "charge.refunded")
_INTENT: Final[Mapping[str, str]] = {
    "payment_intent.payment_failed": "requires_payment_method",
    "payment_intent.canceled": "canceled",
}
"""Where an intent stands after what is told; it has succeeded otherwise."""
_LONG_AGO: Final = 3600.0
"""Seconds after which no provider's signature is good."""


_API_VERSION: Final = "2025-09-30.clover"
_AMOUNT: Final = 4900
"""What the orders of these cases cost, in cents."""


def _event(case: Case, kind: str, order_id: str | int) -> dict[str, Any]:
    """An event of the provider about an order, by the metadata of its intent, with all that Stripe's libraries want."""
    number = case.random.randrange(10**12)
    intent = {
        "id": f"pi_check_{number}",
        "object": "payment_intent",
        "amount": _AMOUNT,
        "currency": "usd",
        "status": _INTENT.get(kind, "succeeded"),
        "metadata": {"orderId": str(order_id)},  # metadata are texts
    }
    charge = {
        **intent,
        "id": f"ch_check_{number}",
        "object": "charge",
        "amount_refunded": _AMOUNT,
        "refunded": True,
        "payment_intent": intent,
    }
    return {
        "id": f"evt_check_{number}",
        "object": "event",
        "api_version": _API_VERSION,
        "created": int(time.time()),
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
        "data": {"object": charge if kind.startswith("charge.") else intent},
    }


def _signed(case: Case, event: Mapping[str, Any], *, at: float | None = None, secret: str | None = None) -> str:
    """`t=SECONDS,v1=HEX` for the body as it will be sent."""
    known = case.target.webhook_secret
    if known is None:
        raise NotTestable(
            f"{case.target.source} does not give the secret that webhooks are signed with: see [webhooks]"
        )
    body = request_for(case.target, _CALL, {**event, "stripeSignature": ""}).content or b""
    moment = str(int(time.time() if at is None else at))
    mark = hmac.new((secret or known).encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={mark}"


async def _tell(person: Person, event: Mapping[str, Any], signature: str) -> Answer:
    return await person.call_unauthenticated(_CALL, **event, stripeSignature=signature)


async def _tell_well(case: Case, person: Person, event: Mapping[str, Any]) -> Answer:
    """Tell it with a good signature. Raises Inconclusive where the answer is that the event cannot be read."""
    answer = await _tell(person, event, _signed(case, event))
    if answer.status == HTTPStatus.BAD_REQUEST:
        raise Inconclusive(
            f"an event of the API version {_API_VERSION}, signed with the secret of [webhooks], was answered {answer}: "
            "see whether that is the secret, and whether the server's library for the provider wants another version"
        )
    return answer


@requirement("MKT-PAY-1")
@pytest.mark.parametrize("kind", _KINDS)
async def test_what_the_provider_tells_changes_the_order_and_reaches_both(case: Case, kind: str) -> None:
    seller, buyer = await a_seller(case), await case.user()
    made = await order(buyer, await product(seller))
    lines = [await seller.connect(channel=ORDERS), await buyer.connect(channel=ORDERS)]
    before = await _standing(buyer, made)
    event = _event(case, kind, made)
    (await _tell_well(case, buyer, event)).must_be_accepted()
    await on_each(lines, lambda line: line.hears(ORDER_UPDATED, about(case, made)), f"heard of {kind}")
    if (after := await _standing(buyer, made)) == before:
        raise ContractViolation(f"{kind} left the order as it was", expected="another status", observed=str(after))


async def _standing(buyer: Person, order_id: str | int) -> Any:
    return (await buyer.call("getOrder", orderId=order_id)).must_succeed().says("status")


@requirement("MKT-ORD-4")
async def test_what_the_provider_tells_of_an_order_that_was_refunded_changes_nothing(case: Case) -> None:
    """As where it comes late; it is taken all the same, and nobody is told."""
    if case.target.webhook_secret is None:
        raise NotApplicable(
            f"{case.target.source} does not give the secret that webhooks are signed with: see [webhooks]"
        )
    seller, buyer = await a_seller(case), await case.user()
    made = await order(buyer, await product(seller))
    (await seller.call("refundOrder", orderId=made)).must_succeed()
    lines = {person: await person.connect(channel=ORDERS) for person in (seller, buyer)}
    await case.canary(*lines)
    settled = {person: len(line.received) for person, line in lines.items()}
    before = await _standing(buyer, made)
    for kind in ("payment_intent.payment_failed", "payment_intent.canceled"):
        (await _tell_well(case, buyer, _event(case, kind, made))).must_be_an_answer()
    for person, line in lines.items():
        await must_not_hear(case, person, line, settled[person], ORDER_UPDATED, about(case, made))
    if (after := await _standing(buyer, made)) != before:
        raise ContractViolation(
            "an order that was refunded has changed by a payment event", expected=str(before), observed=str(after)
        )


@requirement("MKT-PAY-2")
@pytest.mark.parametrize("bad", ["another-secret", "a-changed-body", "an-old-signature", "no-signature"])
async def test_what_is_not_signed_by_the_provider_is_refused(case: Case, bad: str) -> None:
    """And changes nothing; the same event with a good signature is taken."""
    seller, buyer = await a_seller(case), await case.user()
    made = await order(buyer, await product(seller))
    line = await buyer.connect(channel=ORDERS)
    event = _event(case, "charge.refunded", made)
    signature = _bad_signature(case, event, bad)
    because = f"with {bad.replace('-', ' ')}"
    before = await _standing(buyer, made)
    refused = (await _tell(buyer, event, signature)).must_not_be_done(because)
    await must_not_hear(case, buyer, line, 0, ORDER_UPDATED, about(case, made))
    if await _standing(buyer, made) != before:
        raise ContractViolation(
            f"what came {because} changed the order", expected=str(before), observed="another status"
        )

    async def accepted() -> Answer:
        return (await _tell_well(case, buyer, event)).must_succeed()

    await refused.must_be_refused_beside(accepted, because, Refusal.CALLER)


def _bad_signature(case: Case, event: Mapping[str, Any], bad: str) -> str:
    match bad:
        case "another-secret":
            return _signed(case, event, secret="a secret that nobody shares")  # noqa: S106 - that is the point
        case "a-changed-body":
            return _signed(case, {**event, "type": "charge.updated"})
        case "an-old-signature":
            return _signed(case, event, at=time.time() - _LONG_AGO)
        case _:
            return ""


@requirement("MKT-PAY-2")
async def test_what_comes_twice_acts_once(case: Case) -> None:
    """As providers do where an answer was lost: both are answered well, and the order is told once."""
    seller, buyer = await a_seller(case), await case.user()
    made = await order(buyer, await product(seller))
    lines = [await seller.connect(channel=ORDERS), await buyer.connect(channel=ORDERS)]
    event = _event(case, "payment_intent.payment_failed", made)
    for _ in range(2):
        (await _tell_well(case, buyer, event)).must_be_accepted()
    await on_each(lines, lambda line: line.awaits(ORDER_UPDATED, about(case, made)), "heard of it")
    await case.canary(seller, buyer)
    for line in lines:
        if (count := len(line.heard(ORDER_UPDATED, about(case, made)))) != 1:
            raise ContractViolation(
                f"{line} heard {count} times of what the provider told twice", expected="once", observed=str(count)
            )
