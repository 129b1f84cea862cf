import math
from dataclasses import replace
from itertools import pairwise

import pytest

from eventproof.report import curve
from eventproof.report.records import Latency
from tests.report import samples


@pytest.mark.unmeasured
def test_a_curve_rises_from_left_to_right_within_its_frame() -> None:
    (chart,) = curve.charts(samples.swarm().latency)
    for drawn in chart.curves:
        places = [tuple(map(float, place.split())) for place in drawn.path[1:].split("L")]
        assert all(x0 <= x1 and y0 >= y1 for (x0, y0), (x1, y1) in pairwise(places))
        at = chart.canvas
        assert all(at.left <= x <= at.right and at.top <= y <= at.bottom for x, y in places)
        assert drawn.end == places[-1]


@pytest.mark.unmeasured
def test_every_nine_gets_the_same_room() -> None:
    (chart,) = curve.charts(samples.swarm().latency)
    at = {tick.label: tick.at for tick in chart.across}
    assert at["99 %"] - at["90 %"] == pytest.approx(at["99.9 %"] - at["99 %"], abs=0.2)


def test_six_metrics_share_a_chart_and_more_are_parted_by_family_with_the_floor_in_each() -> None:
    measured = samples.swarm().latency
    (chart,) = curve.charts(measured)
    assert [drawn.colour for drawn in chart.curves] == [0, 1, 2, 3, 4, 5, None]
    more = (*measured, replace(measured[0], metric="connect"))
    parted = [[drawn.name for drawn in chart.curves] for chart in curve.charts(more)]
    assert [len(names) for names in parted] == [6, 3]
    assert all(names[-1] == "echo (floor)" for names in parted)
    assert parted[1][:2] == ["tier to event", "connect"]


@pytest.mark.unmeasured
def test_labels_never_cover_each_other_or_leave_the_chart() -> None:
    same = samples.distribution("a", "", 50, 5.0)
    (chart,) = curve.charts([replace(same, metric=f"metric {number}") for number in range(6)])
    heights = sorted(drawn.label for drawn in chart.curves)
    assert all(lower - upper >= 14.9 for upper, lower in pairwise(heights))
    assert heights[0] >= curve.WIDE.top - 1
    assert heights[-1] <= curve.WIDE.bottom + 1


@pytest.mark.parametrize("histogram", ["", "no histogram at all", "HISTFAAAAA=="])
def test_without_a_histogram_the_figures_draw_the_curve(histogram: str) -> None:
    latency = Latency("ban_to_logout", "", 5_000, 1, 2, 3, 4, 5, 6, histogram=histogram)
    shares, values = zip(*curve.points(latency), strict=True)
    assert shares == pytest.approx((0.0001, 0.5, 0.9, 0.99, 0.999, 0.9999))
    assert values == (1, 2, 3, 4, 5, 6)


@pytest.mark.parametrize(
    "latency",
    [
        Latency("one_sample", "", 1, 2, 2, 2, 2, 2, 2),
        Latency("faster_than_the_clock", "", 10, 0, 0, 0, 0, 0, 0),
        Latency("on_a_round_number", "", 10, 10, 10, 10, 10, 10, 10),
        Latency("wide", "", 10_000, 0.001, 1, 10, 100, 1_000, 3_600_000),
    ],
)
def test_unusual_distributions_are_drawn_as_well(latency: Latency) -> None:
    (chart,) = curve.charts([latency])
    assert chart.up
    assert "nan" not in chart.curves[0].path


def test_what_has_no_samples_is_not_drawn() -> None:
    assert curve.charts([Latency("none", "", 0, 0, 0, 0, 0, 0, 0)]) == []
    assert curve.charts([Latency("unknown", "", 3, *(math.nan,) * 6)]) == []
