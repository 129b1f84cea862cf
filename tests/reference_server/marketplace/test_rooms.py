"""The rooms that clients ask for, and those that they are in by who they are."""

import pytest

from tests.reference_server.house import House
from tests.reference_server.marketplace.market import done, listening, product

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_who_leaves_hears_no_more(house: House) -> None:
    seller, viewer = await house.person("seller"), await house.person()
    one = await product(house, seller)
    ear = await listening(house, viewer)
    await ear.asks("join:product", one)
    await ear.asks("join:storefront", seller.id)
    await done(house, seller, "PATCH", f"/api/products/{one}/stock", stock=30)
    assert await ear.names() == ["product:stock_changed"]
    assert await ear.asks("leave:product", one) == {"left": one}
    await done(house, seller, "PATCH", f"/api/products/{one}/stock", stock=31)
    await done(house, seller, "PATCH", f"/api/products/{one}", name="Shirt")
    assert await ear.names() == ["product:updated"], "the storefront is still looked at"
    await ear.asks("leave:storefront", seller.id)
    await done(house, seller, "PATCH", f"/api/products/{one}", name="Another shirt")
    assert await ear.heard() == []
    assert await ear.asks("leave:storefront", seller.id) == {"left": seller.id}, "left twice is left"


@pytest.mark.parametrize(
    ("name", "argument", "code"),
    [
        ("join:storefront", "usr_nobody", "seller_not_found"),
        ("join:product", "prd_nothing", "product_not_found"),
        ("join:product", "sellers", "product_not_found"),
        ("join:product", "user:usr_1", "INVALID_PAYLOAD"),
        ("join:storefront", "role:seller", "INVALID_PAYLOAD"),
        ("join:storefront", ["usr_1"], "INVALID_PAYLOAD"),
        ("join:storefront", None, "INVALID_PAYLOAD"),
        ("join:product", "x" * 65, "INVALID_PAYLOAD"),
        ("join:user", "usr_1", "INVALID_PAYLOAD"),
        ("join:seller", "usr_1", "INVALID_PAYLOAD"),
        ("join:sellers", None, "INVALID_PAYLOAD"),
        ("join", "sellers", "INVALID_PAYLOAD"),
    ],
)
async def test_what_is_no_storefront_and_no_product_is_refused_and_the_connection_stays(
    house: House, name: str, argument: object, code: str
) -> None:
    ear = await listening(house, await house.person())
    answer = await ear.asks(name, argument)
    assert answer["error"]["code"] == code
    assert answer["error"]["message"].endswith(".")
    assert await ear.heard() == []


async def test_nobody_joins_the_room_of_somebody_else_by_an_id(house: House) -> None:
    seller, buyer, thief = await house.person("seller"), await house.person(), await house.person()
    ear = await listening(house, thief)
    assert (await ear.asks("join:storefront", buyer.id))["error"]["code"] == "seller_not_found", "buyers have none"
    await ear.asks("join:storefront", seller.id)
    for whom in (seller, buyer):
        await done(house, house.admin, "POST", f"/api/admin/market/users/{whom.id}/notices", message="For you alone.")
    await done(house, house.admin, "POST", "/api/admin/market/announcements", message="For sellers.")
    await done(house, seller, "PATCH", "/api/user/shipping", shippingPrice=3)
    assert await ear.heard() == []


async def test_an_announcement_reaches_every_seller_and_nobody_else(house: House) -> None:
    people = [await house.person(role) for role in ("seller", "seller", "user", "admin")]
    ears = [await listening(house, person) for person in people]
    await done(house, house.admin, "POST", "/api/admin/market/announcements", title="News", message="For sellers.")
    heard = [await ear.heard() for ear in ears]
    assert [[name for name, _ in each] for each in heard] == [["notification"], ["notification"], [], []]
    assert {name: heard[0][0][1][name] for name in ("title", "message")} == {"title": "News", "message": "For sellers."}
    assert "userId" not in heard[0][0][1]
