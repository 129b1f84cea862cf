"""What a run can say: the verdict of a requirement, the outcome of a run, the exit code of a verb.

The rules: no samples is never a pass, and inconclusive is merged with neither fail nor pass.
"""

from collections.abc import Iterable
from enum import IntEnum, StrEnum


class Level(StrEnum):
    """How binding a requirement is, in the words of RFC 2119."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"


class Verdict(StrEnum):
    """What was observed of one requirement, one check or one objective."""

    PASS = "pass"
    FAIL = "fail"
    WARN = "warn"
    """A SHOULD that does not hold."""
    NOT_TESTABLE = "not-testable"
    """Claimed by the profile, but the target or the profile gives no way to observe it."""
    NOT_APPLICABLE = "n/a"
    """Not claimed by the profile: listed, and no reason to fail."""
    INCONCLUSIVE = "inconclusive"
    """Observed too little to say: a call timed out, or no case ran."""
    HARNESS_ERROR = "harness-error"
    """Our fault, not the target's."""


class Outcome(StrEnum):
    """The verdict of a whole run, printed first."""

    PASS = "pass"
    FAIL = "fail"
    INVALID = "invalid"
    """Incomplete, inconclusive, or measured with a saturated load generator."""
    ERROR = "error"
    """The target could not be reached, or we failed."""
    INTERRUPTED = "interrupted"


class ExitCode(IntEnum):
    """What every verb of the command line returns."""

    PASS = 0
    FAIL = 1
    USAGE = 2
    INVALID = 3
    UNAVAILABLE = 4
    INTERRUPTED = 130


_OUTCOMES: dict[Verdict, Outcome] = {
    Verdict.FAIL: Outcome.FAIL,
    Verdict.NOT_TESTABLE: Outcome.FAIL,
    Verdict.HARNESS_ERROR: Outcome.ERROR,
    Verdict.INCONCLUSIVE: Outcome.INVALID,
    Verdict.WARN: Outcome.PASS,
    Verdict.PASS: Outcome.PASS,
    Verdict.NOT_APPLICABLE: Outcome.INVALID,
}
"""What a run comes to whose gravest verdict this is. The gravest stands first.

A definite failure outweighs what could not be observed: it stays true whatever else went wrong.
"""

SEVERITY: tuple[Verdict, ...] = tuple(_OUTCOMES)
"""All verdicts, the gravest first: the one order by which cases, requirements, runs and reports are ranked."""

_EXIT_CODES: dict[Outcome, ExitCode] = {
    Outcome.PASS: ExitCode.PASS,
    Outcome.FAIL: ExitCode.FAIL,
    Outcome.INVALID: ExitCode.INVALID,
    Outcome.ERROR: ExitCode.UNAVAILABLE,
    Outcome.INTERRUPTED: ExitCode.INTERRUPTED,
}


def outcome(verdicts: Iterable[Verdict]) -> Outcome:
    """The outcome of a run whose requirements and objectives have these verdicts.

    Nothing observed (no verdict, or only ``n/a``) is INVALID.
    """
    return _OUTCOMES[gravest(verdicts)]


def gravest(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict that decides for all of them; ``n/a`` where there is none."""
    return min(verdicts, key=SEVERITY.index, default=Verdict.NOT_APPLICABLE)


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The outcome that decides when several runs make one; INVALID where there is none."""
    order = tuple(dict.fromkeys((Outcome.INTERRUPTED, *_OUTCOMES.values())))
    return min(outcomes, key=order.index, default=Outcome.INVALID)


def exit_code(result: Outcome) -> ExitCode:
    """The exit code that stands for an outcome."""
    return _EXIT_CODES[result]
