"""The screens fit a desk and a phone, and every control has a name."""

import pytest
from playwright.async_api import Browser, Page

from tests.reference_server.house import House
from tests.reference_server.plan_sync.planning import create
from tests.reference_server.screens.pages import logged_in, shows

pytestmark = pytest.mark.asyncio(loop_scope="package")
DESK, PHONE = 1280, 400
OVERFLOW = "() => document.documentElement.scrollWidth - window.innerWidth"
NAMELESS = """
() => [...document.querySelectorAll("input, select, button")]
    .filter((node) => node.checkVisibility() && !node.labels?.length && !node.ariaLabel && !node.textContent.trim())
    .map((node) => node.outerHTML)
"""


async def fits(page: Page) -> None:
    assert await page.evaluate(OVERFLOW) <= 0
    assert await page.evaluate(NAMELESS) == []


@pytest.mark.parametrize("role", ["user", "admin", "student", "library_owner", "staff", "seller"])
async def test_every_screen_fits_and_names_its_controls(house: House, browser: Browser, role: str) -> None:
    await create(house, name="A plan with a name that is as long as the people who make plans like their names to be")
    async with logged_in(browser, house, role) as visitor:
        for tab in await visitor.page.get_by_role("navigation").get_by_role("link").all():
            await tab.click()
            await shows(visitor.page.locator("main > div:not([hidden])"))
            for width in (DESK, PHONE):
                await visitor.page.set_viewport_size({"width": width, "height": 800})
                await fits(visitor.page)


async def test_the_login_screen_is_used_by_keyboard_alone(house: House, browser: Browser) -> None:
    async with logged_in(browser, house) as visitor:
        await visitor.page.get_by_role("button", name="Log out").press("Enter")
        keyboard = visitor.page.keyboard
        await shows(visitor.page.get_by_label("Password"))
        await keyboard.type(visitor.person.account.email)
        await keyboard.press("Tab")
        await keyboard.type("a long enough password")
        await keyboard.press("Tab")
        await keyboard.press("Space")
        await visitor.is_in()
