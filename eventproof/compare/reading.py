"""Which results folders are meant by what somebody typed, and the runs that lie in them."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from eventproof.errors import UsageError
from eventproof.report import results_json
from eventproof.report.records import Run

from .comparison import Side

__all__ = ["MOST_RUNS", "sides"]

MOST_RUNS: Final = 20
"""Of one side."""
_LARGEST: Final = 256 * 1024 * 1024
"""Bytes of one results.json; those of a check have a few million."""
_RESULTS: Final = "results.json"


def sides(given: Sequence[str]) -> tuple[Side, ...]:
    """The side that each text names: a results folder, a folder of several, or several of either with commas between.

    Raises UsageError where there are no results, none that can be read, or the same ones twice.
    """
    folders = [_folders(text) for text in given]
    seen: dict[Path, str] = {}
    for text, found in zip(given, folders, strict=True):
        for folder in found:
            if folder in seen:
                raise UsageError(
                    f"{seen[folder]} and {text} have {folder} in common: a run does not differ from itself"
                )
        seen |= dict.fromkeys(found, text)
    names = _names(given)
    return tuple(Side(name, tuple(map(_read, found))) for name, found in zip(names, folders, strict=True))


def _folders(text: str) -> list[Path]:
    """The folders, each once, by their real paths."""
    named = [Path(text)] if text and Path(text).exists() else [Path(part) for part in text.split(",") if part]
    found = dict.fromkeys(folder.resolve() for path in named for folder in _of(path))
    if not found:
        raise UsageError(f"{text or 'an empty name'} names no folder: name the results folder of a run")
    if len(found) > MOST_RUNS:
        raise UsageError(f"{text} has {len(found)} runs; at most {MOST_RUNS} of one side are compared: name fewer")
    return list(found)


def _of(path: Path) -> Iterable[Path]:
    """The results folder itself, or those that lie in it, each once, whatever links lead there."""
    if not path.is_dir():
        hint = f": name the folder {path.parent}" if path.name == _RESULTS and path.exists() else ""
        raise UsageError(f"{path} is no folder with results of a run{hint}")
    if (path / _RESULTS).exists():
        return [path]
    within = sorted(found.parent for found in path.glob(f"*/{_RESULTS}") if not found.parent.is_symlink())
    if not within:
        raise UsageError(f"{path} has no {_RESULTS}, and no folder in it has one: name the results folder of a run")
    return within


def _read(folder: Path) -> Run:
    path = folder / _RESULTS
    if path.stat().st_size > _LARGEST:
        raise UsageError(f"{path} has more than {_LARGEST // 1024**2} MB, which no run of eventproof writes")
    return results_json.read(folder)


def _names(given: Sequence[str]) -> list[str]:
    """What stands at the columns: the last part of each path, or all of it where those are alike."""
    short = [Path(text.split(",")[0]).resolve().name or text for text in given]
    return short if len(set(short)) == len(short) else list(given)
