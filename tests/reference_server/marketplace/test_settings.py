"""The ten calls that change a seller's settings."""

import asyncio
from typing import Any

import pytest

from tests.reference_server.house import House
from tests.reference_server.marketplace.market import done, listening, refused

pytestmark = pytest.mark.asyncio(loop_scope="package")

PUBLIC: list[tuple[str, str, dict[str, Any], str]] = [
    ("PATCH", "/api/user/branding", {"storeLogo": "https://x.example/logo.png"}, "settings:branding_updated"),
    ("PATCH", "/api/user/about-contact", {"socialTiktok": "lune"}, "settings:contact_updated"),
    ("PATCH", "/api/user/store-status", {"storeActive": 0}, "settings:store_status_updated"),
    ("POST", "/api/settings/terms", {"termsSource": "custom_pdf"}, "settings:terms_updated"),
    ("PATCH", "/api/user/username", {"username": "lune-of-porto"}, "settings:username_updated"),
]
INTERNAL: list[tuple[str, str, dict[str, Any], str]] = [
    ("PATCH", "/api/user/warehouse", {"warehouseCity": "Porto"}, "warehouse"),
    ("PATCH", "/api/user/payment-provider", {"paymentProvider": "paypal"}, "payment_provider"),
    ("PATCH", "/api/user/tax-settings", {"taxEnabled": 1, "taxNexusCountries": ["PT"]}, "tax_settings"),
    ("PATCH", "/api/user/custom-domain", {"customDomain": "lune.example.com"}, "custom_domain"),
    ("PATCH", "/api/user/shipping", {"shippingPrice": 4.9}, "shipping"),
]


@pytest.mark.parametrize(("method", "path", "body", "event"), PUBLIC, ids=[row[3] for row in PUBLIC])
async def test_what_is_public_reaches_the_seller_and_the_storefront(
    house: House, method: str, path: str, body: dict[str, Any], event: str
) -> None:
    seller, viewer, other = await house.person("seller"), await house.person(), await house.person()
    ears = [await listening(house, each) for each in (seller, viewer, other)]
    await ears[1].asks("join:storefront", seller.id)
    await done(house, seller, method, path, **body)
    for ear in ears[:2]:
        ((name, payload),) = await ear.heard()
        payload.pop("timestamp")
        assert (name, payload) == (event, {"sellerId": seller.id, **body})
    assert await ears[2].heard() == []


@pytest.mark.parametrize(("method", "path", "body", "which"), INTERNAL, ids=[row[3] for row in INTERNAL])
async def test_what_is_internal_reaches_the_seller_alone_and_says_no_more_than_which(
    house: House, method: str, path: str, body: dict[str, Any], which: str
) -> None:
    seller, viewer = await house.person("seller"), await house.person()
    mine, theirs = await listening(house, seller), await listening(house, viewer)
    await theirs.asks("join:storefront", seller.id)
    await done(house, seller, method, path, **body)
    ((name, payload),) = await mine.heard()
    payload.pop("timestamp")
    assert (name, payload) == ("settings:internal_updated", {"sellerId": seller.id, "setting": which})
    assert await theirs.heard() == []


async def test_a_visitor_reads_what_the_storefront_was_told_and_nothing_else(house: House) -> None:
    seller, visitor = await house.person("seller"), await house.person()
    public: dict[str, Any] = {}
    path = f"/api/sellers/{seller.id}/storefront"
    assert await done(house, visitor, "GET", path) == {"sellerId": seller.id}
    for method, there, body, _ in (*PUBLIC, *INTERNAL):
        if body.get("username"):
            body = {"username": f"lune-{seller.id[-6:]}"}
        await done(house, seller, method, there, **body)
        public |= body if (method, there) in {row[:2] for row in PUBLIC} else {}
    assert await done(house, visitor, "GET", path) == {"sellerId": seller.id, **public}
    assert await refused(house, visitor, "GET", f"/api/sellers/{visitor.id}/storefront") == (404, "seller_not_found")


async def test_settings_are_kept_beside_each_other_and_shown_to_their_seller(house: House) -> None:
    seller, buyer = await house.person("seller"), await house.person()
    expected: dict[str, Any] = {}
    for number, (method, path, body, _) in enumerate((*PUBLIC, *INTERNAL)):
        body = {**body, "username": f"kept-{number}"} if "username" in body else body
        expected |= body
        await done(house, seller, method, path, **body)
    assert await done(house, seller, "GET", "/api/user/settings") == {"sellerId": seller.id, **expected}
    assert await refused(house, buyer, "GET", "/api/user/settings") == (403, "wrong_role")
    assert await refused(house, buyer, "PATCH", "/api/user/branding", json={"storeLogo": ""}) == (403, "wrong_role")


async def test_a_username_is_one_sellers_however_it_is_written(house: House) -> None:
    one, two = await house.person("seller"), await house.person("seller")
    path = "/api/user/username"
    await done(house, one, "PATCH", path, username="Atelier")
    ear = await listening(house, two)
    assert await refused(house, two, "PATCH", path, json={"username": "aTELIER"}) == (409, "username_taken")
    assert await ear.heard() == []
    await done(house, one, "PATCH", path, username="atelier")
    await done(house, one, "PATCH", path, username="another-one")
    await done(house, two, "PATCH", path, username="Atelier")


async def test_of_many_sellers_who_want_one_username_one_gets_it(house: House) -> None:
    sellers = [await house.person("seller") for _ in range(8)]
    body = {"username": "wanted"}
    answers = await asyncio.gather(
        *(house.call("PATCH", "/api/user/username", seller, json=body) for seller in sellers)
    )
    assert sorted(status for status, _ in answers) == [200] + [409] * 7


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("shipping", {"shippingPrice": 4.999}),
        ("shipping", {"shippingPrice": -1}),
        ("store-status", {"storeActive": 2}),
        ("payment-provider", {"paymentProvider": "cash"}),
        ("username", {"username": "a b"}),
        ("username", {"username": "ab"}),
        ("tax-settings", {"taxNexusCountries": ["Portugal"]}),
        ("branding", {}),
        ("branding", {"username": "smuggled"}),
    ],
    ids=str,
)
async def test_a_setting_that_means_nothing_is_refused(house: House, path: str, body: dict[str, Any]) -> None:
    seller = await house.person("seller")
    assert await refused(house, seller, "PATCH", f"/api/user/{path}", json=body) == (422, "invalid_input")
