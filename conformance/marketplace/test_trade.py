"""Quotations, what is sold, and whose things are whose."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import pytest

from eventproof.conform.cases import (
    Answer,
    Case,
    ContractViolation,
    Inconclusive,
    Person,
    as_case,
    capability,
    on_each,
    proves,
    requirement,
)

from .market import ORDER_UPDATED, ORDERS, a_seller, about, must_not_hear, order, product


@requirement("MKT-QUOT-1")
async def test_a_buyer_hears_of_changes_once_the_quotation_was_sent(case: Case) -> None:
    """And of none before."""
    seller, buyer = await a_seller(case), await case.user()
    mine, theirs = await seller.connect(), await buyer.connect()
    one = await product(seller)
    made = await seller.call("createQuotation", userId=buyer.id, productId=one, quantity=30, price=21)
    quotation = made.must_succeed().says("quotationId")
    (await seller.call("updateQuotation", quotationId=quotation, price=20)).must_succeed()
    await mine.hears("quotation:updated", about(case, quotation))
    await must_not_hear(case, buyer, theirs, 0, "quotation:updated")
    await must_not_hear(case, buyer, theirs, 0, "quotation:created")
    (await seller.call("sendQuotation", quotationId=quotation)).must_succeed()
    await theirs.awaits("quotation:sent", about(case, quotation))
    (await seller.call("updateQuotation", quotationId=quotation, price=19)).must_succeed()
    await on_each(
        [mine, theirs], lambda line: line.hears("quotation:updated", about(case, quotation, 19)), "heard of it"
    )


@pytest.mark.parametrize(
    ("channel", "name"),
    [
        pytest.param(None, "order:updated", marks=proves("MKT-ORD-1")),
        pytest.param(ORDERS, ORDER_UPDATED, marks=proves("MKT-ORD-2")),
    ],
    ids=["socket.io", "websocket"],
)
@as_case
async def test_each_change_of_an_order_says_where_it_stands(case: Case, channel: str | None, name: str) -> None:
    """Made, fulfilled, refunded: three events, to both parties alone, and not one that is like another."""
    seller, (buyer, other) = await a_seller(case), await case.users(2)
    one = await product(seller)
    lines = [await person.connect(channel=channel) for person in (seller, buyer)]
    aside = await other.connect(channel=channel)
    made = await order(buyer, one)
    (await seller.call("fulfilOrder", orderId=made)).must_succeed()
    (await seller.call("refundOrder", orderId=made)).must_succeed()
    for line in lines:
        heard = await line.hears_all(name, 3, about(case, made))
        said = [_standing(event.payload) for event in heard]
        if len({str(each) for each in said}) != 3:
            raise ContractViolation(
                f"{line} heard three times of an order, and not three things",
                expected="one that is new, one that is fulfilled, one that is refunded",
                observed=str(said)[:400],
            )
    await must_not_hear(case, other, aside, 0, name, about(case, made))


def _standing(payload: Any) -> Any:
    """What it says, but for the time."""
    return (
        {name: value for name, value in payload.items() if name != "timestamp"} if isinstance(payload, dict) else None
    )


@capability("analytics")
@requirement("MKT-ANA-1")
async def test_an_order_and_a_low_stock_change_the_sellers_numbers(case: Case) -> None:
    """For the seller alone."""
    seller, buyer = await a_seller(case), await case.user()
    mine, theirs = await seller.connect(), await buyer.connect()
    low = case.budgets.low_stock
    one = await product(seller, stock=low + 5)
    await order(buyer, one, 1)
    await mine.hears("analytics:revenue_updated")
    await mine.hears("analytics:metrics_updated")
    (await seller.call("setStock", productId=one, stock=low)).must_succeed()
    await mine.hears("analytics:inventory_alert", about(case, one))
    await mine.hears("analytics:metrics_updated")
    await must_not_hear(case, buyer, theirs, 0, "", lambda event: event.name.startswith("analytics:"))


@requirement("MKT-DUAL-1")
async def test_one_user_hears_the_same_on_both_wires_at_once(case: Case) -> None:
    """Of several orders, in one order, and both connections stay."""
    seller, buyer = await a_seller(case), await case.user()
    one = await product(seller)
    socket, native = await buyer.connect(), await buyer.connect(channel=ORDERS)
    made = [await order(buyer, one) for _ in range(5)]
    (await seller.call("refundOrder", orderId=made[0])).must_succeed()
    heard = []
    for line, name in ((socket, "order:updated"), (native, ORDER_UPDATED)):
        await line.hears_all(name, len(made) + 1)
        heard.append([each for event in line.heard(name) for each in made if about(case, each)(event)])
    if heard == [[], []]:
        raise Inconclusive("the orders were told, and which one an event is about shows in none of them")
    if heard[0] != heard[1]:
        raise ContractViolation(
            "the two wires do not agree", expected=f"on both {heard[0]}", observed=f"on {native.name} {heard[1]}"
        )
    for line in (socket, native):
        if not line.is_open:
            raise ContractViolation(f"{line} did not stay", expected="an open connection", observed=str(line.closed))


_FIELDS: Final[Mapping[str, Mapping[str, Any]]] = {
    "updateProduct": {"name": "Another shirt"},
    "setStock": {"stock": 77},
    "setPrice": {"price": 7.5},
    "updateQuotation": {"price": 7.5},
    "createQuotation": {"quantity": 30, "price": 21},
    "placeWholesaleOrder": {"quantity": 2},
}
"""What the calls that change something are made with."""


@requirement("MKT-AUTH-1")
@pytest.mark.parametrize(
    "operation",
    [
        *("updateProduct", "setStock", "setPrice", "deleteProduct", "fulfilOrder", "refundOrder"),
        *("createQuotation", "updateQuotation", "sendQuotation"),
    ],
)
async def test_a_seller_acts_on_their_own_things_alone(case: Case, operation: str) -> None:
    """Beside the same call by whose thing it is; and nothing was done for the other one."""
    seller, intruder, buyer = await a_seller(case), await a_seller(case), await case.user()
    given = {**await _things(seller, buyer, operation), **_FIELDS.get(operation, {})}
    because = "to a seller whose thing it is not"
    refused = (await intruder.call(operation, **given)).must_not_be_done(because)
    await refused.must_be_refused_beside(_by(seller, operation, given), because)


@requirement("MKT-AUTH-1")
@pytest.mark.parametrize(
    "operation", ["acceptInvitation", "rejectInvitation", "placeWholesaleOrder", "acceptQuotation", "getOrder"]
)
async def test_a_buyer_acts_on_their_own_things_alone(case: Case, operation: str) -> None:
    """Likewise."""
    seller, (buyer, intruder) = await a_seller(case), await case.users(2)
    given = {**await _things(seller, buyer, operation), **_FIELDS.get(operation, {})}
    because = "to a buyer whose thing it is not"
    refused = (await intruder.call(operation, **given)).must_not_be_done(because)
    await refused.must_be_refused_beside(_by(buyer, operation, given), because)


async def _things(seller: Person, buyer: Person, operation: str) -> dict[str, Any]:
    """Something of this seller and this buyer for a call to act on."""
    if "Invitation" in operation:
        sent = (await seller.call("sendInvitation", userId=buyer.id)).must_succeed()
        return {"invitationId": sent.says("invitationId")}
    one = await product(seller)
    if operation == "placeWholesaleOrder":
        invited = await _things(seller, buyer, "acceptInvitation")
        (await buyer.call("acceptInvitation", **invited)).must_succeed()
        return {**invited, "productId": one}
    if operation == "createQuotation":
        return {"userId": buyer.id, "productId": one}
    if "Quotation" in operation:
        made = await seller.call("createQuotation", userId=buyer.id, productId=one, quantity=30, price=21)
        quotation = made.must_succeed().says("quotationId")
        if operation == "acceptQuotation":
            (await seller.call("sendQuotation", quotationId=quotation)).must_succeed()
        return {"quotationId": quotation}
    return {"orderId": await order(buyer, one)} if "Order" in operation else {"productId": one}


def _by(person: Person, operation: str, given: Mapping[str, Any]) -> Callable[[], Awaitable[Answer]]:
    async def call() -> Answer:
        return (await person.call(operation, **given)).must_succeed()

    return call
