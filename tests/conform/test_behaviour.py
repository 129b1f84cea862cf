"""What a client does by itself, on the channel of the catalogue."""

from typing import Any

import pytest

from eventproof import catalog
from eventproof.client.aio import Received
from eventproof.conform.behaviour import Behaviour

SHIELD = catalog.load().system("shield")
PAID = {"event": "claim_paid", "data": {"claimId": "c1", "transactionId": "t1"}}


def event(name: str, *arguments: Any) -> Received:
    return Received(name, arguments, at=0.0, order=0)


@pytest.fixture
def behaviour() -> Behaviour:
    return Behaviour.on(SHIELD.channels[0], [SHIELD])


def test_a_ping_is_answered_unless_that_is_turned_off(behaviour: Behaviour) -> None:
    assert behaviour.answer(event("ping")) == ("pong", ())
    behaviour.answers_pings = False
    assert behaviour.answer(event("ping")) is None


def test_a_channel_without_a_pong_answers_no_ping() -> None:
    user_state = catalog.load().system("user-state")
    assert Behaviour.on(user_state.channels[0], [user_state]).answer(event("ping")) is None
    assert Behaviour.on(None, [user_state]).answer(event("ping")) is None


def test_what_has_to_be_acknowledged_is_acknowledged_only_where_that_is_asked_for(behaviour: Behaviour) -> None:
    assert behaviour.answer(event("claim_paid", PAID)) is None
    behaviour.acknowledges = True
    acknowledgement = {"claimId": "c1", "transactionId": "t1", "received": True}
    assert behaviour.answer(event("claim_paid", PAID)) == ("claim_paid_ack", (acknowledgement,))


@pytest.mark.parametrize(
    "received",
    [
        event("claim_submitted", {"data": {"claimId": "c1"}}),
        event("claim_status_changed", PAID),
        event("claim_paid", "no object"),
        event("unheard_of", PAID),
    ],
    ids=["optional", "none", "unreadable", "unknown"],
)
def test_nothing_else_is_acknowledged(behaviour: Behaviour, received: Received) -> None:
    behaviour.acknowledges = True
    assert behaviour.answer(received) is None
