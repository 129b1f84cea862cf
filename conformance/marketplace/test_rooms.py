"""The rooms that a client asks for, and those that nobody gets into by asking."""

from typing import Any, Final

import pytest

from eventproof.acknowledgement import is_refusal
from eventproof.conform.cases import Case, ContractViolation, Line, Person, requirement

from .market import a_price, a_seller, about, must_not_hear, product, told

_LEFT: Final = "stock:out"


@requirement("MKT-ROOM-1")
@pytest.mark.parametrize("what", ["storefront", "product"])
async def test_who_joins_hears_until_they_leave(case: Case, what: str) -> None:
    """Both are acknowledged; a witness who stays hears on."""
    seller, (viewer, witness) = await a_seller(case), await case.users(2)
    one = await product(seller)
    room = one if what == "product" else seller.id
    line, other = await viewer.connect(), await witness.connect()
    for each in (line, other):
        await _asks(each, f"join:{what}", room)
    await _renamed(seller, one, "Shirt, pressed")
    for each in (line, other):
        await each.hears("product:updated", about(case, one, "Shirt, pressed"))
    await _asks(line, f"leave:{what}", room)
    since = len(line.received)
    await _renamed(seller, one, "Shirt, folded")
    await other.awaits("product:updated", about(case, one, "Shirt, folded"))
    await must_not_hear(case, viewer, line, since, "product:updated")


async def _renamed(seller: Person, one: str | int, name: str) -> None:
    (await seller.call("updateProduct", productId=one, name=name)).must_succeed()


async def _asks(line: Line, name: str, argument: Any) -> None:
    answer = await line.asks(name, argument)
    if answer is None or is_refusal(answer):
        raise ContractViolation(
            f"`{name}` was not acknowledged on {line}",
            expected="an acknowledgement",
            observed="none" if answer is None else repr(answer)[:200],
        )


@requirement("MKT-ROOM-1")
@pytest.mark.parametrize("room", ["user", "seller", "sellers"])
async def test_nobody_gets_into_a_room_of_somebody_by_asking(case: Case, room: str) -> None:
    """In whatever way a client may ask for it; who is in it hears what goes there, and who asked does not."""
    owner, thief = await a_seller(case), await case.user()
    mine, theirs = await owner.connect(), await thief.connect()
    name = "sellers" if room == "sellers" else f"{room}:{owner.id}"
    for event, argument in (
        *((verb, name) for verb in ("join", "joinRoom", "join:room", "join_room", "subscribe", "join:product")),
        ("join:storefront", name),
        (f"join:{room}", owner.id),
        (f"join:{room}", None),
        ("join", {"room": name}),
        ("join:storefront", {"sellerId": owner.id, "room": name}),
    ):
        await theirs.say(event, argument)
    await case.canary(thief)  # what it asked for has been read by then
    since = len(theirs.received)
    secret = f"For nobody else, {case.random.randrange(10**9)}."
    if room == "sellers":
        (await case.admin.call("announceToSellers", message=secret)).must_succeed()
        await mine.awaits("notification", told(secret))
        await must_not_hear(case, thief, theirs, since, "notification", told(secret))
        return
    (await case.admin.call("sendNotice", userId=owner.id, message=secret)).must_succeed()
    await mine.awaits("notification", told(secret))
    (await owner.call("updateShipping", shippingPrice=a_price(case))).must_succeed()
    await mine.awaits("settings:internal_updated")
    await must_not_hear(case, thief, theirs, since, "notification", told(secret))
    await must_not_hear(case, thief, theirs, since, "settings:internal_updated")


@requirement("MKT-FAIL-1")
async def test_a_viewer_who_is_gone_neither_fails_nor_delays_a_call(case: Case) -> None:
    """Without a goodbye, just before; who is still there hears of it. That it is logged shows nowhere."""
    seller, (gone, witness) = await a_seller(case), await case.users(2)
    one = await product(seller)
    line = await witness.connect()
    await _asks(line, "join:product", one)
    for stock in range(101, 106):
        lost = await gone.connect()
        await _asks(lost, "join:product", one)
        lost.drop()
        answer = (await seller.call("setStock", productId=one, stock=stock)).must_be_accepted()
        took = case.now - answer.began
        if took > case.budgets.settings_shown:
            raise ContractViolation(
                "a viewer who is gone delayed the call of the seller",
                expected=f"an answer within {case.budgets.settings_shown:g} s",
                observed=f"after {took:.2f} s",
            )
        await line.hears("product:stock_changed", about(case, one, stock))
