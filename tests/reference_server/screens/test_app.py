"""What is shown follows from what is served, and from who has logged in."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.reference_server.house import House, keep_house
from tests.reference_server.plan_sync.planning import change, create
from tests.reference_server.screens.pages import logged_in, person, says, visiting

pytestmark = pytest.mark.asyncio(loop_scope="package")
TABS = {
    "user": ["Account", "Shield", "Plans", "Marketplace"],
    "admin": ["Account", "Shield", "Plans"],
    "student": ["Account", "Plans", "Library seats"],
    "library_owner": ["Account", "Plans", "Library seats"],
    "seller": ["Account", "Plans", "Marketplace"],
}


@pytest.mark.parametrize("role", TABS)
async def test_everybody_has_the_screens_of_their_role(house: House, browser: Browser, role: str) -> None:
    async with logged_in(browser, house, role) as visitor:
        await expect(visitor.page.get_by_role("navigation").get_by_role("link")).to_have_text(TABS[role])


async def test_the_address_names_the_screen(house: House, browser: Browser) -> None:
    async with logged_in(browser, house, screen="Plans") as visitor:
        assert visitor.page.url.endswith("#plans")
        await visitor.page.reload()
        await expect(visitor.page.get_by_role("link", name="Plans")).to_have_attribute("aria-current", "page")
        await visitor.page.go_back()
        await expect(visitor.page.get_by_role("link", name="Account")).to_have_attribute("aria-current", "page")


async def test_a_server_of_streams_alone_needs_no_socket(
    browser: Browser, screens_client: None, tmp_path: Path
) -> None:
    async with keep_house(tmp_path, systems=("plan-sync",), screens=True) as house:
        plan, _ = await create(house, roi=2)
        async with visiting(browser, house, await person(house)) as visitor:
            await visitor.log_in()
            await expect(visitor.page.get_by_role("navigation")).to_be_hidden()
            await says(visitor.page.get_by_role("status", name="Sync status"), "Live")
            await change(house, plan, roi=3)
            await says(visitor.row(plan), "3 % ROI")
            assert [address for address in visitor.addresses if "socket.io/" in address] == []
