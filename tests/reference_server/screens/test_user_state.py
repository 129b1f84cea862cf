"""A new plan is announced, and what it unlocks is there at once."""

import pytest
from playwright.async_api import Browser

from tests.reference_server.house import House
from tests.reference_server.screens.pages import logged_in, says, shows

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_a_new_tier_shows_the_toast_and_unlocks(house: House, browser: Browser) -> None:
    async with logged_in(browser, house) as visitor, logged_in(browser, house, "admin") as admin:
        insights, reports = (visitor.page.locator(f'[data-feature="{name}"]') for name in ("insights", "reports"))
        await says(insights, "Locked")
        await visitor.mark(insights)
        await admin.page.get_by_label("User id").fill(visitor.person.id)
        await admin.page.get_by_role("combobox", name="Plan").select_option("premium")
        await admin.page.get_by_role("button", name="Set the plan").click()
        await shows(visitor.toast("Your plan has been updated to Premium."))
        await says(insights, "Unlocked")
        await says(reports, "Unlocked")
        await says(visitor.part("Your account"), "Premium")
        await visitor.is_marked(insights)


async def test_a_tier_that_changed_while_one_was_away_is_shown_on_return(house: House, browser: Browser) -> None:
    async with logged_in(browser, house) as visitor:
        await says(visitor.page.locator('[data-feature="reports"]'), "Locked")
        await visitor.cut_off()
        await house.set_tier(visitor.person, "basic")
        await visitor.come_back()
        await says(visitor.page.locator('[data-feature="reports"]'), "Unlocked")
        await says(visitor.page.locator('[data-feature="insights"]'), "Locked")
        await says(visitor.part("Your account"), "Basic")
