from random import Random

from eventproof.load.backoff import backoff


def test_each_attempt_waits_longer_up_to_a_bound_and_never_all_at_once() -> None:
    for attempt, usual in enumerate([1, 2, 4, 5, 5, 5]):
        pauses = [backoff(attempt, Random(seed)) for seed in range(100)]
        assert usual * 0.5 <= min(pauses) < usual < max(pauses) <= usual * 1.5


def test_the_thousandth_attempt_waits_no_longer_than_the_bound() -> None:
    assert backoff(1000, Random(0)) <= 7.5
