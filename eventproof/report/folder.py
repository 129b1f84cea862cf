"""The results folder: made before a run, filled with whole files, and never in the way of an earlier one's results."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from eventproof.errors import UsageError

__all__ = ["HOME", "MARKER", "explained", "prepare", "prepared", "write"]

HOME = Path("eventproof-results")
"""Where results go when nobody says where, below the working directory."""

MARKER = ".eventproof"
"""The file by which a results folder is known as ours."""


def prepare(path: Path | None, kind: str, *, now: datetime | None = None) -> Path:
    """Make the folder for the results of a run of `kind` and return it, empty but for a marker.

    Without a path it is `eventproof-results/<UTC time>-<kind>`, and `eventproof-results/latest` points at it.
    A path that holds results of an earlier run gets those kept beside it as `PATH.1`, `PATH.2` and so on; to prepare
    a folder twice before anything is in it changes nothing.
    Raises UsageError where the path is something else, or cannot be written.
    """
    with explained(path or HOME):
        folder = _given(path.resolve()) if path else _fresh(kind, now or datetime.now(UTC))
        write(folder / MARKER, "Results of eventproof. A later run into this folder keeps them beside it, numbered.\n")
    return folder


@contextmanager
def prepared(path: Path | None, kind: str) -> Iterator[Path]:
    """The folder that `prepare` makes, for the length of a run; one that raises before it writes leaves none behind."""
    folder = prepare(path, kind)
    try:
        yield folder
    except BaseException:
        if folder.is_dir() and {entry.name for entry in folder.iterdir()} == {MARKER}:
            shutil.rmtree(folder)
            latest = HOME / "latest"
            if latest.is_symlink() and not latest.exists():
                latest.unlink()
            with suppress(OSError):
                HOME.rmdir()
        raise


def write(path: Path, content: str | bytes) -> None:
    """Write a file so that it is there whole or not at all, whenever we are interrupted."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        unfinished.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "replace"))
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Tell as a UsageError what the file system refuses at `path`."""
    try:
        yield
    except OSError as error:
        where = error.filename or path
        raise UsageError(
            f"cannot write results to {where}: {error.strerror or error}; name another folder with --results"
        ) from error


def _given(folder: Path) -> Path:
    if folder.is_dir() and any(path.name != MARKER for path in folder.iterdir()):
        if not (folder / MARKER).exists():
            raise UsageError(f"{folder} holds files that are no results of eventproof: name a new or an empty folder")
        folder.rename(_first_free(folder.with_name(f"{folder.name}.{number}") for number in count(1)))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _fresh(kind: str, now: datetime) -> Path:
    name = f"{now:%Y%m%dT%H%M%SZ}-{kind}"
    HOME.mkdir(exist_ok=True)
    for number in count(1):
        folder = HOME.resolve() / (name if number == 1 else f"{name}-{number}")
        with suppress(FileExistsError):
            folder.mkdir()
            break
    _point(HOME / "latest", folder.name)
    return folder


def _point(link: Path, name: str) -> None:
    """Make the link lead to its sibling `name`, in one step; a file system without links goes without."""
    if link.exists() and not link.is_symlink():
        return
    passing = link.with_name(f".latest.{os.getpid()}")
    with suppress(OSError):
        passing.unlink(missing_ok=True)
        passing.symlink_to(name)
        passing.replace(link)


def _first_free(paths: Iterator[Path]) -> Path:
    return next(path for path in paths if not path.exists() and not path.is_symlink())
