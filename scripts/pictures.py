"""The pictures in docs/pictures/, of real runs against the reference server: `make pictures`.

    python scripts/pictures.py [--chromium PATH]

Each is what a reader gets who types the command that stands in it: a check that finds a fault, in the terminal and as a
report, and the report of a swarm. Needs Chromium, and a minute; look at what it made before you commit it.
"""

import argparse
import asyncio
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, async_playwright
from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "pictures"
MOST_BYTES = 150_000
COLUMNS = 104
CHECK = "eventproof check --reference --system user-state --fault one-session-forgotten --only UST-BAN-2"
SWARM = "eventproof swarm ban_storm --reference --users 100 --run-time 20s --fault slow-close"
_FONT = re.compile(r"@font-face \{.*?\}", re.DOTALL)
"""What a picture would take from the network."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A page as a file in FOLDER: how wide its window is, and how much of it is shown from the top, in pixels."""

    name: str
    page: str
    width: int
    height: int


def ran(command: str, results: Path) -> str:
    """What a command line of ours prints, with its colours, in the folder where its results are to be."""
    words = [*shlex.split(command)[1:], "--results", results.name]
    done = subprocess.run(
        [sys.executable, "-m", "eventproof", *words],
        cwd=results.parent,
        env=os.environ | {"PYTHONPATH": str(ROOT), "FORCE_COLOR": "1", "COLUMNS": str(COLUMNS)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        timeout=180,
    )
    if done.returncode != 1:
        raise SystemExit(f"{command} ended with exit code {done.returncode}, where it had to find the fault (1)")
    return done.stdout.replace(f"{results.parent}/", "")


def terminal(command: str, printed: str) -> str:
    """A terminal after a command, as SVG that needs nothing beside it."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.assemble(("$ ", "bold green"), (command, "bold")), soft_wrap=True)
    console.print(Text.from_ansi(printed), soft_wrap=True)
    return _FONT.sub("", console.export_svg(title="", unique_id="terminal"))


async def taken(browser: Browser, pictures: Sequence[Picture], folder: Path) -> None:
    """Take each picture."""
    for picture in pictures:
        page = await browser.new_page(viewport={"width": picture.width, "height": picture.height})
        await page.goto((folder / picture.page).as_uri())
        file = FOLDER / picture.name
        await page.screenshot(path=file)
        await page.close()
        size = file.stat().st_size
        if size > MOST_BYTES:
            raise SystemExit(f"{file.name} has {size} bytes, and may have {MOST_BYTES}: show less of it")
        print(f"{file.relative_to(ROOT)}: {size} bytes")


async def photographed(chromium: str, pictures: Sequence[Picture], folder: Path) -> None:
    """Take them all in one browser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        try:
            await taken(browser, pictures, folder)
        finally:
            await browser.close()


def main() -> None:
    """Run the commands, and picture what came of them."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--chromium", default=shutil.which("chromium"), help="by default the one on the PATH")
    chromium = options.parse_args().chromium
    if chromium is None:
        raise SystemExit("there is no chromium on the PATH: install it, or name it by --chromium")
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as named:
        folder = Path(named)
        printed = ran(CHECK, folder / "check")
        (FOLDER / "terminal.svg").write_text(terminal(CHECK, printed), encoding="utf-8")
        ran(SWARM, folder / "swarm")
        pictures = (
            Picture("check.png", "check/report.html", 900, 960),
            Picture("swarm.png", "swarm/report.html", 1000, 1160),
        )
        asyncio.run(photographed(chromium, pictures, folder))


if __name__ == "__main__":
    main()
