"""What the payment provider tells the target in a swarm, signed with the secret that the profile gives."""

import hmac
from collections.abc import Mapping
from secrets import token_hex
from time import time
from typing import Any

from eventproof.actions import request_for
from eventproof.load.calls import CallAnswer
from eventproof.load.generator import Generator

__all__ = ["WEBHOOK", "event", "tell"]

WEBHOOK = "receivePaymentEvent"


def event(kind: str, order_id: str | int) -> dict[str, Any]:
    """An event of this type about an order, which its intent or charge names; its id is like no other's, ever."""
    mark = token_hex(8)
    return {
        "id": f"evt_swarm_{mark}",
        "type": kind,
        "data": {"object": {"id": f"pi_swarm_{mark}", "metadata": {"orderId": order_id}}},
    }


def tell(generator: Generator, told: Mapping[str, Any]) -> CallAnswer:
    """Send it, signed now: `t=SECONDS,v1=HEX` over the body as it is sent. The profile has to give the secret."""
    secret, moment = generator.target.webhook_secret or "", str(int(time()))
    body = request_for(generator.target, WEBHOOK, {**told, "stripeSignature": ""}).content or b""
    mark = hmac.new(secret.encode(), moment.encode() + b"." + body, "sha256").hexdigest()
    return generator.calls.perform(WEBHOOK, {**told, "stripeSignature": f"t={moment},v1={mark}"})
