"""The HTML report in a real browser: it opens from a file, its script runs, and what a target sent does not."""

import subprocess
from dataclasses import replace
from pathlib import Path

from eventproof.report import html
from eventproof.report.records import Run
from eventproof.verdict import Verdict

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


def test_a_browser_runs_nothing_that_a_target_sent(chromium: str, tmp_path: Path) -> None:
    check = samples.check(verdict=Verdict.FAIL, expected=HOSTILE, observed=HOSTILE, reason=HOSTILE)
    requirement = replace(samples.requirement(verdict=Verdict.FAIL, checks=(check,)), reason=HOSTILE)
    document = opened(chromium, replace(samples.run(requirement), target=HOSTILE), tmp_path)
    assert "owned</title>" not in document
    assert "<img" not in document
