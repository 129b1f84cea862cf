"""What a call causes, entered at whom it is for: by the trigger, by what the answer says, on the right channel."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from time import monotonic
from typing import Any

import pytest

from eventproof import profile
from eventproof.client.hub_connection import HubConnection
from eventproof.load.actor import Actor
from eventproof.load.call_effects import CallEffects
from eventproof.load.generator import Generator
from eventproof.load.saturation import GeneratorLimits
from eventproof.load.scenario import Scenario
from eventproof.load.share import ProcessShare
from eventproof.target import Identity

_ORDER = {"orderId": "o1", "productId": "p1", "sellerId": "s", "buyerId": "b"}


def _expected(effects: CallEffects, **more: Any) -> Mapping[str, int]:
    """It was called and answered just now."""
    return effects.expect(at=monotonic(), called=monotonic(), **more)


@pytest.fixture
def generator() -> Iterator[Generator]:
    target = replace(profile.for_url("http://127.0.0.1:1", env={}), systems=("marketplace",))
    generator = Generator(
        target,
        scenario=Scenario("marketplace", acting="seller", channels=("orders",)),
        share=ProcessShare(),
        deadline=1,
        limits=GeneratorLimits(),
        seed=0,
        report=lambda *_: None,
    )
    yield generator
    generator.close()


def _somebody(generator: Generator, role: str, user_id: str, *channels: str) -> Actor:
    """Connected on the main channel and on these, since the beginning."""
    somebody = Actor(generator, Identity(role, id=user_id, token="t"), 1, channels)
    connection: Any = type("Connection", (HubConnection,), {"emit": lambda *_, **__: None})
    for device in somebody.devices:
        device.opened(connection, 0.5)
    return somebody


def test_each_event_is_expected_on_the_channel_that_carries_it(generator: Generator) -> None:
    seller, _ = _somebody(generator, "seller", "s", "orders"), _somebody(generator, "user", "b")
    _somebody(generator, "user", "x", "orders")
    due = _expected(seller.caused("fulfilOrder", {"orderId": "o1"}, _ORDER, 1))
    assert due == {"order:updated": 2, "order_updated": 1}
    assert {event: tally.expected for event, tally in generator.books.ledger.tallies.items() if tally.expected} == due


def test_the_audience_is_that_of_the_trigger(generator: Generator) -> None:
    admin = _somebody(generator, "admin", "a")
    for number in range(2):
        _somebody(generator, "seller", f"s{number}")
    _somebody(generator, "user", "b")
    announced = _expected(admin.caused("announceToSellers", {"title": "t", "message": "m"}, {}, 1))
    noticed = _expected(admin.caused("sendNotice", {"userId": "b", "title": "t", "message": "m"}, {}, 2))
    assert announced == {"notification": 2}
    assert noticed == {"notification": 1}


def test_who_may_receive_it_is_permitted_and_not_expected(generator: Generator) -> None:
    """Whether the buyer of a quotation hears that it has changed depends on whether it was sent."""
    seller, buyer = _somebody(generator, "seller", "s"), _somebody(generator, "user", "b")
    says = {"quotationId": "q1", "sellerId": "s", "buyerId": "b"}
    due = _expected(seller.caused("updateQuotation", {"quotationId": "q1", "price": 3}, says, 1))
    assert due == {"quotation:updated": 1}
    books = generator.books
    for somebody in (buyer.devices[0], "a stranger"):
        books.received("quotation:updated", somebody, monotonic(), subject="q1")
    assert books.ledger.tally("quotation:updated").leaked == 1
    assert books.ledger.tally("quotation:updated").away == 0


def test_where_the_target_does_not_say_for_whom_it_is_nobody_is_blamed_and_nothing_is_proved(
    generator: Generator,
) -> None:
    """As the checks have it, which leave it unjudged; who is told of all the same is expected."""
    seller, buyer = _somebody(generator, "seller", "s"), _somebody(generator, "user", "b")
    due = _expected(buyer.caused("createOrder", {"productId": "p1"}, {"orderId": "o1", "buyerId": "b"}, 1))
    assert due["order:updated"] == 1
    assert due["analytics:sale_completed"] == 0
    books = generator.books
    for event in ("order:updated", "analytics:sale_completed"):
        books.received(event, seller.devices[0], monotonic(), subject="o1")
    account = books.account(users=2, connections=2, gauges=())
    assert account.count("leaked") == 0
    assert account.count("untold") > 0
    assert any("the answer to createOrder gives no sellerId" in note for note in account.notes)


def test_a_call_that_is_given_up_accuses_nobody(generator: Generator) -> None:
    buyer = _somebody(generator, "user", "b")
    generator.nobody_knows("createOrder")
    for event in ("order:updated", "cart:updated"):
        generator.books.received(event, buyer.devices[0], monotonic(), subject="o1")
    account = {event: tally.leaked for event, tally in generator.books.ledger.tallies.items() if tally.leaked}
    assert account == {"cart:updated": 1}


def test_what_a_call_causes_now_and_then_is_expected_where_somebody_knows_better(generator: Generator) -> None:
    seller = _somebody(generator, "seller", "s", "orders")
    told = {"id": "evt_1", "type": "charge.refunded", "data": {}}
    assert set(_expected(seller.caused("receivePaymentEvent", told, _ORDER, 1)).values()) == {0}
    also = ("order:updated", "order_updated")
    known = seller.caused("receivePaymentEvent", told, _ORDER, 2)
    assert _expected(known, also=also) == dict.fromkeys(also, 1)
