"""Wholesale, quotations, orders and the cart: who may do what, and who hears of it."""

import pytest

from tests.reference_server.house import House, Person
from tests.reference_server.marketplace.market import done, listening, on_orders, ordered, product, refused

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def invited(house: House, seller: Person, buyer: Person) -> str:
    answer = await done(house, seller, "POST", "/api/wholesale/invitations", userId=buyer.id, message="Come.")
    assert (answer["sellerId"], answer["buyerId"], answer["status"]) == (seller.id, buyer.id, "pending")
    return f"/api/wholesale/invitations/{answer['id']}"


async def quoted(house: House, seller: Person, buyer: Person) -> str:
    body = {"userId": buyer.id, "productId": await product(house, seller), "quantity": 30, "price": 21}
    return f"/api/quotations/{(await done(house, seller, 'POST', '/api/quotations', **body))['id']}"


async def test_an_accepted_invitation_is_told_to_both_and_lets_its_buyer_order(house: House) -> None:
    seller, buyer = await house.person("seller"), await house.person()
    mine, theirs = await listening(house, seller), await listening(house, buyer)
    invitation, one = await invited(house, seller, buyer), await product(house, seller)
    order = {"productId": one, "quantity": 12}
    early = await refused(house, buyer, "POST", f"{invitation}/orders", json=order)
    assert early == (409, "invitation_not_accepted")
    await done(house, buyer, "POST", f"{invitation}/accept")
    placed = await done(house, buyer, "POST", f"{invitation}/orders", **order)
    assert (placed["total"], placed["sellerId"], placed["buyerId"]) == (294, seller.id, buyer.id)
    accepted = ["wholesale:invitation_accepted", "wholesale:order_placed"]
    assert await theirs.names() == accepted
    assert await mine.names() == [
        "wholesale:invitation_sent",
        "product:created",
        *accepted,
        "product:stock_changed",
    ]
    assert await refused(house, buyer, "POST", f"{invitation}/reject") == (409, "invitation_decided")


async def test_a_rejected_invitation_is_told_to_its_seller_alone(house: House) -> None:
    seller, buyer, other = await house.person("seller"), await house.person(), await house.person()
    mine, theirs = await listening(house, seller), await listening(house, buyer)
    invitation = await invited(house, seller, buyer)
    assert await refused(house, other, "POST", f"{invitation}/reject") == (403, "not_yours")
    await done(house, buyer, "POST", f"{invitation}/reject")
    assert await mine.names() == ["wholesale:invitation_sent", "wholesale:invitation_rejected"]
    assert await theirs.heard() == []
    for path in ("accept", "orders"):
        options = {"json": {"productId": "prd_1", "quantity": 1}} if path == "orders" else {}
        assert (await refused(house, buyer, "POST", f"{invitation}/{path}", **options))[0] == 409


async def test_wholesale_is_for_the_products_of_who_has_invited(house: House) -> None:
    seller, another, buyer = await house.person("seller"), await house.person("seller"), await house.person()
    invitation = await invited(house, seller, buyer)
    await done(house, buyer, "POST", f"{invitation}/accept")
    order = {"productId": await product(house, another), "quantity": 1}
    assert await refused(house, buyer, "POST", f"{invitation}/orders", json=order) == (404, "product_not_found")
    many = {"productId": await product(house, seller), "quantity": 41}
    assert await refused(house, buyer, "POST", f"{invitation}/orders", json=many) == (409, "insufficient_stock")


async def test_a_buyer_hears_of_a_quotation_once_it_was_sent(house: House) -> None:
    seller, buyer = await house.person("seller"), await house.person()
    mine, theirs = await listening(house, seller), await listening(house, buyer)
    quotation = await quoted(house, seller, buyer)
    assert await refused(house, buyer, "POST", f"{quotation}/accept") == (409, "quotation_not_open")
    await done(house, seller, "PATCH", quotation, price=20.5)
    await done(house, seller, "POST", f"{quotation}/send")
    assert (await done(house, seller, "PATCH", quotation, quantity=20))["price"] == 20.5
    assert await refused(house, seller, "POST", f"{quotation}/accept") == (403, "not_yours")
    await done(house, buyer, "POST", f"{quotation}/accept")
    told = ["quotation:sent", "quotation:updated", "quotation:accepted"]
    assert await mine.names() == ["product:created", "quotation:created", "quotation:updated", *told]
    heard = await theirs.heard()
    assert [name for name, _ in heard] == told
    assert [payload["status"] for _, payload in heard] == ["sent", "sent", "accepted"]
    for method, path, body in (("PATCH", "", {"price": 1}), ("POST", "/send", None), ("POST", "/accept", None)):
        options = {} if body is None else {"json": body}
        by = buyer if path == "/accept" else seller
        assert await refused(house, by, method, quotation + path, **options) == (409, "quotation_not_open")


async def test_a_quotation_is_its_sellers_and_of_their_own_product(house: House) -> None:
    seller, another, buyer = await house.person("seller"), await house.person("seller"), await house.person()
    quotation = await quoted(house, seller, buyer)
    assert await refused(house, another, "PATCH", quotation, json={"price": 1}) == (403, "not_yours")
    assert await refused(house, another, "POST", f"{quotation}/send") == (403, "not_yours")
    body = {"userId": buyer.id, "productId": await product(house, another), "quantity": 1, "price": 1}
    assert await refused(house, seller, "POST", "/api/quotations", json=body) == (403, "not_yours")
    assert await refused(house, another, "POST", "/api/quotations", json=body | {"userId": "usr_nobody"}) == (
        404,
        "user_not_found",
    )


async def test_an_order_is_told_to_both_on_both_wires_in_agreement(house: House) -> None:
    seller, buyer, other = await house.person("seller"), await house.person(), await house.person()
    one = await product(house, seller)
    ears = {person: (await listening(house, person), await on_orders(house, person)) for person in (seller, buyer)}
    outside = await listening(house, other)
    order = await ordered(house, buyer, one)
    path = f"/api/orders/{order}"
    await done(house, seller, "POST", f"{path}/fulfillment", trackingNumber="PT 1")
    await done(house, seller, "POST", f"{path}/refund")
    for on_socket, on_wire in ears.values():
        told = [payload for name, payload in await on_socket.heard() if name == "order:updated"]
        native = [await on_wire.next() for _ in told]
        assert [name for name, _ in native] == ["order_updated"] * 3
        assert [{**payload, "type": "order_updated"} for payload in told] == [payload for _, payload in native]
        assert [payload["status"] for payload in told] == ["pending", "fulfilled", "refunded"]
        assert told[2]["trackingNumber"] == "PT 1"
    assert await outside.heard() == []


async def test_an_order_is_for_its_two_parties_and_moves_as_the_table_says(house: House) -> None:
    seller, another, buyer = await house.person("seller"), await house.person("seller"), await house.person()
    order = f"/api/orders/{await ordered(house, buyer, await product(house, seller))}"
    for person, method, path in ((another, "POST", "/refund"), (another, "GET", ""), (await house.person(), "GET", "")):
        assert await refused(house, person, method, order + path) == (403, "not_yours")
    assert await refused(house, buyer, "POST", f"{order}/refund") == (403, "wrong_role")
    assert await refused(house, another, "POST", f"{order}/fulfillment", json={}) == (403, "not_yours")
    await done(house, seller, "POST", f"{order}/refund")
    assert await refused(house, seller, "POST", f"{order}/fulfillment", json={}) == (409, "order_not_open")
    assert await refused(house, seller, "POST", f"{order}/refund") == (409, "order_not_open")
    for person in (seller, buyer):
        assert (await done(house, person, "GET", order))["status"] == "refunded"
        assert [each["status"] for each in (await done(house, person, "GET", "/api/orders"))["orders"]] == ["refunded"]


async def test_who_buys_from_themselves_hears_of_it_once(house: House) -> None:
    seller = await house.person("seller")
    one = await product(house, seller)
    ear = await listening(house, seller)
    await ordered(house, seller, one)
    assert (await ear.names()).count("order:updated") == 1


async def test_a_cart_is_told_to_its_owner_alone(house: House) -> None:
    seller, buyer = await house.person("seller"), await house.person()
    one, two = await product(house, seller), await product(house, seller)
    mine, theirs = await listening(house, buyer), await listening(house, seller)
    await done(house, buyer, "POST", "/api/cart/items", productId=one, quantity=2)
    await done(house, buyer, "POST", "/api/cart/items", productId=one, quantity=1)
    await done(house, buyer, "POST", "/api/cart/items", productId=two, quantity=1)
    await done(house, buyer, "PATCH", f"/api/cart/items/{one}", quantity=7)
    await done(house, buyer, "DELETE", f"/api/cart/items/{two}")
    assert (await done(house, buyer, "GET", "/api/cart"))["items"] == [{"productId": one, "quantity": 7}]
    await done(house, buyer, "DELETE", "/api/cart")
    heard = await mine.heard()
    assert {name for name, _ in heard} == {"cart:updated"}
    held = [[item["quantity"] for item in payload["items"]] for _, payload in heard]
    assert held == [[2], [3], [3, 1], [7, 1], [7], []]
    assert await theirs.heard() == []
    assert (await done(house, seller, "GET", "/api/cart"))["items"] == []


async def test_a_cart_holds_what_there_is_and_not_more_than_it_can(house: House) -> None:
    seller, buyer = await house.person("seller"), await house.person()
    body = {"productId": "prd_nothing", "quantity": 1}
    assert await refused(house, buyer, "POST", "/api/cart/items", json=body) == (404, "product_not_found")
    for method, options in (("PATCH", {"json": {"quantity": 1}}), ("DELETE", {})):
        found = await refused(house, buyer, method, "/api/cart/items/prd_nothing", **options)
        assert found == (404, "cart_item_not_found")
    for _ in range(100):
        await done(house, buyer, "POST", "/api/cart/items", productId=await product(house, seller), quantity=1)
    body = {"productId": await product(house, seller), "quantity": 1}
    assert await refused(house, buyer, "POST", "/api/cart/items", json=body) == (409, "cart_full")
