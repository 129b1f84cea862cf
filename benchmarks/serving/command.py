"""What the commands of the benchmarks that measure several things in turn have in common: options, and the machine."""

import argparse
import os
import platform
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

from .contenders import ROOT
from .figures import Results

__all__ = ["chosen", "kept", "machine", "positive"]


def machine() -> str:
    """What the figures are of: the processor, the system, the versions, the day."""
    models = [
        line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line
    ]
    node = _said("node", "--version")
    return (
        f"{time.strftime('%Y-%m-%d %H:%M')}; {len(models)} × {models[0] if models else 'unknown'}, "
        f"Linux {platform.release()}; Python {platform.python_version()}, Node {node or '–'}; "
        f"commit {_said('git', '-C', str(ROOT), 'rev-parse', '--short', 'HEAD') or '–'}; "
        f"load {os.getloadavg()[0]:.1f}"
    )


def _said(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def kept(parser: argparse.ArgumentParser, file: Path | None) -> Results:
    """What earlier runs have left in the file."""
    if file is None or not file.exists():
        return Results()
    try:
        return Results.read(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        parser.error(f"--add-to {file}: {problem}: name another file")


def chosen(
    parser: argparse.ArgumentParser, kind: str, given: str, known: Iterable[str], *, exact: bool = False
) -> list[str]:
    """Those that are meant; a name stands for all that begin with it, unless it has to be `exact`."""
    chosen: list[str] = []
    for name in given.split(","):
        meant = [one for one in known if one == name or (not exact and one.startswith(name + "-"))]
        if not meant:
            parser.error(f"there is no {kind} {name!r}: choose from {', '.join(known)}")
        chosen += meant
    return list(dict.fromkeys(chosen))


def positive(text: str) -> int:
    """A number of rounds. Raises ArgumentTypeError."""
    number = int(text) if text.isascii() and text.isdigit() else 0
    if not 1 <= number <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of rounds: give one from 1 to 100")
    return number
