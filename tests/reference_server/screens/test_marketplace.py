"""A storefront's preview follows its seller's settings, products and stock, for the seller and for a visitor."""

from typing import Any

import pytest
from playwright.async_api import Browser, Locator, expect

from tests.reference_server.house import House, Person
from tests.reference_server.screens.pages import MILLISECONDS, Visitor, call, logged_in, says, shows

pytestmark = pytest.mark.asyncio(loop_scope="package")
SCREEN = "Marketplace"
SHIRT = {"name": "Linen shirt", "description": "Washed linen.", "price": 24.5, "stock": 12}


async def offer(house: House, seller: Person, **fields: Any) -> str:
    return str((await call(house, seller, "POST", "/api/products", {**SHIRT, **fields}))["id"])


async def visit(visitor: Visitor, seller: Person) -> Locator:
    """The storefront of this seller, whose room the visitor is in."""
    await visitor.page.get_by_label("The seller's id").fill(seller.id)
    await visitor.page.get_by_role("button", name="Visit").click()
    await expect(visitor.page.get_by_role("button", name="Visit")).to_be_enabled(timeout=MILLISECONDS)
    return visitor.page.get_by_role("article", name="Storefront")


async def test_a_preview_follows_what_the_seller_saves_without_a_reload(house: House, browser: Browser) -> None:
    async with (
        logged_in(browser, house, "seller", SCREEN) as seller,
        logged_in(browser, house, screen=SCREEN) as visitor,
    ):
        own = seller.page.get_by_role("article", name="Storefront")
        seen = await visit(visitor, seller.person)
        await says(seen, "This storefront")
        await visitor.mark(seen)
        branding = seller.page.get_by_role("form", name="Branding")
        await branding.get_by_label("Returns policy").fill("Within thirty days.")
        await branding.get_by_role("button", name="Save").click()
        for preview in (own, seen):
            await says(preview, "Returns: Within thirty days.")
        username = seller.page.get_by_role("form", name="Username")
        await username.get_by_label("Username").fill(f"shop-{seller.person.id[-8:]}")
        await username.get_by_role("button", name="Save").click()
        for preview in (own, seen):
            await says(preview, f"shop-{seller.person.id[-8:]}")
        await call(house, seller.person, "PATCH", "/api/user/store-status", {"storeActive": 0})
        for preview in (own, seen):
            await says(preview, "Closed")
        await visitor.is_marked(seen)


async def test_what_is_the_sellers_own_business_reaches_no_visitor(house: House, browser: Browser) -> None:
    async with (
        logged_in(browser, house, "seller", SCREEN) as seller,
        logged_in(browser, house, screen=SCREEN) as visitor,
    ):
        seen = await visit(visitor, seller.person)
        shipping = seller.page.get_by_role("form", name="Shipping price")
        await shipping.get_by_label("Shipping price").fill("4.90")
        await shipping.get_by_role("button", name="Save").click()
        await shows(seller.toast("Saved: shipping."))
        await call(house, seller.person, "PATCH", "/api/user/about-contact", {"aboutStory": "Two sisters."})
        await says(seen, "Two sisters.")
        await expect(visitor.toast("Saved")).to_have_count(0)


async def test_stock_and_prices_change_in_place_and_an_order_reaches_the_seller(house: House, browser: Browser) -> None:
    async with (
        logged_in(browser, house, "seller", SCREEN) as seller,
        logged_in(browser, house, screen=SCREEN) as visitor,
    ):
        await visit(visitor, seller.person)
        product = await offer(house, seller.person)
        row = visitor.row(product)
        await says(row, "12 in stock")
        await visitor.mark(row)
        await seller.row(product).get_by_label("Price").fill("19.95")
        await seller.row(product).get_by_role("button", name="Set").first.click()
        await says(row, "$19.95")
        await row.get_by_role("button", name="Order one").click()
        await says(row, "11 in stock")
        await shows(seller.toast("Somebody has ordered for $19.95."))
        await says(seller.part("Orders").get_by_role("listitem"), "Pending")
        await seller.part("Orders").get_by_role("button", name="Fulfil").click()
        await says(visitor.part("Orders").get_by_role("listitem"), "Fulfilled")
        await call(house, seller.person, "PATCH", f"/api/products/{product}/stock", {"stock": 0})
        await says(row, "Sold out")
        await expect(row.get_by_role("button", name="Order one")).to_be_disabled()
        await visitor.is_marked(row)


async def test_after_the_network_was_cut_the_preview_agrees_with_rest(house: House, browser: Browser) -> None:
    async with (
        logged_in(browser, house, "seller", SCREEN) as seller,
        logged_in(browser, house, screen=SCREEN) as visitor,
    ):
        await visit(visitor, seller.person)
        kept, gone = await offer(house, seller.person), await offer(house, seller.person, name="Wool scarf")
        await shows(visitor.row(gone))
        await shows(seller.row(gone))
        for page in (seller, visitor):
            await page.cut_off()
        await call(house, seller.person, "PATCH", f"/api/products/{kept}/price", {"price": 30})
        await call(house, seller.person, "DELETE", f"/api/products/{gone}")
        new = await offer(house, seller.person, name="Silk tie")
        await call(house, seller.person, "PATCH", "/api/user/branding", {"shippingPolicy": "Within three days."})
        for page in (seller, visitor):
            await page.come_back()
            await says(page.row(kept), "$30.00")
            await shows(page.row(new))
            products = (await seller.calls("GET", f"/api/sellers/{seller.person.id}/products"))["products"]
            shown = page.page.get_by_role("list", name="Products").get_by_role("listitem")
            await expect(shown).to_have_count(len(products), timeout=MILLISECONDS)
            await says(page.page.get_by_role("article", name="Storefront"), "Shipping: Within three days.")
        await call(house, seller.person, "PATCH", f"/api/products/{new}/stock", {"stock": 11})
        await says(visitor.row(new), "11 in stock")
