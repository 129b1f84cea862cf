"""junit.xml, as Jenkins, GitLab and the rest read it: a suite a system, a case for each check of each requirement.

A requirement's verdict is what counts: under one that is only a warning a failed check is no failure, and one
that fails although its checks do not (a stale known failure) is a case of its own. One of which no check ran is
skipped. A run that is not a pass has a case that says so, whatever its requirements say: no reader takes it for green.
"""

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from xml.etree import ElementTree as ET

from eventproof.history import Record
from eventproof.redaction import redacted_text
from eventproof.verdict import Outcome, Verdict

from .digest import RED, UNKNOWN, by_system, headline, is_untouched
from .records import Check, Frame, Objective, Remedy, RequirementResult, Run

__all__ = ["render"]

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped."""

_RED = ("failure", "error")


@dataclass(frozen=True, slots=True)
class _Case:
    suite: str
    name: str
    classname: str
    verdict: Verdict
    reason: str
    detail: str = ""
    seconds: float = 0.0
    ran: bool = True

    @property
    def element(self) -> str:
        """The element by which JUnit tells its verdict; none for what is green."""
        return _element(self.verdict) if self.ran else "skipped"


def render(run: Run, _history: Iterable[Record] = ()) -> str:
    """The text of junit.xml."""
    cases = [*_cases(run)]
    root = ET.Element("testsuites", {"name": f"eventproof {_text(run.kind)}", **_totals(cases)})
    for name, members in groupby(cases, key=lambda case: case.suite):
        suite = [*members]
        skipped = str(sum(case.element == "skipped" for case in suite))
        facts = {"name": _text(name), "timestamp": _text(run.started), **_totals(suite), "skipped": skipped}
        element = ET.SubElement(root, "testsuite", facts)
        _properties(element, run)
        for case in suite:
            _write(element, case)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _cases(run: Run) -> Iterator[_Case]:
    systems = by_system(run.requirements).values()
    cases = [
        *(case for members in systems for requirement in members for case in _of_requirement(requirement)),
        *(_of_objective(objective) for objective in run.objectives),
    ]
    yield from cases
    if run.outcome is not Outcome.PASS and not any(case.element in _RED for case in cases):
        yield _Case("run", f"the {run.kind} is valid and complete", "run", Verdict.INCONCLUSIVE, headline(run))


def _of_requirement(requirement: RequirementResult) -> Iterator[_Case]:
    cases = [_of_check(requirement, check) for check in requirement.checks]
    if not any(case.element == _element(requirement.verdict) for case in cases):
        name = f"{requirement.id}: {requirement.sentence}"
        ran = not is_untouched(requirement)
        yield _Case(requirement.system, name, _classname(requirement), requirement.verdict, requirement.reason, ran=ran)
    yield from cases


def _of_check(requirement: RequirementResult, check: Check) -> _Case:
    case = _Case(
        requirement.system,
        f"{requirement.id}: {check.name}",
        _classname(requirement),
        check.verdict,
        check.reason or requirement.reason,
        _detail(requirement, check),
        check.seconds,
    )
    overruled = check.verdict in RED | UNKNOWN and requirement.verdict not in RED | UNKNOWN
    return replace(case, verdict=Verdict.WARN) if overruled else case


def _of_objective(objective: Objective) -> _Case:
    reason = f"observed {objective.observed}"
    return _Case("objectives", objective.expression, "objectives", objective.verdict, reason)


def _element(verdict: Verdict) -> str:
    """The element by which JUnit tells a verdict; none for what is green."""
    if verdict in RED:
        return "failure"
    if verdict in UNKNOWN:
        return "error"
    return "skipped" if verdict is Verdict.NOT_APPLICABLE else ""


def _classname(requirement: RequirementResult) -> str:
    return f"{requirement.system}.{requirement.id}"


def _detail(requirement: RequirementResult, check: Check) -> str:
    lines = [
        f"{requirement.id} {requirement.level.value} {requirement.sentence}",
        f"source: {requirement.source}" if requirement.source else "",
        *(line for remedy in requirement.remedies for line in _remedy(remedy)),
        f"expected: {check.expected}" if check.expected else "",
        f"observed: {check.observed}" if check.observed else "",
        *map(_line, check.frames),
        f"repeat: {check.repeat}" if check.repeat else "",
    ]
    return "\n".join(line for line in lines if line)


def _remedy(remedy: Remedy) -> list[str]:
    return [f"likely cause: {remedy.cause}", *(f"{where}: {what}" for where, what in remedy.ways)]


def _line(frame: Frame) -> str:
    return f"{frame.at:+9.4f} s  {frame.actor}  {frame.kind}  {frame.told}"


def _totals(cases: list[_Case]) -> dict[str, str]:
    elements = [case.element for case in cases]
    return {
        "tests": str(len(cases)),
        "failures": str(elements.count("failure")),
        "errors": str(elements.count("error")),
        "time": _time(sum(case.seconds for case in cases)),
    }


def _time(seconds: float) -> str:
    return f"{seconds if math.isfinite(seconds) else 0.0:.3f}"


def _properties(suite: ET.Element, run: Run) -> None:
    properties = ET.SubElement(suite, "properties")
    for name in ("target", "seed", "tool", "command"):
        ET.SubElement(properties, "property", {"name": name, "value": _text(str(getattr(run, name)))})


def _write(suite: ET.Element, case: _Case) -> None:
    element = ET.SubElement(
        suite, "testcase", {"name": _text(case.name), "classname": _text(case.classname), "time": _time(case.seconds)}
    )
    tag = case.element
    if tag:
        told = ET.SubElement(element, tag, {"type": case.verdict.value, "message": _text(case.reason)})
        told.text = _text(case.detail)
    elif case.verdict is Verdict.WARN:
        ET.SubElement(element, "system-out").text = _text(f"warning: {case.reason}\n{case.detail}")


def _text(text: str) -> str:
    return _FORBIDDEN.sub("�", redacted_text(text))
