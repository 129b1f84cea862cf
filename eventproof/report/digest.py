"""What a run comes to, in words and in order: what all reports for people share, and none decides for itself."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from eventproof.verdict import SEVERITY, Level, Outcome, Verdict

from .records import Check, Delivery, Frame, Latency, Objective, Remedy, RequirementResult, Run

_FEW = 3
_CALL = "called"
_TRANSPORT = re.compile(r"\b(websocket|polling|upgrade)\b")
_Bug = tuple[tuple[str, ...], Verdict]

RED = frozenset({Verdict.FAIL, Verdict.NOT_TESTABLE})
UNKNOWN = frozenset({Verdict.INCONCLUSIVE, Verdict.HARNESS_ERROR})

QUANTILES: tuple[tuple[str, str, float], ...] = (
    ("p50", "p50", 0.5),
    ("p90", "p90", 0.9),
    ("p99", "p99", 0.99),
    ("p99.9", "p999", 0.999),
)
"""The quantiles of a `Latency`: how they are called, the field that holds them, and which share they bound."""

ACCOUNT: Mapping[str, str] = {
    "expected": "recipients that the actions should have reached",
    "delivered": "those that received it in time",
    "acknowledged": "those that acknowledged it",
    "lost": "those that did not receive it in time",
    "late": "those of the lost that received it afterwards",
    "away": "recipients without a connection at the time, to whom it is not claimed to be sent later: not expected",
    "duplicate": "received again",
    "retried": "those of the duplicates that came before their acknowledgement can have arrived",
    "explained": "those of the duplicates that a retry or a new connection accounts for",
    "out_of_order": "received after what a later action on the same subject caused",
    "leaked": "received by somebody whom it was not for",
    "invalid": "received with a payload that does not fit the contract",
}
"""The columns of the delivery account, and what each counts."""

_UNITS = ((1, "B"), (10**3, "kB"), (10**6, "MB"), (10**9, "GB"), (10**12, "TB"))

_RARE = frozenset({"acknowledged", "away", "retried", "invalid"})
"""Columns that are left out where they count nothing: many systems have no such thing."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One requirement that is not a plain pass, with the checks that say so.

    `told` are the findings that tell all that its checks show; empty where nothing does before this one.
    """

    requirement: RequirementResult
    checks: tuple[Check, ...]
    told: tuple[str, ...] = ()
    remedies: tuple[Remedy, ...] = ()
    """What mends it, without what is told where `told` leads."""
    alike: tuple[str, ...] = ()
    """Further requirements that are inconclusive for the same reason, and told here alone."""

    @property
    def pointer(self) -> str:
        """Where it is told, in a sentence; empty where that is here."""
        return f"the same is told under {', '.join(self.told)}" if self.told else ""


def counts(verdicts: Iterable[Verdict]) -> dict[Verdict, int]:
    """How often each verdict occurs, the gravest first, those that do not occur left out."""
    seen = Counter(verdicts)
    return {verdict: seen[verdict] for verdict in SEVERITY if seen[verdict]}


def counted_of(run: Run) -> list[RequirementResult]:
    """The requirements that the run was about: those that were asked for, without what the profile does not claim."""
    return [line for line in run.requirements if line.selected and line.verdict is not Verdict.NOT_APPLICABLE]


def tally(run: Run) -> dict[Verdict, int]:
    """How many of the requirements that were asked for have which verdict, the gravest first."""
    return counts(requirement.verdict for requirement in run.requirements if requirement.selected)


def by_severity(requirements: Iterable[RequirementResult]) -> list[RequirementResult]:
    """The requirements with the gravest verdicts first, otherwise in their order."""
    return sorted(requirements, key=lambda requirement: SEVERITY.index(requirement.verdict))


def by_system(requirements: Iterable[RequirementResult]) -> dict[str, list[RequirementResult]]:
    """The requirements of each system, all in the order in which they come."""
    systems: dict[str, list[RequirementResult]] = {}
    for requirement in requirements:
        systems.setdefault(requirement.system, []).append(requirement)
    return systems


def notable(run: Run) -> list[RequirementResult]:
    """The requirements that are worth a line each, the gravest first: no plain pass, not unclaimed, not `untouched`."""
    many, told = untouched(run), {one for others in held_up(run).values() for one in others}
    return by_severity(
        requirement
        for requirement in run.requirements
        if requirement.selected
        and requirement.verdict not in (Verdict.PASS, Verdict.NOT_APPLICABLE)
        and requirement.id not in told
        and not (is_untouched(requirement) and requirement.reason in many)
    )


def held_up(run: Run) -> dict[str, tuple[str, ...]]:
    """The first of many requirements that are inconclusive for one reason, with the others: one cause, told once."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for line in run.requirements:
        if line.selected and line.verdict is Verdict.INCONCLUSIVE and line.checks:
            groups.setdefault(_cause(line), []).append(line.id)
    return {first: tuple(others) for first, *others in groups.values() if len(others) >= _FEW}


def _cause(requirement: RequirementResult) -> tuple[str, ...]:
    """Why nothing could be said: the requirements that it waits for, else the reason whoever it was seen with."""
    waits_for = next((check.waits_for for check in telling(requirement)), ())
    return waits_for or (re.sub(r"\d+", "", requirement.reason),)


def untouched(run: Run) -> dict[str, int]:
    """Why no check tells of many requirements that were asked for (interrupted), and how many those are."""
    reasons = Counter(line.reason for line in run.requirements if line.selected and is_untouched(line))
    return {reason: count for reason, count in reasons.items() if count > _FEW}


def silent(run: Run) -> list[str]:
    """A line for all requirements of which no check tells for the same reason."""
    left_out = sum(not line.selected and line.verdict is not Verdict.NOT_APPLICABLE for line in run.requirements)
    lines = [
        f"{len(others)} more are inconclusive for the same reason as {first}: look at that first"
        for first, others in held_up(run).items()
    ]
    lines += [f"{count} inconclusive: {reason}" for reason, count in untouched(run).items()]
    return [*lines, *([f"{left_out} not selected for this run"] if left_out else [])]


def is_untouched(requirement: RequirementResult) -> bool:
    """Whether nothing is known of it because no check of it ran."""
    return requirement.verdict is Verdict.INCONCLUSIVE and not requirement.checks


def findings(run: Run) -> list[Failure]:
    """What there is to tell about each notable requirement; one bug is told once.

    What several requirements show by one check, or by checks that find the same part of a contract broken, is told
    under the first: one of a system comes before one that every system shares.
    """
    told: dict[str, RequirementResult] = {}
    alike = held_up(run)
    result = []
    for requirement in notable(run):
        checks = telling(requirement)
        shown = [what for check in checks for what in check.breaks or (check.name,)]
        by = {told[what].id: told[what] for what in shown} if all(what in told for what in shown) else {}
        known = {remedy for other in by.values() for remedy in other.remedies}
        remedies = tuple(remedy for remedy in requirement.remedies if remedy not in known)
        result.append(Failure(requirement, checks, tuple(by), remedies, alike.get(requirement.id, ())))
        for what in shown:
            told.setdefault(what, requirement)
    return result


def telling(requirement: RequirementResult) -> tuple[Check, ...]:
    """The checks that are the reason for the requirement's verdict, the gravest first; of those that show one bug, one.

    Such are one check on several transports, and those that find the same part of a contract broken.
    """
    told: dict[_Bug, Check] = {}
    for check in sorted(_wrong(requirement), key=lambda check: SEVERITY.index(check.verdict)):
        told.setdefault(_bug(check), check)
    return tuple(told.values())


def also(requirement: RequirementResult, check: Check) -> tuple[str, ...]:
    """The names of the other checks that show what this one does."""
    return tuple(other.name for other in _wrong(requirement) if other is not check and _bug(other) == _bug(check))


def _wrong(requirement: RequirementResult) -> list[Check]:
    return [check for check in requirement.checks if check.verdict not in (Verdict.PASS, Verdict.NOT_APPLICABLE)]


def _bug(check: Check) -> _Bug:
    return check.breaks or (_on_any(check.name),), check.verdict


def _on_any(name: str) -> str:
    """A check's name whatever the transport that it was made on."""
    function, bracket, parameters = name.partition("[")
    return function + bracket + _TRANSPORT.sub("*", parameters)


def around(frames: Sequence[Frame], most: int) -> Sequence[Frame]:
    """So many frames around the one that is marked, most of them before it; the last ones where none is.

    The last call before it is among them, however long ago it was: it is what caused all that.
    """
    place = next((place for place, frame in enumerate(frames) if frame.marked), len(frames) - 1)
    end = min(len(frames), place + 1 + most // 4)
    begin = max(0, end - most)
    chosen = frames[begin : begin + most]
    calls = [frame for frame in frames[: place + 1] if frame.kind == _CALL]
    return chosen if not calls or calls[-1] in chosen else [calls[-1], *chosen[1:]]


def objectives(run: Run) -> list[Objective]:
    """The objectives, those that are missed first, otherwise in their order."""
    return sorted(run.objectives, key=lambda objective: SEVERITY.index(objective.verdict))


def headline(run: Run) -> str:
    """Why the run has its outcome, in one line without the outcome itself, and how much was judged at all."""
    return "; ".join([_why(run), *(f"judged: {share}" for share in run.judged)])


def _why(run: Run) -> str:
    match run.outcome:
        case Outcome.PASS:
            return _join(_held(run), _met(run), _warned(run)) or "all that was observed holds"
        case Outcome.FAIL:
            return _join(_unheld(run), _missed(run)) or _first(run.notes, "something that must hold does not")
        case Outcome.INVALID:
            return _join(_saturated(run), _unheld(run), _unjudged(run)) or _first(run.notes, "nothing was observed")
        case Outcome.ERROR:
            return _first(
                run.notes, _join(_unheld(run), _unjudged(run)) or "the target could not be reached, or we failed"
            )
        case Outcome.INTERRUPTED:
            return f"stopped after {seconds(run.seconds)}; what was found until then is below"


def _held(run: Run) -> str:
    counted = counted_of(run)
    held = [requirement for requirement in counted if requirement.verdict is Verdict.PASS]
    if not counted:
        return ""
    if held == counted:
        return f"all {len(counted)} requirements hold" if len(counted) > 1 else "the requirement holds"
    return f"{len(held)} of {number(len(counted), 'requirement')} hold"


def _met(run: Run) -> str:
    met = sum(objective.verdict is Verdict.PASS for objective in run.objectives)
    if not met:
        return ""
    return f"all {met} objectives are met" if met > 1 else "the objective is met"


def _warned(run: Run) -> str:
    warned = [requirement for requirement in counted_of(run) if requirement.verdict is Verdict.WARN]
    broken = [line for line in warned if not line.checks or any(check.verdict is Verdict.FAIL for check in line.checks)]
    optional = all(requirement.level is not Level.MUST for requirement in broken)
    what = number(len(broken), "SHOULD" if optional else "requirement", plural="SHOULDs" if optional else None)
    does_not = f"{what} {'does' if len(broken) == 1 else 'do'} not" if broken else ""
    unproved = len(warned) - len(broken)
    not_proved = f"{unproved} {'is' if unproved == 1 else 'are'} not proved" if unproved else ""
    told = ", ".join(part for part in (does_not, not_proved) if part)
    return f"{told}, which fails no run" if told else ""


_UNHELD: Mapping[Verdict, tuple[str, str]] = {
    Verdict.FAIL: ("does not hold", "do not hold"),
    Verdict.NOT_TESTABLE: ("cannot be tested", "cannot be tested"),
    Verdict.HARNESS_ERROR: ("met a fault of ours", "met a fault of ours"),
    Verdict.INCONCLUSIVE: ("inconclusive", "inconclusive"),
}
"""What is said of one requirement, and of several, that are neither proved nor forgiven."""


def _unheld(run: Run) -> str:
    """`1 of 6 requirements does not hold, 2 cannot be tested, 3 inconclusive`."""
    counted = counted_of(run)
    parts = [
        f"{found}{{}} {_UNHELD[verdict][found > 1]}"
        for verdict, found in counts(requirement.verdict for requirement in counted).items()
        if verdict in _UNHELD
    ]
    of_all = f" of {number(len(counted), 'requirement')}"
    return ", ".join(part.format("" if place else of_all) for place, part in enumerate(parts))


def _missed(run: Run) -> str:
    missed = sum(objective.verdict in RED for objective in run.objectives)
    return f"{missed} of {number(len(run.objectives), 'objective')} missed" if missed else ""


def _unjudged(run: Run) -> str:
    objectives = sum(objective.verdict in UNKNOWN for objective in run.objectives)
    return f"{objectives} of {number(len(run.objectives), 'objective')} could not be judged" if objectives else ""


def _saturated(run: Run) -> str:
    return f"the load generator was saturated: {run.load.saturated}" if run.load and run.load.saturated else ""


def _join(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def _first(notes: Sequence[str], otherwise: str) -> str:
    return notes[0] if notes else otherwise


def number(count: int, noun: str, plural: str | None = None) -> str:
    """`1 requirement`, `2 requirements`, `12,000 users`."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def seconds(value: float) -> str:
    """A duration as people say it: `0.31 s`, `2 s`, `12.4 s`, `3 min 20 s`."""
    if not math.isfinite(value):
        return "–"
    if value < 99.95:
        return f"{value:.{2 if value < 10 else 1}f}".rstrip("0").rstrip(".") + " s"
    return f"{round(value) // 60} min {round(value) % 60} s"


def size(count: int) -> str:
    """A number of bytes as people say it: `25.3 GB`."""
    unit = next((unit for unit in _UNITS if count < unit[0] * 1000), _UNITS[-1])
    return f"{count / unit[0]:,.3g} {unit[1]}"


def milliseconds(value: float) -> str:
    """A latency in milliseconds with three digits that count, without its unit: `0.142`, `31.4`, `1,204`."""
    if not math.isfinite(value):
        return "–"
    if value < 0.9995:
        return f"{value:.3f}"
    digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:,.{digits}f}"


def metric(latency: Latency) -> str:
    """A metric's name as people say it: `ban_to_logout` is `ban to logout`, and the floor is known as such."""
    name = latency.metric.replace("_", " ")
    return f"{name} (floor)" if latency.floor and "floor" not in name else name


def quantile(latency: Latency, field: str, share: float) -> str:
    """A quantile in milliseconds; `= max` where it takes more samples to be anything else, `–` where there are none."""
    if not latency.count:
        return "–"
    return milliseconds(getattr(latency, field)) if latency.count * (1 - share) > 1 - 1e-9 else "= max"


def columns(accounts: Iterable[Delivery]) -> tuple[str, ...]:
    """The columns to show of these accounts."""
    accounts = tuple(accounts)
    return tuple(
        column for column in ACCOUNT if column not in _RARE or any(getattr(account, column) for account in accounts)
    )


def heading(column: str) -> str:
    """A column's name as people say it: `out of order`."""
    return column.replace("_", " ")


def is_wrong(delivery: Delivery, column: str) -> bool:
    """Whether what that column counts should not have happened."""
    match column:
        case "lost" | "out_of_order" | "leaked" | "invalid":
            return bool(getattr(delivery, column))
        case "duplicate":
            return delivery.duplicate > delivery.explained
    return False
