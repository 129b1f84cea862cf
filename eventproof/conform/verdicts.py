"""From what a case raised to its verdict, from the verdicts of cases to those of requirements and of the run."""

from collections.abc import Iterable, Mapping, Sequence

import pytest

from eventproof.catalog import Requirement
from eventproof.errors import ContractViolation, EventproofError, Inconclusive, TargetUnavailable, UsageError
from eventproof.report.records import Check, RequirementResult
from eventproof.verdict import Level, Outcome, Verdict, outcome

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

_SEVERITY = (
    Verdict.FAIL,
    Verdict.HARNESS_ERROR,
    Verdict.NOT_TESTABLE,
    Verdict.INCONCLUSIVE,
    Verdict.PASS,
    Verdict.NOT_APPLICABLE,
)
"""Which verdict of its cases decides for a requirement."""


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
    known_failure: str | None = None,
) -> RequirementResult:
    """The result of a requirement: of all its checks, and of what the profile says about it."""
    verdict, reason = judged(requirement, checks, claimed=claimed, selected=selected)
    if known_failure is not None and selected:
        verdict, reason = _forgiven(verdict, reason, known_failure)
    return RequirementResult(
        id=requirement.id,
        system=requirement.system,
        level=requirement.level,
        sentence=requirement.sentence,
        source=requirement.source,
        verdict=verdict,
        reason=reason,
        checks=tuple(checks),
    )


def judged(
    requirement: Requirement, checks: Sequence[Check], *, claimed: bool = True, selected: bool = True
) -> tuple[Verdict, str]:
    """The verdict of a requirement and the reason where it is no plain pass; no check that ran is no pass."""
    if requirement.excluded is not None:
        return Verdict.NOT_APPLICABLE, f"no case can check it: {requirement.excluded}"
    if not claimed:
        return Verdict.NOT_APPLICABLE, f'the profile does not claim the capability "{requirement.capability}"'
    if not checks:
        return Verdict.INCONCLUSIVE, "no case of it ran" if selected else "not selected for this run"
    decisive = min((check.verdict for check in checks), key=_SEVERITY.index)
    reason = next((check.reason for check in checks if check.verdict is decisive), "")
    if decisive is Verdict.FAIL and requirement.level is Level.SHOULD:
        return Verdict.WARN, reason
    return decisive, "" if decisive is Verdict.PASS else reason


def outcome_of(results: Iterable[RequirementResult], selected: Mapping[str, bool], interrupted: bool) -> Outcome:
    """The outcome of a run: of the requirements that were selected for it."""
    if interrupted:
        return Outcome.INTERRUPTED
    return outcome(result.verdict for result in results if selected[result.id])


def _forgiven(verdict: Verdict, reason: str, known: str) -> tuple[Verdict, str]:
    if verdict in (Verdict.FAIL, Verdict.WARN):
        return Verdict.WARN, f"a known failure ({known}): {reason}"
    if verdict is Verdict.PASS:
        return Verdict.FAIL, f"its known failure ({known}) is stale, it holds now: remove it from [known_failures]"
    return verdict, reason
