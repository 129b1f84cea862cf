"""The page of a comparison in a real browser: as wide as its window, narrow or wide, whatever the tables are."""

from pathlib import Path

import pytest

from eventproof.compare import compare
from eventproof.compare.html import render
from tests.browser import page_of
from tests.report import samples

from .sides import side


@pytest.mark.parametrize("width", [400, 1280])
async def test_the_page_is_never_wider_than_its_window(chromium: str, tmp_path: Path, width: int) -> None:
    path = tmp_path / "comparison.html"
    path.write_text(render(compare((side("main", samples.passing()), side("branch", samples.failing())))))
    async with page_of(chromium, path.as_uri()) as page:
        await page.set_viewport_size({"width": width, "height": 900})
        assert await page.evaluate("document.documentElement.scrollWidth") == width
        assert await page.inner_text("h1") == "FAIL"
        red = await page.eval_on_selector("h1", "element => getComputedStyle(element).color")
        assert red == await page.eval_on_selector(
            ".badge[data-verdict=fail]", "element => getComputedStyle(element).color"
        )
