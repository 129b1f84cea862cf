"""Plans change in place, and the page says how live it is, in the specification's words."""

import pytest
from playwright.async_api import Browser, expect

from tests.reference_server.house import House
from tests.reference_server.plan_sync.planning import change, create
from tests.reference_server.screens.pages import MILLISECONDS, Visitor, logged_in, says, shows

pytestmark = pytest.mark.asyncio(loop_scope="package")
RECORD = """
(node) => {
    window.states = [node.textContent];
    new MutationObserver(() => window.states.push(node.textContent)).observe(node, { childList: true });
}
"""


async def agrees(visitor: Visitor) -> None:
    """The plans that are shown are those of REST."""
    plans = (await visitor.calls("GET", "/api/plans"))["plans"]
    for plan in plans:
        await says(visitor.row(plan["id"]), f"{plan['roi']:g} % ROI")
    await expect(visitor.part("Plans").get_by_role("listitem")).to_have_count(len(plans), timeout=MILLISECONDS)


async def test_a_plan_changes_its_roi_in_place_while_the_status_says_syncing(house: House, browser: Browser) -> None:
    plan, _ = await create(house, name="In place", roi=2.5)
    async with logged_in(browser, house, screen="Plans") as visitor:
        status = visitor.page.get_by_role("status", name="Sync status")
        await says(status, "Live")
        await status.evaluate(RECORD)
        row = visitor.row(plan)
        await says(row, "2.5 % ROI")
        await visitor.mark(row)
        await change(house, plan, roi=3.5)
        await says(row, "3.5 % ROI")
        await visitor.is_marked(row)
        await visitor.page.wait_for_function("() => window.states.length >= 3")
        assert await visitor.page.evaluate("() => window.states") == ["Live", "Syncing...", "Live"]


async def test_the_status_begins_with_initializing(house: House, browser: Browser) -> None:
    async with logged_in(browser, house, screen="Plans") as visitor:
        await visitor.page.route("**/api/plans/subscribe", lambda route: route.abort())
        await visitor.page.reload()
        await says(visitor.page.get_by_role("status", name="Sync status"), "Initializing...")
        plan, _ = await create(house, name="Polled", roi=9)
        await says(visitor.row(plan), "9 % ROI")  # where there is no stream, the plans are polled
        await visitor.page.unroute("**/api/plans/subscribe")
        await says(visitor.page.get_by_role("status", name="Sync status"), "Live")


async def test_an_investment_follows_its_plan_and_a_plan_comes_and_goes(house: House, browser: Browser) -> None:
    plan, _ = await create(house, name="Followed", roi=2)
    async with logged_in(browser, house, screen="Plans") as visitor:
        await visitor.row(plan).get_by_label("Amount").fill("5000")
        await visitor.row(plan).get_by_role("button", name="Invest").click()
        own = visitor.part("Your investments").get_by_role("listitem")
        await says(own, "2 % ROI")
        await visitor.mark(own)
        await change(house, plan, roi=4)
        await says(own, "4 % ROI")
        await visitor.is_marked(own)
        await house.call("DELETE", f"/api/admin/plans/{plan}", house.admin)
        await expect(visitor.part("Plans").get_by_text("Followed")).to_have_count(0, timeout=MILLISECONDS)
        await says(own, "A deleted plan")


async def test_an_admin_changes_a_plan_and_another_one_is_told_who_did(house: House, browser: Browser) -> None:
    plan, _ = await create(house, name="Edited", roi=1)
    async with (
        logged_in(browser, house, "admin", "Plans") as admin,
        logged_in(browser, house, "admin", "Plans") as other,
        logged_in(browser, house, screen="Plans") as visitor,
    ):
        for page in (admin, other, visitor):
            await says(page.page.get_by_role("status", name="Sync status"), "Live")
        await admin.row(plan).get_by_label("ROI in %").fill("6.5")
        await admin.row(plan).get_by_role("button", name="Change").click()
        await says(visitor.row(plan), "6.5 % ROI")
        await shows(other.toast(f"Plan updated by {admin.person.account.email}."))


async def test_after_the_network_was_cut_the_plans_agree_with_rest(house: House, browser: Browser) -> None:
    plan, _ = await create(house, name="Kept", roi=1)
    gone, _ = await create(house, name="Gone", roi=1)
    async with logged_in(browser, house, screen="Plans") as visitor:
        status = visitor.page.get_by_role("status", name="Sync status")
        await says(status, "Live")
        await shows(visitor.row(gone))
        await visitor.cut_off()
        await says(status, "Initializing...")
        await change(house, plan, roi=8)
        await create(house, name="New", roi=7)
        await house.call("DELETE", f"/api/admin/plans/{gone}", house.admin)
        await says(visitor.row(plan), "1 % ROI")
        await visitor.come_back()
        await says(visitor.row(plan), "8 % ROI")
        await agrees(visitor)
        await says(status, "Live")


async def test_a_name_that_looks_like_html_is_text(house: House, browser: Browser) -> None:
    name = '<img src=x onerror="document.title=1"><script>document.title=2</script>&amp;'
    async with logged_in(browser, house, screen="Plans") as visitor:
        plan, _ = await create(house, name=name)
        await expect(visitor.row(plan).locator("strong")).to_have_text(name, timeout=MILLISECONDS)
        assert await visitor.page.title() == "eventproof screens"
        assert await visitor.page.locator("main img, main script").count() == 0
    await house.call("DELETE", f"/api/admin/plans/{plan}", house.admin)
