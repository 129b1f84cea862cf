import math
from collections.abc import Callable
from dataclasses import fields, replace

import pytest

from eventproof.report import digest, html, markdown, terminal
from eventproof.report.records import Delivery, Latency, Objective, Run
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
    assert findings["UST-BAN-2"].told is None
    assert findings["UST-BAN-3"].told == "UST-BAN-2"
    assert findings["UST-BAN-11"].told is None
    assert findings["UST-BAN-11"].checks == ()


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
