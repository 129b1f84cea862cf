"""The HTML report in a real browser: it opens from a file, its script runs, and what a target sent does not."""

import subprocess
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Literal

from playwright.async_api import expect

from eventproof.report import html
from eventproof.report.merge import merge
from eventproof.report.records import Run
from eventproof.verdict import Verdict
from tests.browser import page_of

from . import samples

HOSTILE = '<script>document.title="owned"</script><img src=x onerror=\'document.title="owned"\'>'


def opened(chromium: str, run: Run, folder: Path) -> str:
    """The page's document as the browser has it once its scripts have run."""
    page = folder / "report.html"
    page.write_text(html.render(run), encoding="utf-8")
    done = subprocess.run(
        [
            *(chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"),
            *("--disable-background-networking", "--disable-component-update", "--host-resolver-rules=MAP * ~NOTFOUND"),
            *(f"--user-data-dir={folder / 'browser'}", "--dump-dom", page.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_browser_shows_the_verdict_and_runs_the_pages_own_script(chromium: str, tmp_path: Path) -> None:
    document = opened(chromium, samples.failing(), tmp_path)
    assert ">FAIL<" in document.replace("\n", "").replace(" ", "")
    assert 'type="search"' in document, "the script under the page's own policy adds the search field"


OVERFLOW = """
() => [document.documentElement, ...document.querySelectorAll("main *")]
    .filter((node) => node instanceof HTMLElement && !node.closest(".unseen") && node.clientWidth)
    .filter((node) => node.scrollWidth > node.clientWidth)
    .map((node) => `${node.tagName}.${node.className}: ${node.scrollWidth} > ${node.clientWidth}`)
"""
LABELS = """
() => [...document.querySelectorAll("figure text, figure li, figcaption")]
    .filter((node) => node.checkVisibility())
    .map((node) => [node.textContent, node.getBoundingClientRect()])
    .filter(([, at]) => at.left < 0 || at.right > window.innerWidth || at.height < 8)
    .map(([text]) => text)
"""


async def test_a_report_fits_a_desk_and_a_phone_with_all_labels(chromium: str, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(html.render(merge([samples.failing(), samples.invalid()])), encoding="utf-8")
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    async with page_of(chromium, file.as_uri()) as page:
        for scheme, width in product(schemes, (1280, 400)):
            await page.emulate_media(color_scheme=scheme)
            await page.set_viewport_size({"width": width, "height": 900})
            assert await page.evaluate(OVERFLOW) == []
            assert await page.evaluate(LABELS) == []
            for text in ("ban to logout, ms", "deliveries, a second"):
                await expect(page.get_by_text(text, exact=True)).to_be_visible()
            for name in ("ban to refused", "echo (floor)"):
                labels = page.locator("figure *").and_(page.get_by_text(name, exact=True)).filter(visible=True)
                await expect(labels).to_have_count(1)


def test_a_browser_runs_nothing_that_a_target_sent(chromium: str, tmp_path: Path) -> None:
    check = samples.check(verdict=Verdict.FAIL, expected=HOSTILE, observed=HOSTILE, reason=HOSTILE)
    requirement = replace(samples.requirement(verdict=Verdict.FAIL, checks=(check,)), reason=HOSTILE)
    document = opened(chromium, replace(samples.run(requirement), target=HOSTILE), tmp_path)
    assert "owned</title>" not in document
    assert "<img" not in document
