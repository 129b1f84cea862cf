import pytest

from eventproof.catalog import Requirement
from eventproof.conform.verdicts import NotApplicable, NotTestable, outcome_of, result_of, verdict_of
from eventproof.errors import ContractViolation, Inconclusive, ProtocolViolation, TargetUnavailable, UsageError
from eventproof.report.records import Check
from eventproof.verdict import Level, Outcome, Verdict

KNOWN = {"X-1": "ticket 7"}


def requirement(level: Level = Level.MUST, capability: str | None = None, excluded: str | None = None) -> Requirement:
    return Requirement("X-1", "x", level, "It holds.", "1", capability, None, excluded)


def checks(*verdicts: Verdict) -> list[Check]:
    return [Check(f"case-{verdict}", ("X-1",), verdict, 0.1, reason=f"because {verdict}") for verdict in verdicts]


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (None, Verdict.PASS),
        (ContractViolation("no"), Verdict.FAIL),
        (ProtocolViolation("no"), Verdict.FAIL),
        (AssertionError("no"), Verdict.FAIL),
        (Inconclusive("?"), Verdict.INCONCLUSIVE),
        (TargetUnavailable("gone"), Verdict.INCONCLUSIVE),
        (NotTestable("how"), Verdict.NOT_TESTABLE),
        (UsageError("missing"), Verdict.NOT_TESTABLE),
        (NotApplicable("unclaimed"), Verdict.NOT_APPLICABLE),
        (KeyError("ours"), Verdict.HARNESS_ERROR),
        (TimeoutError(), Verdict.HARNESS_ERROR),
    ],
)
def test_what_a_case_raises_says_who_is_at_fault(error: BaseException | None, verdict: Verdict) -> None:
    assert verdict_of(error) is verdict


@pytest.mark.parametrize(
    ("verdicts", "verdict"),
    [
        ([Verdict.PASS], Verdict.PASS),
        ([Verdict.PASS, Verdict.NOT_APPLICABLE], Verdict.PASS),
        ([Verdict.PASS, Verdict.INCONCLUSIVE], Verdict.INCONCLUSIVE),
        ([Verdict.INCONCLUSIVE, Verdict.NOT_TESTABLE], Verdict.NOT_TESTABLE),
        ([Verdict.NOT_TESTABLE, Verdict.HARNESS_ERROR], Verdict.NOT_TESTABLE),
        ([Verdict.HARNESS_ERROR, Verdict.FAIL, Verdict.PASS], Verdict.FAIL),
        ([Verdict.NOT_APPLICABLE], Verdict.NOT_APPLICABLE),
        ([], Verdict.INCONCLUSIVE),
    ],
)
def test_the_worst_case_decides_and_none_at_all_is_no_pass(verdicts: list[Verdict], verdict: Verdict) -> None:
    assert result_of(requirement(), checks(*verdicts)).verdict is verdict


def test_the_reason_is_that_of_the_case_that_decides() -> None:
    result = result_of(requirement(), checks(Verdict.INCONCLUSIVE, Verdict.FAIL))
    assert result.reason == "because fail"
    assert result_of(requirement(), checks(Verdict.PASS)).reason == ""


def test_a_should_that_fails_is_a_warning_and_a_may_done_wrongly_is_a_failure() -> None:
    assert result_of(requirement(Level.SHOULD), checks(Verdict.FAIL)).verdict is Verdict.WARN
    assert result_of(requirement(Level.MAY), checks(Verdict.FAIL)).verdict is Verdict.FAIL


def test_what_is_not_claimed_excluded_or_not_selected_says_so() -> None:
    unclaimed = result_of(requirement(capability="metrics"), checks(Verdict.NOT_APPLICABLE), claimed=False)
    assert (unclaimed.verdict, unclaimed.reason) == (
        Verdict.NOT_APPLICABLE,
        'the profile does not claim the capability "metrics"',
    )
    excluded = result_of(requirement(excluded="it is about people"), [])
    assert (excluded.verdict, excluded.reason) == (
        Verdict.NOT_APPLICABLE,
        "no case can check it: it is about people",
    )
    left_out = result_of(requirement(), [], selected=False)
    assert (left_out.verdict, left_out.reason) == (Verdict.INCONCLUSIVE, "not selected for this run")


@pytest.mark.parametrize(
    ("seen", "verdict", "words"),
    [
        (Verdict.FAIL, Verdict.WARN, "a known failure (ticket 7): because fail"),
        (Verdict.PASS, Verdict.FAIL, "its known failure (ticket 7) is stale"),
        (Verdict.INCONCLUSIVE, Verdict.WARN, "a known failure (ticket 7): because inconclusive"),
        (Verdict.NOT_TESTABLE, Verdict.WARN, "a known failure (ticket 7): because not-testable"),
        (Verdict.NOT_APPLICABLE, Verdict.NOT_APPLICABLE, "because n/a"),
        (Verdict.HARNESS_ERROR, Verdict.HARNESS_ERROR, "because harness-error"),
    ],
)
def test_a_known_failure_is_forgiven_until_it_is_stale(seen: Verdict, verdict: Verdict, words: str) -> None:
    result = result_of(requirement(), checks(seen), known_failures=KNOWN)
    assert result.verdict is verdict
    assert result.reason.startswith(words)


def test_a_known_failure_of_which_no_case_ran_is_not_forgiven() -> None:
    assert result_of(requirement(), [], known_failures=KNOWN).verdict is Verdict.INCONCLUSIVE
    left_out = result_of(requirement(), [], selected=False, known_failures=KNOWN)
    assert (left_out.verdict, left_out.selected) == (Verdict.INCONCLUSIVE, False)


@pytest.mark.parametrize(
    ("waits_for", "verdict"),
    [
        (("Y-1",), Verdict.WARN),
        (("Y-1", "Y-2"), Verdict.INCONCLUSIVE),
        ((), Verdict.INCONCLUSIVE),
        (("Y-2",), Verdict.INCONCLUSIVE),
    ],
)
def test_what_depends_on_a_known_failure_alone_is_forgiven_with_it(
    waits_for: tuple[str, ...], verdict: Verdict
) -> None:
    unclear = Check("case", ("X-1",), Verdict.INCONCLUSIVE, 0.1, reason="no canary", waits_for=waits_for)
    result = result_of(requirement(), [unclear], known_failures={"Y-1": "ticket 7"})
    assert result.verdict is verdict
    if verdict is Verdict.WARN:
        assert result.reason == "not proved, since it depends on a known failure, Y-1 (ticket 7): no canary"


@pytest.mark.parametrize("graver", [Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.NOT_TESTABLE])
def test_what_depends_on_a_known_failure_hides_nothing_else(graver: Verdict) -> None:
    unclear = Check("case", ("X-1",), Verdict.INCONCLUSIVE, 0.1, reason="no canary", waits_for=("Y-1",))
    result = result_of(requirement(), [unclear, *checks(graver)], known_failures={"Y-1": "ticket 7"})
    assert result.verdict is graver


def test_the_outcome_counts_only_what_was_selected() -> None:
    passed = result_of(requirement(), checks(Verdict.PASS))
    left_out = result_of(Requirement("X-2", "x", Level.MUST, "", "", None, None, None), [], selected=False)
    assert outcome_of([passed, left_out], {"X-1": True, "X-2": False}, interrupted=False) is Outcome.PASS
    assert outcome_of([passed, left_out], {"X-1": True, "X-2": True}, interrupted=False) is Outcome.INVALID
    assert outcome_of([passed], {"X-1": True}, interrupted=True) is Outcome.INTERRUPTED
