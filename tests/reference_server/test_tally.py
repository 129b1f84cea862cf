"""Counts within a while, in bounded memory."""

from hypothesis import given
from hypothesis import strategies as st

from reference_server.tally import Tally


def test_it_counts_from_the_first_time_on_and_begins_anew_when_that_is_long_ago() -> None:
    tally = Tally(60, 10)
    tally.add("a", 100)
    tally.add("a", 150)
    assert (tally.count("a", 150), tally.left("a", 150), tally.count("b", 150)) == (2, 10, 0)
    tally.add("a", 160)
    assert (tally.count("a", 160), tally.left("a", 160)) == (1, 60)


def test_it_forgets_whose_window_is_over_before_whoever_counts_least() -> None:
    tally = Tally(60, 2)
    for _ in range(3):
        tally.add("often, long ago", 0)
    tally.add("once", 30)
    tally.add("new", 70)
    assert [tally.count(key, 70) for key in ("once", "new")] == [1, 1]
    tally.add("new", 70)
    tally.add("newer", 71)
    assert [tally.count(key, 71) for key in ("once", "new", "newer")] == [0, 2, 1]


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.booleans(), st.floats(0, 30)), max_size=60))
def test_it_is_bounded_and_counts_what_it_keeps_rightly(steps: list[tuple[str, bool, float]]) -> None:
    tally, now, true = Tally(60, 4), 0.0, dict[str, list[float]]()
    for key, adds, pause in steps:
        now += pause
        if adds:
            began = true.get(key, [])
            true[key] = [*began, now] if began and now - began[0] < 60 else [now]
            tally.add(key, now)
        else:
            true[key] = true.get(key, [])[:-1]
            tally.take_back(key)
        assert len(tally) <= 4
        assert tally.count(key, now) <= len(true[key])
        assert sum(len(level) for level in tally._levels.values()) == len(tally)
