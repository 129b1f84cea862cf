"""What a forge shows beside the lines of a change: GitHub's workflow commands, GitLab's code quality report.

Both point into the profile, which is what a repository holds of all that was judged: at the line that names the
requirement, else at the one that names its system. One bug is told once.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from eventproof.verdict import Outcome, Verdict

from . import digest
from .records import Run
from .visible import shown

__all__ = ["FORGES", "Annotation", "Profile", "annotations", "github", "gitlab"]

_LENGTH = 600
_MOST = 10
"""Of each level: GitHub shows no more of one step."""
_ERRORS = digest.RED | {Verdict.HARNESS_ERROR}


@dataclass(frozen=True, slots=True)
class Profile:
    """The profile of a run: its path from the root of the repository, and its text."""

    path: str
    text: str

    def line_of(self, *names: str) -> int:
        """The first line that has one of these names, the earliest name first; 1 where none has."""
        lines = self.text.splitlines()
        for name in names:
            word = re.compile(rf"""(?<![\w-]){re.escape(name)}(?![\w-])""")
            for number, line in enumerate(lines, 1):
                if not line.lstrip().startswith("#") and word.search(line):
                    return number
        return 1


@dataclass(frozen=True, slots=True)
class Annotation:
    """One thing to look at. `about` are the names to look for in the profile; none where it is about no line."""

    verdict: Verdict
    title: str
    text: str
    about: tuple[str, ...] = ()

    @property
    def is_error(self) -> bool:
        """Whether it turns a job red by itself; all others are warnings."""
        return self.verdict in _ERRORS


def annotations(run: Run) -> list[Annotation]:
    """What to look at, the missed objectives first; where nothing tells why a run is no pass, its headline does."""
    found = [*_objectives(run), *_requirements(run)]
    if not found and run.outcome is not Outcome.PASS:
        verdict = Verdict.FAIL if run.outcome is Outcome.FAIL else Verdict.INCONCLUSIVE
        found = [Annotation(verdict, _shown(f"{run.kind}: {run.outcome.value}"), _shown(digest.headline(run)))]
    return found


def github(run: Run, profile: Profile | None) -> str:
    """One workflow command a line: `::error file=…,line=…,title=…::…`."""
    lines = []
    for level, chosen in (("error", True), ("warning", False)):
        found = [one for one in annotations(run) if one.is_error is chosen]
        lines += [_command(level, one, profile) for one in found[:_MOST]]
        if len(found) > _MOST:
            lines.append(f"::notice title=eventproof::{len(found) - _MOST} more are told in the summary of the job")
    return "".join(f"{line}\n" for line in lines)


def gitlab(run: Run, profile: Profile | None) -> str:
    """The JSON of a code quality report; what is about no line stands at the profile's first one."""
    content = [
        {
            "description": f"{one.title}: {one.text}",
            "check_name": one.title,
            "fingerprint": hashlib.sha256(one.title.encode("utf-8")).hexdigest(),
            "severity": "major" if one.is_error else "minor",
            "location": {
                "path": profile.path if profile else "eventproof.toml",
                "lines": {"begin": profile.line_of(*one.about) if profile else 1},
            },
        }
        for one in annotations(run)
    ]
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


FORGES: Mapping[str, Callable[[Run, Profile | None], str]] = {"github": github, "gitlab": gitlab}
"""Each forge by its name in `--report`."""


def _objectives(run: Run) -> Iterator[Annotation]:
    for objective in digest.objectives(run):
        if objective.verdict is not Verdict.PASS:
            yield Annotation(
                objective.verdict, _shown(objective.expression), f"observed {_shown(objective.observed) or 'nothing'}"
            )


def _requirements(run: Run) -> Iterator[Annotation]:
    for finding in digest.findings(run):
        if finding.told:
            continue
        requirement, check = finding.requirement, next(iter(finding.checks), None)
        lines = [requirement.sentence, requirement.reason]
        lines += [f"mend: {remedy.mend}" for remedy in requirement.remedies]
        if check is not None:
            lines += [f"expected: {check.expected}"] if check.expected else []
            lines += [f"observed: {check.observed}"] if check.observed else []
            lines += [f"repeat: {check.repeat}"] if check.repeat else []
        yield Annotation(
            requirement.verdict,
            _shown(requirement.id),
            "\n".join(_shown(line) for line in lines if line),
            (requirement.id, requirement.system, "systems"),
        )


def _command(level: str, annotation: Annotation, profile: Profile | None) -> str:
    where = {}
    if profile is not None and annotation.about:
        where = {"file": profile.path, "line": str(profile.line_of(*annotation.about))}
    properties = ",".join(f"{name}={_property(value)}" for name, value in {**where, "title": annotation.title}.items())
    return f"::{level} {properties}::{_data(annotation.text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _shown(text: str) -> str:
    return shown(text, _LENGTH)
