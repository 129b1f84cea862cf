"""What the payment provider tells, and what becomes of its orders."""

import asyncio
import time
from pathlib import Path

import pytest

from eventproof.errors import UsageError
from tests.reference_server.house import House, keep_house
from tests.reference_server.marketplace.market import (
    done,
    listening,
    on_orders,
    ordered,
    payment,
    product,
    signed,
    tells,
)

pytestmark = pytest.mark.asyncio(loop_scope="package")


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("payment_intent.payment_failed", "payment_failed"),
        ("payment_intent.canceled", "canceled"),
        ("charge.refunded", "refunded"),
    ],
)
async def test_what_concerns_an_order_changes_it_and_is_told_to_both_on_both_wires(
    house: House, kind: str, status: str
) -> None:
    seller, buyer = await house.person("seller"), await house.person()
    order = await ordered(house, buyer, await product(house, seller))
    native = [await on_orders(house, person) for person in (seller, buyer)]
    ears = [await listening(house, person) for person in (seller, buyer)]
    body = payment(kind, order, f"evt_{order}")
    assert await tells(house, body, signed(body)) == (200, {"received": True, "orderId": order})
    for ear in native:
        name, payload = await ear.next()
        assert (name, payload["orderId"], payload["status"]) == ("order_updated", order, status)
    for ear in ears:
        assert await ear.names() == ["order:updated"]
    assert (await done(house, buyer, "GET", f"/api/orders/{order}"))["status"] == status


async def test_an_event_that_comes_again_acts_once(house: House) -> None:
    seller, buyer = await house.person("seller"), await house.person()
    order = await ordered(house, buyer, await product(house, seller))
    ear = await listening(house, buyer)
    body = payment("payment_intent.payment_failed", order, f"evt_{order}")
    answers = await asyncio.gather(*(tells(house, body, signed(body)) for _ in range(6)))
    assert answers == [(200, {"received": True, "orderId": order})] * 6
    assert await ear.names() == ["order:updated"]


async def test_one_event_id_acts_once_whatever_it_says_the_second_time(house: House) -> None:
    seller, buyer = await house.person("seller"), await house.person()
    order = await ordered(house, buyer, await product(house, seller))
    for kind in ("payment_intent.payment_failed", "payment_intent.canceled"):
        body = payment(kind, order, f"evt_{order}")
        assert (await tells(house, body, signed(body)))[0] == 200
    assert (await done(house, buyer, "GET", f"/api/orders/{order}"))["status"] == "payment_failed"


async def test_what_concerns_no_order_is_received_and_passed_over(house: House) -> None:
    seller, buyer = await house.person("seller"), await house.person()
    order = await ordered(house, buyer, await product(house, seller))
    await done(house, seller, "POST", f"/api/orders/{order}/refund")
    ear = await listening(house, buyer)
    for kind, about in (
        ("payment_intent.succeeded", order),
        ("charge.refunded", "ord_nothing"),
        ("charge.refunded", order),
        ("payment_intent.canceled", order),
    ):
        body = payment(kind, about, f"evt_{kind}_{about}")
        status, answer = await tells(house, body, signed(body))
        assert (status, answer["received"]) == (200, True)
    assert await ear.heard() == []


async def test_what_is_not_signed_well_is_refused_and_changes_nothing(house: House) -> None:
    seller, buyer = await house.person("seller"), await house.person()
    order = await ordered(house, buyer, await product(house, seller))
    body = payment("charge.refunded", order, f"evt_{order}")
    now = time.time()
    unsigned = {"Content-Type": "application/json"}
    for headers, code in (
        (unsigned, "signature_invalid"),
        (signed(body, secret="another secret of theirs"), "signature_invalid"),
        (signed(body + b" "), "signature_invalid"),
        (signed(body, at=now - 400), "signature_expired"),
        (signed(body, at=now + 400), "signature_expired"),
    ):
        status, answer = await tells(house, body, headers)
        assert (status, answer["error"]["code"]) == (400, code)
    assert (await done(house, buyer, "GET", f"/api/orders/{order}"))["status"] == "pending"
    assert (await tells(house, body, signed(body, at=now - 200)))[0] == 200


async def test_without_a_secret_nothing_is_believed_and_a_short_one_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EVENTPROOF_WEBHOOK_SECRET", raising=False)
    async with keep_house(tmp_path, systems=("marketplace",)) as house:
        body = payment("charge.refunded", "ord_1", "evt_1")
        for secret in ("", "a secret that a provider shares"):
            assert (await tells(house, body, signed(body, secret=secret)))[0] == 400
    monkeypatch.setenv("EVENTPROOF_WEBHOOK_SECRET", "short")
    with pytest.raises(UsageError, match="at least 16 random characters"):
        async with keep_house(tmp_path, systems=("marketplace",)):
            pass
