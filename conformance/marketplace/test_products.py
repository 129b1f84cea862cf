"""What an event of a product says, and what a stock that falls is worth."""

import re
import time
from datetime import datetime
from typing import Any, Final

from eventproof.actions import at
from eventproof.conform.cases import Case, ContractViolation, Kind, Received, Where, judges_the_run, requirement

from .market import a_seller, about, joins, must_not_hear, product, shown

_CLOCKS_DIFFER: Final = 300.0
"""Seconds by which the target's clock may differ from ours."""
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]*:[a-z][a-z0-9_-]*")
_WITHOUT_MODULE: Final = frozenset({"notification"})


@requirement("MKT-EVT-1")
async def test_an_event_carries_its_data_and_the_time(case: Case) -> None:
    """Under whatever names: what the seller wrote, and when that was."""
    seller = await a_seller(case)
    line = await seller.connect()
    name = f"Shirt {case.random.randrange(10**9)} of a check"
    one = await product(seller, name=name, price=31.5)
    _must_be_now(await line.hears("product:created", about(case, one, name, 31.5)))
    other = f"{name}, washed"
    (await seller.call("updateProduct", productId=one, name=other)).must_succeed()
    _must_be_now(await line.hears("product:updated", about(case, one, other)))
    (await seller.call("addToCart", productId=one, quantity=37)).must_succeed()
    _must_be_now(await line.hears("cart:updated", about(case, one, 37)))


def _of_product(case: Case, one: str | int) -> Where:
    """Whether it is an event of products or of their stock, and about this one."""
    is_about = about(case, one)
    return lambda event: event.name.startswith(("product:", "stock:")) and is_about(event)


def _must_be_now(event: Received) -> None:
    found = at(event.payload, "/timestamp")
    try:
        moment: Any = datetime.fromisoformat(str(found)).timestamp()
    except ValueError:
        moment = None
    if moment is None or abs(moment - time.time()) > _CLOCKS_DIFFER:
        raise ContractViolation(
            f"`{event.name}` does not carry the time", expected="its timestamp, with a zone", observed=shown(event)
        )


@judges_the_run
@requirement("MKT-EVT-2")
async def test_every_name_is_a_module_and_an_action(case: Case) -> None:
    main = case.system.channels[0].address
    own = {event.name for event in case.system.events}
    others = {event.name for system in case.systems if system is not case.system for event in system.events}
    for record in case.whole_run:
        if record.kind is not Kind.RECEIVED or record.channel != main or record.name in _WITHOUT_MODULE:
            continue
        if record.name not in others - own and not _NAME.fullmatch(record.name):
            raise ContractViolation(
                "an event's name is not made as the others are", expected="module:action", observed=record.name
            )


@requirement("MKT-PROD-1")
async def test_a_storefront_and_a_product_are_looked_at_by_themselves(case: Case) -> None:
    """Who looks at the storefront alone hears of what is new and what changes; who looks at the product, of its end."""
    seller, (visitor, viewer) = await a_seller(case), await case.users(2)
    at_storefront, at_product = await visitor.connect(), await viewer.connect()
    await joins(at_storefront, "storefront", seller.id)
    one = await product(seller)
    await at_storefront.hears("product:created", about(case, one))
    await joins(at_product, "product", one)
    (await seller.call("updateProduct", productId=one, name="Shirt, ironed")).must_succeed()
    for line in (at_storefront, at_product):
        await line.hears("product:updated", about(case, one, "Shirt, ironed"))
    (await seller.call("deleteProduct", productId=one)).must_succeed()
    await at_product.hears("product:deleted", about(case, one))
    await must_not_hear(case, viewer, at_product, 0, "product:created")
    await must_not_hear(case, visitor, at_storefront, 0, "product:deleted")


@requirement("MKT-PROD-2")
async def test_a_change_says_what_was_before_and_what_is_now(case: Case) -> None:
    """To its seller and to who looks at the product, and to nobody else."""
    seller, (viewer, other) = await a_seller(case), await case.users(2)
    one = await product(seller, price=24.5, stock=80)
    lines = [await seller.connect(), await viewer.connect()]
    aside = await other.connect()
    await joins(lines[1], "product", one)
    (await seller.call("setPrice", productId=one, price=19.95)).must_succeed()
    (await seller.call("setStock", productId=one, stock=67)).must_succeed()
    for line in lines:
        await line.hears("product:price_changed", about(case, one, 24.5, 19.95))
        await line.hears("product:stock_changed", about(case, one, 67))
    await must_not_hear(case, other, aside, 0, "", _of_product(case, one))


@requirement("MKT-PROD-3")
async def test_a_stock_that_falls_to_the_threshold_is_told_once_and_to_its_seller_alone(case: Case) -> None:
    """And once more when it falls there again."""
    seller, viewer = await a_seller(case), await case.user()
    low = case.budgets.low_stock
    one = await product(seller, stock=low + 2)
    mine, theirs = await seller.connect(), await viewer.connect()
    await joins(theirs, "product", one)
    for stock in (low, max(low - 1, 1), low + 1, low):
        (await seller.call("setStock", productId=one, stock=stock)).must_succeed()
    for name in ("product:low_stock", "stock:low"):
        await mine.hears_all(name, 2, about(case, one))
    await case.canary(seller)
    for name in ("product:low_stock", "stock:low"):
        if (found := len(mine.heard(name, about(case, one)))) != 2:
            raise ContractViolation(
                f"`{name}` was not sent once for each time that the stock fell to {low}",
                expected="2 of them",
                observed=str(found),
            )
        await must_not_hear(case, viewer, theirs, 0, name)


@requirement("MKT-PROD-3")
async def test_the_last_one_and_the_first_again_are_told_to_seller_and_viewers(case: Case) -> None:
    seller, (viewer, other) = await a_seller(case), await case.users(2)
    one = await product(seller, stock=3)
    lines, aside = [await seller.connect(), await viewer.connect()], await other.connect()
    await joins(lines[1], "product", one)
    for stock in (1, 0, 2):
        (await seller.call("setStock", productId=one, stock=stock)).must_succeed()
    for line in lines:
        await line.hears("stock:out", about(case, one))
        await line.hears("stock:restocked", about(case, one))
    await case.canary(seller, viewer)
    for line in lines:
        order = [
            event.name for event in line.heard(None, about(case, one)) if event.name in ("stock:out", "stock:restocked")
        ]
        if order != ["stock:out", "stock:restocked"]:
            raise ContractViolation(
                f"{line} heard of a stock that ran out once, and came back once, in another way",
                expected="stock:out, stock:restocked",
                observed=", ".join(order),
            )
    await must_not_hear(case, other, aside, 0, "", _of_product(case, one))
