"""Two clocks, of which one is shifted and drifts, and messages that take their time each way."""

from random import Random

import pytest

from eventproof.load.clock import Clock, RoundTrip

_AHEAD = 1234.5


def _trip(at: float, there: float, back: float, *, ahead: float = _AHEAD) -> RoundTrip:
    received = at + there + ahead
    return RoundTrip(at, received, received + 0.001, at + there + 0.001 + back)


def test_a_shifted_clock_is_seen_within_half_of_the_round_trip() -> None:
    clock = Clock()
    clock.enter(_trip(10.0, 0.002, 0.004))
    offset = clock.offset(10.01)
    assert offset is not None
    assert offset.seconds == pytest.approx(_AHEAD - 0.001)
    assert abs(offset.seconds - _AHEAD) <= offset.uncertainty < 0.0031


def test_the_shortest_round_trip_counts_and_not_the_smallest_offset() -> None:
    clock = Clock()
    clock.enter(_trip(10.0, 0.001, 0.001))
    clock.enter(_trip(11.0, 0.001, 0.101))  # its answer was held up: it makes the clock seem 50 ms less ahead
    clock.enter(_trip(12.0, 0.101, 0.001))
    offset = clock.offset(12.2)
    assert offset is not None
    assert offset.seconds == pytest.approx(_AHEAD, abs=1e-6)
    assert offset.uncertainty < 0.0012


@pytest.mark.parametrize("seed", range(5))
def test_the_truth_is_within_the_uncertainty_however_long_the_ways_take(seed: int) -> None:
    random, clock = Random(seed), Clock()
    drift = random.uniform(-30e-6, 30e-6)
    for number in range(300):
        at = number * 2.0
        ahead = _AHEAD + drift * at
        there, back = random.expovariate(1 / 0.003), random.expovariate(1 / 0.003)
        clock.enter(_trip(at, there, back, ahead=ahead))
        offset = clock.offset(at + 1)
        assert offset is not None
        assert abs(offset.seconds - (_AHEAD + drift * (at + 1))) <= offset.uncertainty + 1e-6


def test_what_is_old_is_worth_less_and_a_round_trip_of_less_than_nothing_is_none() -> None:
    clock = Clock()
    assert clock.offset(0.0) is None
    clock.enter(RoundTrip(10.0, 20.0, 25.0, 11.0))
    assert clock.offset(10.0) is None
    clock.enter(_trip(10.0, 0.001, 0.001))
    early, late = clock.offset(10.0), clock.offset(1010.0)
    assert early is not None
    assert late is not None
    assert late.uncertainty == pytest.approx(early.uncertainty + 0.03, abs=1e-4)
