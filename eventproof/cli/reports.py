"""`--report NAME[=FILE]`: what else is written of a run, and where; may be given several times."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from eventproof.errors import UsageError
from eventproof.report.records import Run

__all__ = ["Asked", "report_option", "wanted", "written"]

_ROOTS = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")
"""The variables in which GitHub and GitLab tell where the repository lies."""

report_option = click.option(
    "--report",
    "reports",
    multiple=True,
    metavar="NAME[=FILE]",
    help="Write a report to FILE, or print it: results, history, junit, summary, report (as in the results folder), "
    "github (annotations), gitlab (code quality). May be repeated.",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One report that somebody asked for; without a file it goes to standard output."""

    name: str
    file: Path | None

    @property
    def is_printed(self) -> bool:
        """Whether it takes standard output for itself."""
        return self.file is None


def wanted(lines: Iterable[str], as_json: bool) -> tuple[Asked, ...]:
    """What these options ask for, beside `--json`. Raises UsageError, before anything has run."""
    from eventproof.settings import nearest

    asked = []
    for line in lines:
        name, _, file = line.partition("=")
        if name not in _known():
            raise UsageError(f'there is no report "{name}"{nearest(name, _known())}; there are {", ".join(_known())}')
        path = None if file in ("", "-") else Path(file)
        if path is not None:
            with _explained(path):
                path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir():
                raise UsageError(f"--report {line}: {path} is a folder; name a file")
        asked.append(Asked(name, path))
    if as_json + sum(one.is_printed for one in asked) > 1:
        raise UsageError("only one report can go to standard output: name a file for the others (--report NAME=FILE)")
    return tuple(asked)


def written(asked: Asked, run: Run, folder: Path, profile: Path | None) -> str:
    """The text of a report on a run whose results are in that folder; written to its file where it has one."""
    text = _text(asked.name, run, folder, profile)
    if asked.file is not None:
        with _explained(asked.file):
            asked.file.write_text(text, encoding="utf-8")
    return text


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(f"cannot write a report to {path}: {error.strerror or error}; name another file") from error


def _known() -> dict[str, str | None]:
    """Every report by its name, and the file of the results folder that it is, if it is one."""
    from eventproof.report.annotations import FORGES
    from eventproof.report.formats import FORMATS

    return {**{Path(name).stem: name for name in FORMATS}, **dict.fromkeys(FORGES)}


def _text(name: str, run: Run, folder: Path, profile: Path | None) -> str:
    from eventproof.report.annotations import FORGES, Profile

    file = _known()[name]
    if file is not None:
        return (folder / file).read_text("utf-8")
    if profile is None:
        return FORGES[name](run, None)
    root = next((os.environ[name] for name in _ROOTS if os.environ.get(name)), ".")
    return FORGES[name](run, Profile(os.path.relpath(profile, root), profile.read_text("utf-8")))
