"""Locust's own web UI with our tab in it, in a real browser, while a swarm runs."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from eventproof import layout, port, reference
from tests.browser import page_of

PATIENCE = 30_000
OVERFLOW = "() => document.documentElement.scrollWidth - window.innerWidth"


@contextmanager
def locust(folder: Path) -> Iterator[str]:
    """The address of the web UI of a Locust that a person has started."""
    with port.kept() as at, reference.start(seed_users=12, options=("--log-level", "warning")) as server:
        command = [
            *(sys.executable, "-m", "locust", "-f", str(layout.LOADTESTS / "ban_storm.py")),
            *("--users", "8", "--spawn-rate", "50", "--target", str(server.profile), "--results", str(folder / "r")),
            *("--web-port", str(at)),
        ]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
            try:
                yield f"http://127.0.0.1:{at}/"
                os.kill(child.pid, signal.SIGINT)
                child.wait(60)
            finally:
                child.kill()


async def looked_at(chromium: str, url: str) -> None:
    wrong: list[str] = []
    async with page_of(chromium, "about:blank") as page:
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        await reached(page, url)
        await begun(page)
        charts = page.get_by_role("region", name="Over time")
        await expect(charts).to_be_hidden()
        await page.get_by_role("tab", name="Over time").click()
        for title in ("connections", "deliveries, a second", "ban to logout, ms"):
            await expect(charts.get_by_text(title, exact=True)).to_be_visible(timeout=PATIENCE)
        for width in (1280, 400):
            await page.set_viewport_size({"width": width, "height": 900})
            assert await page.evaluate(OVERFLOW) <= 0
            assert await charts.locator("svg").first.evaluate("(svg) => svg.getBoundingClientRect().width") > 250
        assert await charts.get_attribute("data-theme") == "light"
        await page.set_viewport_size({"width": 1280, "height": 900})
        await page.get_by_role("tab", name="Delivery").click()
        await expect(charts).to_be_hidden()
        await expect(page.get_by_text("user.banned", exact=True)).to_be_visible(timeout=PATIENCE)
        assert {address.removeprefix(url) == address for address in asked} == {False}, "loopback alone is asked"
    assert wrong == []


async def begun(page: Page) -> None:
    """Begin a test with objectives of one's own: what cannot be read is said, and then nothing has begun."""
    await page.get_by_text("Custom parameters").click()
    objectives, start = page.locator('input[name="objectives"]'), page.get_by_role("button", name="Start", exact=True)
    await objectives.fill("lst == 0")
    await start.click()
    await expect(page.get_by_text('did you mean "lost"?')).to_be_visible(timeout=PATIENCE)
    await objectives.fill("lost == 0; connect: p(50) < 60s")
    await start.click()
    await expect(page.get_by_role("tab", name="Over time")).to_be_visible(timeout=PATIENCE)


async def reached(page: Page, url: str) -> None:
    """Open it as soon as it listens."""
    for attempt in range(300):
        try:
            await page.goto(url)
            return
        except Exception:
            assert attempt < 299
            await asyncio.sleep(0.1)


@pytest.mark.timeout(180)
def test_the_web_ui_has_charts_over_time_that_fit_a_desk_and_a_phone(chromium: str, tmp_path: Path) -> None:
    with locust(tmp_path) as url:
        asyncio.run(looked_at(chromium, url))
    assert (tmp_path / "r" / "series.csv").stat().st_size
    asked = [one["expression"] for one in json.loads((tmp_path / "r" / "results.json").read_text())["objectives"]]
    assert asked[-2:] == ["lost == 0", "connect: p(50) < 60s"]
