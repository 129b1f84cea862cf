"""A swarm that grows in steps: when its users come, which steps are refused, and where the knee is said to be."""

import pytest

from eventproof.errors import UsageError
from eventproof.load.account import SwarmAccount
from eventproof.load.histogram import Histogram
from eventproof.load.share import ProcessShare
from eventproof.load.steps import Stairs, figures, steps_said

_STAIRS = Stairs(users=30, steps=3, seconds=5.0, rate=10.0)


def test_each_step_lets_in_its_part_at_the_rate_and_holds() -> None:
    assert [_STAIRS.at(number) for number in (0, 9, 10, 19, 20, 29)] == pytest.approx([0.0, 0.9, 5.0, 5.9, 10.0, 10.9])
    assert [_STAIRS.until(step) for step in range(4)] == [0, 10, 20, 30]


@pytest.mark.parametrize("users", [7, 30, 31, 100])
@pytest.mark.parametrize("processes", [1, 2, 3])
def test_the_shares_of_all_processes_are_the_steps_of_the_whole(users: int, processes: int) -> None:
    whole = Stairs(users, 3, 60.0, 10.0)
    shares = [Stairs(users, 3, 60.0, 10.0, ProcessShare(index, processes)) for index in range(processes)]
    own = [len(ProcessShare(index, processes).cut(range(users))) for index in range(processes)]
    together = sorted(one.at(number) for one, count in zip(shares, own, strict=True) for number in range(count))
    assert together == pytest.approx([whole.at(number) for number in range(users)])
    for step in range(4):
        assert sum(one.own(step) for one in shares) == whole.until(step)
    assert [one.own(3) for one in shares] == own
    assert max(one.at(own[0]) for one in shares) < 3 * 60.0, "who is one too many comes with the last step"


@pytest.mark.parametrize(
    ("users", "seconds", "words"),
    [(2, 60.0, "2 users are too few for 3 steps"), (300, 10.5, r"takes 11 s, and 10.5 s are given")],
)
def test_steps_that_cannot_be_are_refused(users: int, seconds: float, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        Stairs(users, 3, seconds, 10.0)
    Stairs(max(users, 3), 3, seconds + 0.5, 10.0)


def _of(*seconds: float) -> Histogram:
    samples = Histogram()
    for value in seconds:
        samples.record(value)
    return samples


def _account(seconds: float = 15.0, **counts: int) -> SwarmAccount:
    """Three steps that are well."""
    metrics = {"connect": 0.01, "told": 0.005, "filled": 1.0}
    histograms = {f"{name}[step {step}]": _of(value) for step in (1, 2, 3) for name, value in metrics.items()}
    return SwarmAccount(seconds=seconds, histograms=histograms, counts=counts)


def _said(account: SwarmAccount) -> list[str]:
    return list(steps_said(figures(account, _STAIRS), 1.0))


def test_steps_that_hold_have_no_knee() -> None:
    *lines, last = _said(_account())
    assert lines[1].startswith("step 2: 20 users in 1 s (10 a second), connect p50 10 ms p99 10 ms, told p50 5 ms")
    assert last == "no knee up to 30 users: all 3 steps held"


@pytest.mark.parametrize(
    ("counts", "knee"),
    [
        ({"unopened[step 2]": 4}, "the knee is at step 2 (20 users): 4 sessions could not be opened"),
        (
            {"lost[step 3]": 1, "dropped[step 3]": 2},
            "step 3 (30 users): 2 sessions were ended and 1 events were lost",
        ),
        ({"failed[step 1]": 1, "failed[step 2]": 1}, "the knee is at step 1 (10 users): 1 actions failed"),
    ],
)
def test_the_first_step_in_which_something_went_wrong_is_the_knee(counts: dict[str, int], knee: str) -> None:
    assert _said(_account(**counts))[-1].endswith(knee)


def test_a_step_that_was_slow_or_never_full_is_the_knee() -> None:
    account = _account()
    slow = {**account.histograms, "connect[step 2]": _of(0.01, 2.0)}
    assert "step 2 (20 users): connect: p(99) was 2 s" in _said(SwarmAccount(seconds=15.0, histograms=slow))[-1]
    never = {name: samples for name, samples in account.histograms.items() if name != "filled[step 3]"}
    assert _said(SwarmAccount(seconds=15.0, histograms=never))[-1].endswith("not everybody was connected in its time")


def test_a_knee_that_may_be_the_generators_own_says_so() -> None:
    account = _account(**{"lost[step 2]": 1})
    assert "itself" not in _said(account)[-1]
    late = {**account.histograms, "send_lag[step 2]": _of(0.4)}
    doubted = SwarmAccount(seconds=15.0, histograms=late, counts=account.counts)
    assert _said(doubted)[-1].endswith("1 events were lost; but the load generator itself was 0.4 s late then")


def test_a_step_that_never_began_is_not_judged() -> None:
    assert _said(_account(seconds=9.0))[-1] == "no knee up to 20 users: all 2 steps held"
    assert _said(_account(seconds=0.5)) == []
