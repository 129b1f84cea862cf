from dataclasses import dataclass, field

import pytest

from eventproof.errors import UsageError
from eventproof.load.histogram import Histogram
from eventproof.load.objectives import judge, parse
from eventproof.verdict import Verdict


@dataclass
class Figures:
    counts: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, list[float]] = field(default_factory=dict)

    def samples(self, metric: str) -> Histogram:
        histogram = Histogram()
        for value in self.seconds.get(metric, ()):
            histogram.record(value)
        return histogram

    def count(self, metric: str) -> int:
        return self.counts.get(metric, 0)


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
