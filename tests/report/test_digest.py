import math
from collections.abc import Callable
from dataclasses import fields, replace

import pytest

from eventproof.report import digest, html, markdown, terminal
from eventproof.report.records import Check, Delivery, Frame, Latency, Objective, Remedy, RequirementResult, Run
from eventproof.verdict import SEVERITY, Level, Outcome, Verdict
from tests.report import samples

WARNED = samples.requirement(verdict=Verdict.WARN, level=Level.SHOULD)
MISSED = replace(samples.swarm(), outcome=Outcome.FAIL, objectives=(Objective("lost == 0", Verdict.FAIL, "3"),))
UNCLEAR = samples.requirement(verdict=Verdict.INCONCLUSIVE)
CLOSED = samples.requirement(verdict=Verdict.FAIL)
BLIND = samples.requirement(verdict=Verdict.NOT_TESTABLE)
UNCLAIMED = samples.requirement(verdict=Verdict.NOT_APPLICABLE)
LEFT_OUT = replace(samples.requirement(verdict=Verdict.INCONCLUSIVE), selected=False)
UNPROVED = samples.requirement(verdict=Verdict.WARN, checks=(samples.check(verdict=Verdict.INCONCLUSIVE),))


@pytest.mark.parametrize(
    ("run", "line"),
    [
        (samples.passing(), "all 13 requirements hold"),
        (samples.run(samples.requirement()), "the requirement holds"),
        (samples.run(samples.requirement(), WARNED), "1 of 2 requirements hold; 1 SHOULD does not, which fails no run"),
        (samples.swarm(), "all 4 objectives are met"),
        (samples.failing(), "3 of 12 requirements do not hold, 1 cannot be tested, 1 inconclusive"),
        (MISSED, "1 of 1 objective missed"),
        (samples.run(outcome=Outcome.FAIL, notes=("a known failure is stale",)), "a known failure is stale"),
        (samples.run(UNCLEAR, outcome=Outcome.INVALID), "1 of 1 requirement inconclusive"),
        (
            samples.run(CLOSED, BLIND, UNCLAIMED, outcome=Outcome.FAIL),
            "1 of 2 requirements does not hold, 1 cannot be tested",
        ),
        (samples.run(BLIND, UNCLAIMED, outcome=Outcome.FAIL), "1 of 1 requirement cannot be tested"),
        (samples.run(CLOSED, LEFT_OUT, LEFT_OUT, outcome=Outcome.FAIL), "1 of 1 requirement does not hold"),
        (samples.run(samples.requirement(), LEFT_OUT, UNCLAIMED), "the requirement holds"),
        (samples.run(samples.requirement(), UNPROVED), "1 of 2 requirements hold; 1 is not proved, which fails no run"),
        (samples.run(outcome=Outcome.INVALID), "nothing was observed"),
        (
            samples.invalid(),
            "the load generator was saturated: loop lag p99 was 212 ms (limit 20 ms); "
            "1 of 2 objectives could not be judged",
        ),
        (samples.run(outcome=Outcome.ERROR, notes=("nobody listens at 127.0.0.1:1",)), "nobody listens at 127.0.0.1:1"),
        (samples.run(outcome=Outcome.INTERRUPTED), "stopped after 12.4 s; what was found until then is below"),
    ],
)  # fmt: skip
def test_the_headline_says_why_the_run_has_its_outcome(run: Run, line: str) -> None:
    assert digest.headline(run) == line


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_has_a_headline_even_of_an_empty_run(outcome: Outcome) -> None:
    assert digest.headline(samples.run(outcome=outcome))


@pytest.mark.parametrize("render", [terminal.summary, markdown.render, html.render], ids=lambda one: one.__module__)
def test_every_report_counts_what_was_selected_and_tells_how_many_were_not(render: Callable[[Run], str]) -> None:
    text = render(samples.run(CLOSED, *[LEFT_OUT] * 5, UNCLAIMED, outcome=Outcome.FAIL))
    assert "1 of 1 requirement does not hold" in text
    assert "5 not selected for this run" in text
    assert "inconclusive" not in text.partition("</header>")[0].rpartition("<header")[2]


def test_the_account_has_every_column_of_the_record() -> None:
    assert set(digest.ACCOUNT) == {field.name for field in fields(Delivery)} - {"event"}


def test_checks_that_requirements_share_are_told_once() -> None:
    findings = {finding.requirement.id: finding for finding in digest.findings(samples.failing())}
    assert findings["UST-BAN-2"].told == ()
    assert findings["UST-BAN-3"].told == ("UST-BAN-2",)
    assert findings["UST-BAN-11"].told == ()
    assert findings["UST-BAN-11"].checks == ()


LEAK, OTHER = "user-state/user.banned/audience", "user-state/user.unbanned/audience"
WRONG = Remedy("the room is wrong", "name the right one")


def leaking(name: str, *checks: Check, remedies: tuple[Remedy, ...] = (WRONG,)) -> RequirementResult:
    return replace(samples.requirement(name, verdict=Verdict.FAIL, checks=checks), remedies=remedies)


def leak(name: str, *breaks: str) -> Check:
    return replace(samples.check(name, verdict=Verdict.FAIL), breaks=breaks)


def test_one_leak_that_several_cases_find_is_told_once_under_the_requirement_of_its_system() -> None:
    exact = leaking("UST-BAN-7", leak("derived", LEAK), leak("written", LEAK))
    shared = leaking("ALL-ROOM-1", leak("mixed_traffic", LEAK))
    run = samples.run(exact, shared, outcome=Outcome.FAIL)
    first, second = digest.findings(run)
    assert (first.told, first.remedies, [check.name for check in first.checks]) == ((), (WRONG,), ["derived"])
    assert digest.also(exact, first.checks[0]) == ("written",)
    assert (second.told, second.remedies, second.pointer) == (("UST-BAN-7",), (), "the same is told under UST-BAN-7")
    assert digest.tally(run) == {Verdict.FAIL: 2}
    for render in (terminal.summary, markdown.render):
        assert "ALL-ROOM-1" in render(run)
        assert "the same is told under UST-BAN-7" in render(run)
    assert 'is told under <a href="#finding-UST-BAN-7">' in html.render(run)


@pytest.mark.parametrize(
    "checks",
    [
        (leak("mixed_traffic", LEAK, OTHER),),
        (leak("mixed_traffic", OTHER),),
        (leak("mixed_traffic"),),
        (leak("mixed_traffic", LEAK), samples.check("another", verdict=Verdict.FAIL)),
    ],
    ids=["a further event", "another event", "something else", "another check"],
)
def test_what_nothing_else_tells_is_told_in_full(checks: tuple[Check, ...]) -> None:
    other = Remedy("another", "mend it")
    shared = leaking("ALL-ROOM-1", *checks, remedies=(WRONG, other))
    _, second = digest.findings(samples.run(leaking("UST-BAN-7", leak("derived", LEAK)), shared))
    assert (second.told, second.pointer, second.remedies) == ((), "", (WRONG, other))


def test_what_two_requirements_tell_together_is_told_under_both() -> None:
    other = Remedy("another", "mend it")
    lines = [
        leaking("UST-BAN-7", leak("derived", LEAK)),
        leaking("UST-UNBAN-3", leak("derived_too", OTHER)),
        leaking("ALL-ROOM-1", leak("mixed_traffic", OTHER, LEAK), remedies=(WRONG, other)),
    ]
    last = digest.findings(samples.run(*lines))[-1]
    assert (last.told, last.remedies) == (("UST-UNBAN-3", "UST-BAN-7"), (other,))


def test_what_is_only_forgiven_elsewhere_is_told_where_it_fails() -> None:
    forgiven = replace(leaking("UST-BAN-7", leak("derived", LEAK)), verdict=Verdict.WARN)
    found = digest.findings(samples.run(forgiven, leaking("ALL-ROOM-1", leak("mixed_traffic", LEAK))))
    assert [(one.requirement.id, one.told) for one in found] == [("ALL-ROOM-1", ()), ("UST-BAN-7", ("ALL-ROOM-1",))]


def test_the_gravest_comes_first() -> None:
    verdicts = [requirement.verdict for requirement in digest.notable(samples.failing())]
    assert verdicts == sorted(verdicts, key=SEVERITY.index)
    assert verdicts[0] is Verdict.FAIL


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0.000"), (0.1424, "0.142"), (3.1416, "3.14"), (31.44, "31.4"), (99.96, "100"), (1204.4, "1,204")],
)
def test_latencies_have_three_digits_that_count(value: float, text: str) -> None:
    assert digest.milliseconds(value) == text
    assert digest.milliseconds(math.nan) == "–"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.314, "0.31 s"), (12.44, "12.4 s"), (99.96, "1 min 40 s"), (200, "3 min 20 s"), (math.inf, "–")],
)
def test_durations_read_as_people_say_them(value: float, text: str) -> None:
    assert digest.seconds(value) == text


@pytest.mark.parametrize(("count", "text"), [(0, "–"), (99, "= max"), (100, "9.00"), (1_000, "9.00")])
def test_a_quantile_is_told_only_where_there_are_samples_enough(count: int, text: str) -> None:
    latency = Latency("ban_to_logout", "", count, 1, 2, 3, 9, 10, 11)
    assert digest.quantile(latency, "p99", 0.99) == text


def test_a_duplicate_is_wrong_only_where_no_retry_explains_it() -> None:
    assert not digest.is_wrong(Delivery("e", 1, 1, 0, 2, 2, 0, 0), "duplicate")
    assert digest.is_wrong(Delivery("e", 1, 1, 0, 2, 1, 0, 0), "duplicate")
    assert not digest.is_wrong(Delivery("e", 1, 1, 0, 0, 0, 0, 0), "delivered")


def test_many_requirements_that_no_check_touched_share_one_line() -> None:
    left_out = [
        samples.requirement(f"UST-X-{number}", verdict=Verdict.INCONCLUSIVE, reason="not selected", checks=())
        for number in range(4)
    ]
    silent = samples.requirement("UST-X-9", verdict=Verdict.INCONCLUSIVE, reason="no case of it ran", checks=())
    run = samples.run(samples.requirement(), *left_out, silent)
    assert digest.untouched(run) == {"not selected": 4}
    assert [requirement.id for requirement in digest.notable(run)] == ["UST-X-9"]


def held_up(number: int, reason: str, *waits_for: str) -> RequirementResult:
    case = replace(samples.check(f"case_{number}", verdict=Verdict.INCONCLUSIVE, reason=reason), waits_for=waits_for)
    return samples.requirement(f"UST-X-{number}", verdict=Verdict.INCONCLUSIVE, reason=reason, checks=(case,))


@pytest.mark.parametrize(
    "lines",
    [
        [held_up(number, f"user-{number} cannot log in: 500") for number in range(6)],
        [held_up(number, f"reason {number} of its own: {chr(97 + number)}", "UST-BAN-4") for number in range(6)],
    ],
    ids=["the same reason, whoever it was", "what they wait for"],
)
def test_one_cause_that_leaves_many_inconclusive_is_told_once_with_what_to_look_at(
    lines: list[RequirementResult],
) -> None:
    run = samples.run(CLOSED, *lines, outcome=Outcome.FAIL)
    assert [line.id for line in digest.notable(run)] == [CLOSED.id, "UST-X-0"]
    assert digest.silent(run) == ["5 more are inconclusive for the same reason as UST-X-0: look at that first"]
    finding = digest.findings(run)[1]
    assert finding.alike == ("UST-X-1", "UST-X-2", "UST-X-3", "UST-X-4", "UST-X-5")
    for render in (terminal.summary, markdown.render):
        assert render(run).count("case_") == render(samples.run(CLOSED, lines[0], outcome=Outcome.FAIL)).count("case_")
    assert html.render(run).count('<article class="finding"') == 2


def test_few_and_different_reasons_are_told_each() -> None:
    lines = [held_up(number, f"{chr(97 + number)} is wrong") for number in range(6)]
    assert len(digest.notable(samples.run(*lines))) == 6
    assert len(digest.notable(samples.run(*(held_up(number, "the same") for number in range(3))))) == 3


def test_what_fails_on_every_transport_is_told_on_one() -> None:
    names = ("closes[websocket]", "closes[polling]", "closes[shield-upgrade]", "hears[polling]", "hears[a-polling-x]")
    checks = tuple(samples.check(name, verdict=Verdict.FAIL) for name in names)
    line = samples.requirement(verdict=Verdict.FAIL, checks=(*checks, samples.check("closes[upgrade]")))
    told = digest.telling(line)
    assert [check.name for check in told] == [
        "closes[websocket]", "closes[shield-upgrade]", "hears[polling]", "hears[a-polling-x]"
    ]  # fmt: skip
    assert digest.also(line, told[0]) == ("closes[polling]",)
    assert digest.also(line, told[2]) == ()


@pytest.mark.parametrize(("marked", "first", "last"), [(None, 70, 89), (0, 0, 19), (40, 26, 45), (89, 70, 89)], ids=str)
def test_the_frames_shown_are_those_around_the_marked_one(marked: int | None, first: int, last: int) -> None:
    frames = [Frame(number, "user-1", "note", "", marked=number == marked) for number in range(90)]
    shown = digest.around(frames, 20)
    assert (shown[0].at, shown[-1].at, len(shown)) == (first, last, 20)


def test_the_call_that_mattered_is_among_them_however_long_ago() -> None:
    kinds = {3: "called", 10: "called", 80: "called"}
    frames = [Frame(number, "a", kinds.get(number, "note"), "", marked=number == 60) for number in range(90)]
    shown = digest.around(frames, 20)
    assert (shown[0].at, shown[1].at, len(shown)) == (10, 47, 20)


def test_missed_objectives_come_first() -> None:
    verdicts = (Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.FAIL, Verdict.PASS)
    lines = tuple(Objective(f"o{number}", verdict, "") for number, verdict in enumerate(verdicts))
    run = replace(samples.run(CLOSED, outcome=Outcome.FAIL), objectives=lines)
    assert [line.expression for line in digest.objectives(run)] == ["o2", "o1", "o0", "o3"]
    for render in (terminal.summary, markdown.render, html.render):
        assert render(run).index("o2") < render(run).index("UST-BAN-2")


@pytest.mark.parametrize(
    ("value", "said"), [(0.1, "0.1 s"), (5.0, "5 s"), (0.31, "0.31 s"), (12.0, "12 s"), (0.0, "0 s")]
)
def test_a_number_has_no_tail_of_zeros(value: float, said: str) -> None:
    assert digest.seconds(value) == said
