"""The folder that holds the pages: written as a whole, and compared with what it should hold.

Folders in it are not ours: `guide/` is written by hand.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

__all__ = ["drift", "write"]


def write(folder: Path, pages: Mapping[str, str]) -> None:
    """Make the folder hold these pages, and no other; what is in folders of it stays."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.glob("*.md"):
        if file.name not in pages:
            file.unlink()
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")


def drift(folder: Path, pages: Mapping[str, str]) -> Iterator[str]:
    """What differs between the folder and these pages, a sentence each; none where they agree."""
    there = {file.name: file.read_text(encoding="utf-8") for file in sorted(folder.glob("*")) if file.is_file()}
    for name in sorted({*there, *pages}):
        if name not in there:
            yield f"{name} is missing"
        elif name not in pages:
            yield f"{name} is no page of the reference"
        elif there[name] != pages[name]:
            difference = _first_difference(there[name], pages[name])
            yield f"{name} is not what the contracts, the cases and the faults say: {difference}"


def _first_difference(found: str, wanted: str) -> str:
    old, new = found.splitlines(), wanted.splitlines()
    for number, (before, after) in enumerate(zip(old, new, strict=False), 1):
        if before != after:
            return f"line {number} has {before[:120]!r} where {after[:120]!r} should stand"
    return f"it has {len(old)} lines, and should have {len(new)}"
