"""People in front of the screens: each in a browser session of their own, with all that must not happen watched."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from playwright.async_api import Browser, Locator, Page, expect

from reference_server.accounts.account import USER
from tests.reference_server.house import House, Person

PASSWORD: Final = "a long enough password"
PATH: Final = "/screens/"
MILLISECONDS: Final = 20_000
"""How long anything may take that should happen at once."""


@dataclass
class Visitor:
    """Somebody in front of a page."""

    house: House
    person: Person
    page: Page
    wrong: list[str] = field(default_factory=list)
    """Errors of scripts, and what the Content Security Policy has stopped."""
    addresses: list[str] = field(default_factory=list)
    """Of every request, and of every WebSocket."""

    def watch(self) -> None:
        self.page.set_default_timeout(MILLISECONDS)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on(
            "console",
            lambda said: self.wrong.append(said.text) if "Content Security Policy" in said.text else None,
        )
        self.page.on("request", lambda request: self.addresses.append(request.url))
        self.page.on("websocket", lambda socket: self.addresses.append(socket.url))

    async def type_credentials(self, password: str = PASSWORD) -> None:
        await self.page.get_by_label("Email").fill(self.person.account.email)
        await self.page.get_by_label("Password").fill(password)
        await self.page.keyboard.press("Enter")

    async def log_in(self) -> None:
        await self.page.goto(self.house.url + PATH)
        await self.type_credentials()
        await self.is_in()

    async def is_in(self) -> None:
        await shows(self.page.get_by_role("button", name="Log out"))

    async def state(self, state: str) -> None:
        """Wait until the connection is in this state."""
        await says(self.page.get_by_role("status", name="Connection"), state)

    async def turn_to(self, title: str) -> None:
        await self.page.get_by_role("link", name=title).click()

    def part(self, title: str) -> Locator:
        """A titled part of the screen that is shown."""
        return self.page.get_by_role("region", name=title, exact=True)

    def row(self, key: str) -> Locator:
        return self.page.locator(f'[data-key="{key}"]:visible').first

    def toast(self, text: str) -> Locator:
        return self.page.get_by_role("log", name="Notifications").get_by_text(text)

    async def mark(self, node: Locator) -> None:
        """Know this element again: what replaces it has no mark."""
        await node.evaluate("(node) => { node.dataset.marked = 'yes'; }")

    async def is_marked(self, node: Locator) -> None:
        await expect(node).to_have_attribute("data-marked", "yes", timeout=MILLISECONDS)

    async def cut_off(self) -> None:
        """Cut the network, and wait until the page knows."""
        await self.page.context.set_offline(True)
        await self.state("Offline")

    async def come_back(self) -> None:
        await self.page.context.set_offline(False)
        await self.state("Connected")

    async def calls(self, method: str, path: str, body: Any = None) -> Any:
        """What the server answers to a call in this person's name, which the page knows nothing of."""
        return await call(self.house, self.person, method, path, body)


async def call(house: House, person: Person, method: str, path: str, body: Any = None) -> Any:
    options: Mapping[str, Any] = {} if body is None else {"json": body}
    status, answer = await house.call(method, path, person, **options)
    assert status < 300, answer
    return answer


async def shows(node: Locator) -> None:
    await expect(node).to_be_visible(timeout=MILLISECONDS)


async def says(node: Locator, text: str) -> None:
    await expect(node).to_contain_text(text, timeout=MILLISECONDS)


async def person(house: House, role: str = USER) -> Person:
    """Somebody who can log in."""
    return await house.person(role, password=await house.services.passwords.hash(PASSWORD))


@asynccontextmanager
async def visiting(browser: Browser, house: House, who: Person) -> AsyncIterator[Visitor]:
    """A browser session of its own, not logged in yet; nothing may go wrong in it while the block runs."""
    context = await browser.new_context(locale="en-US", timezone_id="UTC")
    try:
        visitor = Visitor(house, who, await context.new_page())
        visitor.watch()
        yield visitor
        assert visitor.wrong == []
    finally:
        await context.close()


@asynccontextmanager
async def logged_in(
    browser: Browser, house: House, role: str = USER, screen: str | None = None
) -> AsyncIterator[Visitor]:
    """Somebody new of this role, logged in and connected, at this screen."""
    async with visiting(browser, house, await person(house, role)) as visitor:
        await visitor.log_in()
        await visitor.state("Connected")
        if screen is not None:
            await visitor.turn_to(screen)
        yield visitor
