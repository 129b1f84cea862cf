import math

import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import given, settings
from hypothesis import strategies as st

from eventproof.load.histogram import Histogram

_SECONDS = st.floats(min_value=1e-6, max_value=3000, allow_nan=False)


def _of(seconds: list[float]) -> Histogram:
    histogram = Histogram()
    for value in seconds:
        histogram.record(value)
    return histogram


@settings(max_examples=50, deadline=None)
@given(st.lists(_SECONDS, min_size=1, max_size=60), st.sampled_from([1.0, 50.0, 90.0, 99.0, 99.9, 100.0]))
def test_a_percentile_is_the_sample_of_its_rank_to_three_digits(seconds: list[float], percent: float) -> None:
    exact = sorted(seconds)[math.ceil(percent * len(seconds) / 100 - 1e-9) - 1]
    (found,) = _of(seconds).percentiles(percent)
    assert found == pytest.approx(exact, rel=2e-3, abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.lists(_SECONDS, max_size=40), st.lists(_SECONDS, max_size=40))
def test_merging_encoded_histograms_is_recording_all_samples_in_one(first: list[float], second: list[float]) -> None:
    merged = Histogram.decode(_of(first).encode())
    merged.add(Histogram.decode(_of(second).encode()))
    both = _of(first + second)
    assert len(merged) == len(both)
    assert merged.percentiles(50, 99, 100) == pytest.approx(both.percentiles(50, 99, 100), rel=2e-3)
    assert merged.minimum == pytest.approx(both.minimum, rel=2e-3, abs=1e-6)
    assert merged.mean == pytest.approx(both.mean, rel=2e-3)


def test_the_99th_percentile_of_few_samples_is_their_maximum() -> None:
    assert _of([0.001] * 19 + [1.0]).percentiles(99) == pytest.approx((1.0,), rel=1e-3)


def test_what_is_longer_than_an_hour_counts_as_an_hour_and_a_negative_sample_as_zero() -> None:
    histogram = _of([1e9, -1.0])
    assert histogram.maximum == pytest.approx(3600, rel=2e-3)
    assert histogram.minimum == 0


def test_an_empty_histogram_has_no_figures() -> None:
    empty = Histogram()
    assert (len(empty), empty.minimum, empty.maximum, empty.mean, empty.percentiles(50, 99)) == (0, 0, 0, 0, (0, 0))
    assert len(Histogram.decode(empty.encode())) == 0


def test_the_record_of_a_report_is_in_milliseconds() -> None:
    latency = _of([0.002] * 10).latency("connect", "to connect")
    assert (latency.metric, latency.what, latency.count) == ("connect", "to connect", 10)
    assert latency.p50 == latency.p99 == latency.maximum == pytest.approx(2, rel=1e-3)
    assert Histogram.decode(latency.histogram).percentiles(50) == pytest.approx((0.002,), rel=1e-3)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 4_000_000_000) | st.integers(2_000, 4_200), max_size=60))
def test_what_is_entered_late_is_what_an_hdr_histogram_has_of_it(microseconds: list[int]) -> None:
    at_once = HdrHistogram(1, 3_600_000_000, 3)
    for value in microseconds:
        at_once.record_value(min(value, 3_600_000_000))
    late = _of([value / 1e6 for value in microseconds])
    assert late.encode() == at_once.encode().decode("ascii")
    assert len(late) == len(microseconds)
