"""What the payment provider tells in a swarm: signed over the body as it is sent, as the bundled server reads it."""

from collections.abc import Mapping
from dataclasses import replace
from time import time
from types import SimpleNamespace
from typing import Any

from eventproof import profile
from eventproof.actions import request_for
from eventproof.load.calls import CallAnswer
from loadtests.marketplace.payments import WEBHOOK, event, tell
from reference_server.systems.marketplace.signature import refused_with

_SECRET = "a secret of sixteen characters or more"


def test_an_event_is_signed_as_the_provider_signs() -> None:
    target = replace(profile.for_url("http://127.0.0.1:1", env={}), webhook_secret=_SECRET)
    sent: list[tuple[str, Mapping[str, Any]]] = []

    def perform(operation: str, parameters: Mapping[str, Any]) -> CallAnswer:
        sent.append((operation, parameters))
        return CallAnswer(200, {})

    generator: Any = SimpleNamespace(target=target, calls=SimpleNamespace(perform=perform))
    tell(generator, event("charge.refunded", "ord_1"))
    ((operation, parameters),) = sent
    request = request_for(target, operation, parameters)
    signature = request.sent_headers["Stripe-Signature"]
    assert operation == WEBHOOK
    assert refused_with(signature, request.content or b"", _SECRET.encode(), time()) is None
    assert refused_with(signature, (request.content or b"") + b" ", _SECRET.encode(), time()) == "signature_invalid"


def test_no_two_events_are_one() -> None:
    assert event("charge.refunded", "ord_1")["id"] != event("charge.refunded", "ord_1")["id"]
