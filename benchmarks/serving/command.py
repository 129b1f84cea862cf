"""What the commands of the benchmarks that measure several things in turn have in common: options, and the machine."""

import argparse
import os
import platform
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from .contenders import ROOT, commit, said
from .figures import Results

__all__ = ["chosen", "kept", "machine", "made", "whole"]


def machine() -> str:
    """What the figures are of: the processor, the system, the versions, the day."""
    models = [
        line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line
    ]
    node = said("node", "--version")
    return (
        f"{time.strftime('%Y-%m-%d %H:%M')}; {len(models)} × {models[0] if models else 'unknown'}, "
        f"Linux {platform.release()}; Python {platform.python_version()}, Node {node or '–'}; "
        f"commit {commit(ROOT) or '–'}; "
        f"load {os.getloadavg()[0]:.1f}"
    )


def made(*, quick: bool) -> dict[str, str]:
    """What figures are of, whoever is measured: the machine and the sizes."""
    cores = len(os.sched_getaffinity(0))
    return {
        "the machine": f"{platform.node()}, {cores} cores, Python {platform.python_version()}",
        "the sizes": "of --quick" if quick else "of a whole run",
    }


def kept(parser: argparse.ArgumentParser, file: Path | None, made: Mapping[str, str]) -> Results:
    """What earlier runs have left in the file, to which figures of this are added."""
    results = Results()
    try:
        if file is not None and file.exists():
            results = Results.read(file.read_text(encoding="utf-8"))
        results.be_of(made)
    except (OSError, ValueError) as problem:
        parser.error(f"--add-to {file}: {problem}: name another file")
    return results


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


def whole(what: str, most: int) -> Callable[[str], int]:
    """What reads a number of these, 1 to so many, for argparse; it raises ArgumentTypeError."""

    def read(text: str) -> int:
        number = int(text) if text.isascii() and text.isdigit() else 0
        if not 1 <= number <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is no number of {what}: give one from 1 to {most}")
        return number

    return read
