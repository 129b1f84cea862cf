"""Logging in, and being logged out: by oneself, by a ban, by a ban while one was away."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from reference_server.faults import conduct_of
from tests.reference_server.house import BANNED, House, keep_house
from tests.reference_server.screens.pages import MILLISECONDS, logged_in, person, says, shows, visiting

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_a_wrong_password_is_told_beside_the_form(house: House, browser: Browser) -> None:
    async with visiting(browser, house, await person(house)) as visitor:
        await visitor.page.goto(house.url + "/screens/")
        await visitor.type_credentials("a wrong password")
        await says(visitor.page.get_by_role("alert"), "The email or the password is wrong")
        await visitor.type_credentials()
        await visitor.is_in()


async def test_a_page_that_is_loaded_again_is_still_logged_in(house: House, browser: Browser) -> None:
    async with logged_in(browser, house) as visitor:
        await visitor.page.reload()
        await visitor.is_in()
        await visitor.state("Connected")


async def test_who_logs_out_is_at_the_login_screen_and_the_token_is_dead(house: House, browser: Browser) -> None:
    async with logged_in(browser, house) as visitor:
        token = await visitor.page.evaluate("() => Object.values(sessionStorage)[0]")
        await visitor.page.get_by_role("button", name="Log out").click()
        await shows(visitor.page.get_by_label("Password"))
        await expect(visitor.page.get_by_role("alert")).to_have_count(0)
        assert await visitor.page.evaluate("() => sessionStorage.length") == 0
        status, _ = await house.call("GET", "/api/me", headers={"Authorization": f"Bearer {token}"})
        assert status == 401


async def test_no_address_carries_a_token(house: House, browser: Browser) -> None:
    async with visiting(browser, house, await person(house)) as visitor:
        async with visitor.page.expect_websocket():
            await visitor.log_in()
        await visitor.turn_to("Plans")
        await says(visitor.page.get_by_role("status", name="Sync status"), "Live")
        token = await visitor.page.evaluate("() => Object.values(sessionStorage)[0]")
        assert any(address.startswith("ws:") for address in visitor.addresses)
        assert any(address.endswith("/api/plans/subscribe") for address in visitor.addresses)
        assert [address for address in visitor.addresses if token in address or "token" in address] == []
        assert await visitor.page.context.cookies() == []


async def test_a_ban_logs_out_at_once_and_says_why_without_a_reload(house: House, browser: Browser) -> None:
    async with logged_in(browser, house) as visitor, logged_in(browser, house, "admin") as admin:
        await visitor.page.evaluate("() => { window.sameDocument = true; }")
        await admin.page.get_by_label("User id").fill(visitor.person.id)
        await admin.page.get_by_role("button", name="Ban", exact=True).click()
        await expect(visitor.page.get_by_role("alert").first).to_have_text(BANNED, timeout=MILLISECONDS)
        await expect(visitor.page.get_by_role("button", name="Log out")).to_be_hidden()
        await expect(visitor.page.get_by_label("Email")).to_be_focused()
        assert await visitor.page.evaluate("() => window.sameDocument")
        assert await visitor.page.evaluate("() => sessionStorage.length") == 0

        await visitor.type_credentials()
        await says(visitor.part("Log in").get_by_role("alert"), BANNED)
        await admin.page.get_by_role("button", name="Unban").click()
        await shows(admin.toast(f"{visitor.person.account.email}: Free."))
        await visitor.type_credentials()
        await visitor.is_in()
        await visitor.state("Connected")


async def test_who_was_banned_while_away_hears_of_it_on_return(house: House, browser: Browser) -> None:
    async with logged_in(browser, house) as visitor:
        await visitor.cut_off()
        await house.ban(visitor.person)
        await visitor.page.context.set_offline(False)
        await says(visitor.page.get_by_role("alert").first, BANNED)


async def test_where_no_connection_begins_by_websocket_it_polls(
    browser: Browser, screens_client: None, tmp_path: Path
) -> None:
    async with (
        keep_house(tmp_path, conduct=conduct_of("websocket-refused"), screens=True) as house,
        logged_in(browser, house) as visitor,
    ):
        assert any("transport=polling" in address for address in visitor.addresses)
        await house.set_tier(visitor.person, "premium")
        await shows(visitor.toast("Your plan has been updated to Premium."))


async def test_another_tab_is_somebody_else(house: House, browser: Browser) -> None:
    async with logged_in(browser, house) as visitor:
        second = await visitor.page.context.new_page()
        await second.goto(house.url + "/screens/")
        await shows(second.get_by_label("Password"))
