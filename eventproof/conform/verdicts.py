"""From what a case raised to its verdict, from the verdicts of cases to those of requirements and of the run."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import pytest

from eventproof.catalog import Requirement
from eventproof.errors import ContractViolation, EventproofError, Inconclusive, TargetUnavailable, UsageError
from eventproof.report.records import Check, RequirementResult
from eventproof.verdict import Level, Outcome, Verdict, gravest, outcome

__all__ = ["NotApplicable", "NotTestable", "judged", "outcome_of", "result_of", "verdict_of"]


class NotTestable(EventproofError):
    """The profile claims this, but gives no way to observe it; the text says what to add."""


class NotApplicable(EventproofError):
    """The profile does not claim this."""


_VERDICTS: tuple[tuple[type[BaseException], Verdict], ...] = (
    (NotTestable, Verdict.NOT_TESTABLE),
    (NotApplicable, Verdict.NOT_APPLICABLE),
    (pytest.skip.Exception, Verdict.NOT_APPLICABLE),
    (ContractViolation, Verdict.FAIL),
    (AssertionError, Verdict.FAIL),
    (pytest.fail.Exception, Verdict.FAIL),
    (Inconclusive, Verdict.INCONCLUSIVE),
    (TargetUnavailable, Verdict.INCONCLUSIVE),
    (UsageError, Verdict.NOT_TESTABLE),
)
"""The first that fits decides; anything else is our own fault."""

_FORGIVEN = frozenset({Verdict.FAIL, Verdict.WARN, Verdict.NOT_TESTABLE, Verdict.INCONCLUSIVE})
"""What a known failure covers: everything but our own faults, where a case of the requirement ran."""


def verdict_of(error: BaseException | None) -> Verdict:
    """What it says of a case that it ended with this exception, or with none."""
    if error is None:
        return Verdict.PASS
    return next((verdict for kind, verdict in _VERDICTS if isinstance(error, kind)), Verdict.HARNESS_ERROR)


def result_of(
    requirement: Requirement,
    checks: Sequence[Check],
    *,
    claimed: bool = True,
    selected: bool = True,
    known_failures: Mapping[str, str] = MappingProxyType({}),
) -> RequirementResult:
    """The result of a requirement: of all its checks, and of what the profile says about it.

    `known_failures` are the reasons of the profile by the ids of requirements. One that is listed there may fail, in
    whatever way, and must not hold; one that is not may lack what a listed one should have shown.
    """
    verdict, reason = judged(requirement, checks, claimed=claimed, selected=selected, known_failures=known_failures)
    known = known_failures.get(requirement.id)
    if known is not None and selected and checks:
        verdict, reason = _forgiven(verdict, reason, known)
    return RequirementResult(
        id=requirement.id,
        system=requirement.system,
        level=requirement.level,
        sentence=requirement.sentence,
        source=requirement.source,
        verdict=verdict,
        reason=reason,
        checks=tuple(checks),
        selected=selected,
    )


def judged(
    requirement: Requirement,
    checks: Sequence[Check],
    *,
    claimed: bool = True,
    selected: bool = True,
    known_failures: Mapping[str, str] = MappingProxyType({}),
) -> tuple[Verdict, str]:
    """The verdict of a requirement and the reason where it is no plain pass; no check that ran is no pass."""
    if requirement.excluded is not None:
        return Verdict.NOT_APPLICABLE, f"no case can check it: {requirement.excluded}"
    if not claimed:
        return Verdict.NOT_APPLICABLE, f'the profile does not claim the capability "{requirement.capability}"'
    if not checks:
        return Verdict.INCONCLUSIVE, "no case of it ran" if selected else "not selected for this run"
    told = [_told(requirement, check, known_failures) for check in checks]
    decisive = gravest(verdict for verdict, _ in told)
    reason = next(reason for verdict, reason in told if verdict is decisive)
    return decisive, "" if decisive is Verdict.PASS else reason


def _told(requirement: Requirement, check: Check, known_failures: Mapping[str, str]) -> tuple[Verdict, str]:
    """What one check says of a requirement, and why."""
    if check.verdict is Verdict.FAIL and requirement.level is Level.SHOULD:
        return Verdict.WARN, check.reason
    waits_for = check.waits_for if check.verdict is Verdict.INCONCLUSIVE else ()
    if waits_for and known_failures.keys() >= set(waits_for):
        causes = ", ".join(f"{cause} ({known_failures[cause]})" for cause in waits_for)
        return Verdict.WARN, f"not proved, since it depends on a known failure, {causes}: {check.reason}"
    return check.verdict, check.reason


def outcome_of(results: Iterable[RequirementResult], selected: Mapping[str, bool], interrupted: bool) -> Outcome:
    """The outcome of a run: of the requirements that were selected for it."""
    if interrupted:
        return Outcome.INTERRUPTED
    return outcome(result.verdict for result in results if selected[result.id])


def _forgiven(verdict: Verdict, reason: str, known: str) -> tuple[Verdict, str]:
    if verdict in _FORGIVEN:
        return Verdict.WARN, f"a known failure ({known}): {reason}"
    if verdict is Verdict.PASS:
        return Verdict.FAIL, f"its known failure ({known}) is stale, it holds now: remove it from [known_failures]"
    return verdict, reason
