"""Products and their stock, as the server changes and tells them."""

import asyncio
from typing import Any

import pytest

from tests.reference_server.house import House
from tests.reference_server.marketplace.market import FIELDS, done, listening, ordered, product, refused

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_who_looks_at_a_storefront_and_a_product_hears_each_change_once(house: House) -> None:
    seller, viewer, other = await house.person("seller"), await house.person(), await house.person()
    ears = [await listening(house, each) for each in (seller, viewer, other)]
    one = await product(house, seller)
    for ear in ears[:2]:
        assert await ear.asks("join:storefront", seller.id) == {"joined": seller.id}
        assert await ear.asks("join:product", one) == {"joined": one}
    assert await ears[0].heard() == [], "what came before the acknowledgement is read with it"
    path = f"/api/products/{one}"
    await done(house, seller, "PATCH", path, name="Linen shirt, washed")
    await done(house, seller, "PATCH", f"{path}/price", price=19.95)
    await done(house, seller, "PATCH", f"{path}/stock", stock=25)
    await done(house, seller, "DELETE", path)
    told = ["product:updated", "product:price_changed", "product:stock_changed", "product:deleted"]
    assert [await ear.names() for ear in ears] == [told, told, []]


async def test_a_new_product_is_told_to_its_seller_and_to_the_storefront(house: House) -> None:
    seller, viewer, another = await house.person("seller"), await house.person(), await house.person("seller")
    ears = [await listening(house, each) for each in (seller, viewer, another)]
    await ears[1].asks("join:storefront", seller.id)
    one = await product(house, seller, description="Washed.")
    found = [await ear.heard() for ear in ears]
    assert found[0] == found[1]
    ((name, payload),) = found[0]
    timestamp = payload.pop("timestamp")
    assert (name, timestamp[10], timestamp[-1]) == ("product:created", "T", "Z")
    assert payload == {"productId": one, "sellerId": seller.id, "description": "Washed.", **FIELDS}
    assert found[2] == []


async def test_an_update_tells_price_and_stock_where_they_changed(house: House) -> None:
    seller = await house.person("seller")
    one = await product(house, seller)
    ear = await listening(house, seller)
    await done(house, seller, "PATCH", f"/api/products/{one}", price=20, stock=40, name="Shirt")
    await done(house, seller, "PATCH", f"/api/products/{one}", stock=30)
    heard = await ear.heard()
    assert [name for name, _ in heard] == [
        "product:updated",
        "product:price_changed",
        "product:updated",
        "product:stock_changed",
    ]
    assert (heard[1][1]["oldPrice"], heard[1][1]["newPrice"]) == (24.5, 20)
    assert (heard[3][1]["oldStock"], heard[3][1]["newStock"]) == (40, 30)


async def test_a_stock_that_falls_is_told_once_each_time_it_passes_a_line(house: House) -> None:
    seller, viewer = await house.person("seller"), await house.person()
    one = await product(house, seller, stock=12)
    mine, theirs = await listening(house, seller), await listening(house, viewer)
    await theirs.asks("join:product", one)
    for stock in (10, 9, 0, 5, 11, 3):
        await done(house, seller, "PATCH", f"/api/products/{one}/stock", stock=stock)
    low = ["product:low_stock", "stock:low", "analytics:inventory_alert", "analytics:metrics_updated"]
    changed = "product:stock_changed"
    expected = [changed, *low, changed, changed, "stock:out", changed, "stock:restocked", changed, changed, *low]
    assert await mine.names() == expected
    assert await theirs.names() == [name for name in expected if name not in low]


async def test_an_order_lowers_the_stock_and_tells_what_follows(house: House) -> None:
    seller, buyer = await house.person("seller"), await house.person()
    one = await product(house, seller, stock=11)
    ear = await listening(house, seller)
    await ordered(house, buyer, one, 1)
    names = await ear.names()
    assert names[:4] == [
        "order:updated",
        "analytics:sale_completed",
        "analytics:revenue_updated",
        "analytics:metrics_updated",
    ]
    assert names[4:7] == ["product:stock_changed", "product:low_stock", "stock:low"]


async def test_of_many_who_order_the_last_ones_as_many_get_one_as_there_are(house: House) -> None:
    seller, buyer = await house.person("seller"), await house.person()
    one = await product(house, seller, stock=5)
    body = {"productId": one, "quantity": 1}
    answers = await asyncio.gather(*(house.call("POST", "/api/orders", buyer, json=body) for _ in range(25)))
    assert sorted(status for status, _ in answers) == [201] * 5 + [409] * 20
    assert {body["error"]["code"] for status, body in answers if status == 409} == {"insufficient_stock"}
    assert (await done(house, buyer, "GET", f"/api/products/{one}"))["stock"] == 0


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"price": 1e308}', 422, "invalid_input"),
        (b'{"price": -0.01}', 422, "invalid_input"),
        (b'{"price": 19.999}', 422, "invalid_input"),
        (b'{"price": NaN}', 400, "malformed_json"),
        (b'{"price": Infinity}', 400, "malformed_json"),
        (b'{"price": 1e999}', 400, "malformed_json"),
        (b'{"price": "19"}', 422, "invalid_input"),
        (b'{"price": null}', 422, "invalid_input"),
        (b"{}", 422, "invalid_input"),
        (b'{"stock": -1}', 422, "invalid_input"),
        (b'{"stock": 0.5}', 422, "invalid_input"),
        (b'{"stock": 99999999999999999999}', 422, "invalid_input"),
        (b'{"name": ""}', 422, "invalid_input"),
        (b'{"sellerId": "usr_1"}', 422, "invalid_input"),
    ],
    ids=str,
)
async def test_a_value_that_means_nothing_is_refused_and_nothing_is_told(
    house: House, body: bytes, status: int, code: str
) -> None:
    seller = await house.person("seller")
    one = await product(house, seller)
    ear = await listening(house, seller)
    headers = {"Content-Type": "application/json"}
    assert await refused(house, seller, "PATCH", f"/api/products/{one}", data=body, headers=headers) == (status, code)
    assert await ear.heard() == []


async def test_a_zero_with_a_sign_and_a_whole_number_with_a_point_are_what_they_mean(house: House) -> None:
    seller = await house.person("seller")
    one = await product(house, seller)
    headers = {"Content-Type": "application/json"}
    body = b'{"price": -0.0, "stock": 7.0}'
    status, answer = await house.call("PATCH", f"/api/products/{one}", seller, data=body, headers=headers)
    assert (status, str(answer["price"]), answer["stock"]) == (200, "0.0", 7)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "", {"name": "Mine"}),
        ("PATCH", "/stock", {"stock": 1}),
        ("PATCH", "/price", {"price": 1}),
        ("DELETE", "", None),
    ],
)
async def test_a_seller_changes_nothing_of_anothers(house: House, method: str, path: str, body: Any) -> None:
    seller, another, buyer = await house.person("seller"), await house.person("seller"), await house.person()
    one = await product(house, seller)
    options = {} if body is None else {"json": body}
    target = f"/api/products/{one}{path}"
    assert await refused(house, another, method, target, **options) == (403, "not_yours")
    assert await refused(house, buyer, method, target, **options) == (403, "wrong_role")
    assert (await house.call(method, target, seller, **options))[0] == 200


async def test_an_admin_may_remove_a_product(house: House) -> None:
    seller, buyer = await house.person("seller"), await house.person()
    one = await product(house, seller)
    await done(house, house.admin, "DELETE", f"/api/products/{one}")
    assert await refused(house, buyer, "GET", f"/api/products/{one}") == (404, "product_not_found")


async def test_a_sellers_products_are_listed_the_oldest_first(house: House) -> None:
    seller, buyer = await house.person("seller"), await house.person()
    ids = [await product(house, seller) for _ in range(3)]
    listed = (await done(house, buyer, "GET", f"/api/sellers/{seller.id}/products"))["products"]
    assert [each["id"] for each in listed] == ids
    for nobody in (buyer.id, "usr_nobody"):
        assert await refused(house, buyer, "GET", f"/api/sellers/{nobody}/products") == (404, "seller_not_found")


async def test_who_looks_at_a_product_is_counted_for_its_seller_alone(house: House) -> None:
    seller, viewer = await house.person("seller"), await house.person()
    one = await product(house, seller)
    mine, theirs = await listening(house, seller), await listening(house, viewer)
    await theirs.asks("join:product", one)
    for _ in range(2):
        await done(house, viewer, "POST", f"/api/products/{one}/view")
    heard = await mine.heard()
    assert [name for name, _ in heard] == ["analytics:product_viewed", "analytics:metrics_updated"] * 2
    assert [payload["views"] for _, payload in heard] == [1, 1, 2, 2]
    assert await theirs.heard() == []
