"""A real browser for the tests: Debian's Chromium, driven by Playwright."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Page, async_playwright

LISTEN = """
([url, names]) => new Promise((resolve) => {
    const heard = [], source = new EventSource(url);
    for (const name of names)
        source.addEventListener(name, (event) => {
            if (event.data !== undefined) heard.push([event.type, event.data, event.lastEventId]);
        });
    source.onerror = () => { source.close(); resolve(heard); };
})
"""
"""What an EventSource hears of these names, until its stream ends or fails."""


@asynccontextmanager
async def page_of(chromium: str, url: str) -> AsyncIterator[Page]:
    """A page of this origin, whose scripts may therefore read its streams."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        try:
            page = await browser.new_page()
            await page.goto(url)
            yield page
        finally:
            await browser.close()
