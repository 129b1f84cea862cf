from dataclasses import dataclass, field

import pytest

from eventproof.errors import UsageError
from eventproof.load.grammar import GRAMMAR
from eventproof.load.histogram import Histogram
from eventproof.load.metrics import scoped
from eventproof.load.objectives import fit, judge, parse
from eventproof.report import records
from eventproof.verdict import Verdict


@dataclass
class Figures:
    counts: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    steps: tuple[str, ...] = ()

    def samples(self, metric: str, scope: str = "") -> Histogram:
        histogram = Histogram()
        for value in self.seconds.get(scoped(metric, scope), ()):
            histogram.record(value)
        return histogram

    def count(self, metric: str, scope: str = "") -> int:
        return self.counts.get(scoped(metric, scope), 0)


def _verdict(line: str, figures: Figures) -> Verdict:
    (judged,) = judge([parse(line)], figures)
    return judged.verdict


@pytest.mark.parametrize(
    ("line", "limit"),
    [
        ("ban_to_logout: p(99) < 250ms", 0.25),
        ("ban_to_logout:p(99.9)<=1s", 1.0),
        ("ban_to_event : max < 900 µs", 0.0009),
        ("ban_to_event: mean < 900us", 0.0009),
        ("ban_to_event: count >= 10", 10),
        ("  leaked   ==  0 ", 0),
        ("lost < 0.1%", 0.1),
    ],
)
def test_a_line_is_read_with_its_unit(line: str, limit: float) -> None:
    assert parse(line).limit == pytest.approx(limit)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("ban_to_logut: p(99) < 1s", 'did you mean "ban_to_logout"'),
        ("claim_payed: p(99) < 1s", 'did you mean "claim_paid"'),
        ("happiness == 0", "there are connect, reconnect, .*, and the name of every event"),
        ("ban_to_logout < 1s", "p\\(99\\) < 250ms"),
        ("ban_to_logout: p(99) < 1", "is about a latency"),
        ("ban_to_logout: p(99) < 1%", "is about a latency"),
        ("ban_to_logout: count >= 3ms", "is about a latency"),
        ("ban_to_logout: p(101) < 1s", "more than 100 per cent"),
        ("leaked: max == 0", "is about a number"),
        ("leaked < 1s", "is about a number"),
        ("leaked < 0", "can never hold: nothing is less than 0"),
        ("ban_to_logout: max < 0ms", "can never hold"),
        ("lost[user.baned] == 0", 'which is no event, no system and no step, did you mean "user.banned"'),
        ("lost[step ] == 0", "no event, no system and no step"),
        ("lost[] == 0", "no event, no system and no step"),
        ("sessions[user.banned] > 3", "sessions is not kept by events: these are .*lost"),
        ("connect[user.banned]: max < 1s", 'the latency of the event is "user.banned: p'),
        ("ban_to_logout: service count > 3", 'as many without "service"'),
        ("leaked: service == 0", "cannot be read"),
        ("lost == 0, min_sample 3", 'unknown condition "min_sample 3", did you mean "min_samples"'),
        ("lost == 0, min_samples 0", 'min_samples is written once, as "min_samples 100"'),
        ("lost == 0, optional, optional", "optional is written once"),
        ("lost == 0, optional yes", "optional is written once"),
        ("lost == 0, abort_after 10", 'abort_after is written once, as "abort_after 10s"'),
        ("lost == 0, abort_after 0s", "would end every run at once"),
        ("lost == 0,", "unknown condition"),
        ("connect: count > 3, min_samples 10", "leave min_samples out"),
        ("leaked", "cannot be read"),
        ("leaked = 0", "cannot be read"),
        ("", "cannot be read"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_before_the_run(line: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse(line)


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("ban_to_logout: p(50) < 60ms", Verdict.PASS),
        ("ban_to_logout: p(99) < 60ms", Verdict.FAIL),
        ("ban_to_logout: min > 9ms", Verdict.PASS),
        ("ban_to_logout: max <= 0.09s", Verdict.FAIL),
        ("ban_to_logout: mean < 60ms", Verdict.PASS),
        ("ban_to_logout: count >= 10", Verdict.PASS),
        ("ban_to_logout: count != 10", Verdict.FAIL),
    ],
)
def test_a_latency_is_judged_by_its_samples(line: str, verdict: Verdict) -> None:
    tenths = Figures(seconds={"ban_to_logout": [number / 100 for number in range(1, 11)]})
    assert _verdict(line, tenths) is verdict


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("lost == 0", Verdict.FAIL),
        ("lost <= 2", Verdict.PASS),
        ("lost < 1%", Verdict.FAIL),
        ("lost <= 2%", Verdict.PASS),
        ("delivered >= 98%", Verdict.PASS),
    ],
)
def test_a_count_is_judged_as_a_number_or_as_a_share(line: str, verdict: Verdict) -> None:
    assert _verdict(line, Figures(counts={"expected": 100, "delivered": 98, "lost": 2})) is verdict


@pytest.mark.parametrize("line", ["ban_to_logout: p(99) < 1s", "ban_to_logout: count < 5", "leaked == 0", "lost < 1%"])
def test_nothing_measured_is_inconclusive_and_never_a_pass(line: str) -> None:
    assert _verdict(line, Figures()) is Verdict.INCONCLUSIVE


def test_a_leak_without_anything_expected_still_fails() -> None:
    assert _verdict("leaked == 0", Figures(counts={"leaked": 1})) is Verdict.FAIL


def test_what_was_observed_is_told_with_its_count() -> None:
    figures = Figures(counts={"lost": 2, "expected": 9}, seconds={"ban_to_logout": [0.25] * 4})
    first, second = judge([parse("ban_to_logout: p(99) < 1s"), parse("lost == 0")], figures)
    assert first.observed.endswith("ms of 4 samples")
    assert second.observed == "2 of 9 expected"


@pytest.mark.parametrize("name", ["claim_paid", "user.tier.updated"])
def test_the_name_of_an_event_is_a_latency(name: str) -> None:
    objective = parse(f"{name}: p(99) < 2s")
    assert (objective.metric, objective.seconds) == (name, 2.0)


def test_a_line_is_read_with_all_its_conditions() -> None:
    line = parse("lost[ user.banned ]  < 0.1% , min_samples 1000,optional, abort_after 2min")
    assert line.expression == "lost[ user.banned ] < 0.1%, min_samples 1000, optional, abort_after 2min"
    assert (line.metric, line.scope, line.least, line.is_optional, line.abort_after) == (
        *("lost", "user.banned", 1000, True, 120.0),
    )
    plain = parse("lost < 0.1%")
    assert (plain.scope, plain.least, plain.is_optional, plain.abort_after) == ("", 0, False, None)


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("ban_to_logout: p(50) < 60ms, min_samples 10", Verdict.PASS),
        ("ban_to_logout: p(50) < 60ms, min_samples 11", Verdict.INCONCLUSIVE),
        ("ban_to_logout: p(50) < 20ms, min_samples 11", Verdict.INCONCLUSIVE),
        ("ban_to_logout: p(50) < 60ms, min_samples 11, optional", Verdict.NOT_APPLICABLE),
        ("lost < 3%, min_samples 100", Verdict.PASS),
        ("lost < 3%, min_samples 101", Verdict.INCONCLUSIVE),
        ("lost < 1%, min_samples 101", Verdict.INCONCLUSIVE),
        ("lost <= 1, min_samples 101", Verdict.FAIL),
        ("lost <= 2, min_samples 101", Verdict.INCONCLUSIVE),
    ],
)
def test_with_too_few_samples_nothing_is_said_but_of_what_can_only_grow(line: str, verdict: Verdict) -> None:
    tenths = [number / 100 for number in range(1, 11)]
    assert _verdict(line, Figures({"expected": 100, "lost": 2}, {"ban_to_logout": tenths})) is verdict


@pytest.mark.parametrize("line", ["ban_to_logout: p(99) < 1s, optional", "leaked == 0, optional"])
def test_what_is_optional_is_left_out_where_nothing_was_measured_and_judged_where_it_was(line: str) -> None:
    assert _verdict(line, Figures()) is Verdict.NOT_APPLICABLE
    bad = Figures({"leaked": 1}, {"ban_to_logout": [2.0]})
    assert _verdict(line, bad) is Verdict.FAIL


def test_one_event_one_system_and_one_step_are_judged_by_their_own_figures() -> None:
    counts = {"expected": 9, "lost": 1, "expected[user.banned]": 4, "expected[step 2]": 5, "lost[step 2]": 1}
    figures = Figures(counts, {"connect[shield]": [0.2], "connect": [0.9]}, ("1", "2"))
    assert _verdict("lost == 0", figures) is Verdict.FAIL
    assert _verdict("lost[user.banned] == 0", figures) is Verdict.PASS
    assert _verdict("lost[step 2] == 0", figures) is Verdict.FAIL
    assert _verdict("connect[shield]: max < 500ms", figures) is Verdict.PASS
    assert _verdict("connect: max < 500ms", figures) is Verdict.FAIL


def test_of_several_steps_the_first_that_misses_is_named() -> None:
    seconds = {f"connect[step {users}]": [users / 1000] for users in (100, 200, 300)}
    figures = Figures(seconds=seconds, steps=("100", "200", "300"))
    judged = [judge([parse(f"connect[each step]: max < {limit}ms")], figures)[0] for limit in (400, 150, 50)]
    assert [one.verdict for one in judged] == [Verdict.PASS, Verdict.FAIL, Verdict.FAIL]
    assert judged[0].observed == "in all 3 steps"
    assert judged[1].observed.startswith("in step 200, the first of them: 2")
    assert judged[2].observed.startswith("in step 100, the first of them: 1")
    assert _verdict("connect[each step]: max < 1s", Figures()) is Verdict.INCONCLUSIVE


def test_a_service_time_is_a_latency_of_its_own() -> None:
    figures = Figures(seconds={"ban_to_logout": [0.9], "ban_to_logout (service)": [0.1]})
    assert _verdict("ban_to_logout: service max < 500ms", figures) is Verdict.PASS
    assert _verdict("ban_to_logout: max < 500ms", figures) is Verdict.FAIL


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("claim_paid: p(99) < 1s", "is about claim_paid, an event of shield; this run is about user-state"),
        ("lost[claim_paid] == 0", "an event of shield; this run is about user-state"),
        ("lost[shield] == 0", "is about shield; this run is about user-state"),
        ("lost[each step] == 0", "does not go in steps"),
        ("connect[step 2]: max < 1s", "does not go in steps"),
    ],
)
def test_what_this_run_cannot_measure_is_refused_before_it(line: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        fit(parse(line), ("user-state",), has_steps=False)
    fit(parse(line), ("user-state", "shield"), has_steps=True)


def test_the_grammar_tells_of_every_condition_and_its_lines_can_be_read() -> None:
    lines = [line.partition("  ")[0] for line in GRAMMAR.splitlines() if line.startswith(("METRIC", "LINE"))]
    for line in lines:
        is_count = "==" in line
        line = line.replace("[EVENT]", "[user.banned]").replace("[SYSTEM]", "[shield]")
        parse(line.replace("METRIC", "lost" if is_count else "connect").replace("LINE", "lost == 0"))
    assert {"min_samples", "optional", "abort_after"} <= set(GRAMMAR.replace(",", "").split())


@pytest.mark.parametrize(
    "line",
    [
        "connect: p(99) < 250ms",
        "connect:p( 99 )<250ms",
        "connect[step 2]: service max < 1s, min_samples 100",
        "send_lag[each step] : count >= 10",
        "user.banned: p(99.9) <= 2s",
        "booking:updated: service mean < 2s",
        "lost == 0",
        "lost[user.banned] < 1%, optional",
    ],
)
def test_a_report_finds_in_a_line_the_metric_that_it_is_read_as(line: str) -> None:
    assert records.Objective(line, Verdict.PASS, "").metric == parse(line).measured
