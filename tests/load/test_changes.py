"""What a swarm changed is changed back at its end, or told."""

from functools import partial
from time import monotonic, sleep

import gevent

from eventproof.errors import Inconclusive
from eventproof.load.changes import Changes

BANNED = ("user is banned", "users are banned")
TIER = ("user is on another tier", "users are on another tier")


def _none(error: Exception) -> None:
    raise error


def test_what_is_changed_back_is_not_left() -> None:
    changes = Changes()
    for somebody in ("u1", "u2"):
        changes.enter(BANNED, somebody, partial(changes.clear, BANNED, somebody))
    changes.take_back(until=monotonic() + 10, fault=_none)
    assert (list(changes.left()), len(changes)) == ([], 0)


def test_time_that_a_long_computation_took_is_not_missing() -> None:
    """Fifty callbacks are what gevent runs before it looks at its timers again."""
    changes = Changes()
    changes.enter(BANNED, "u1", partial(changes.clear, BANNED, "u1"))
    gevent.sleep(0.001)
    busy = [gevent.spawn(sleep, 0.0005) for _ in range(100)]
    sleep(0.4)
    changes.take_back(until=monotonic() + 0.3, fault=_none)
    gevent.joinall(busy)
    assert len(changes) == 0


def test_the_first_change_is_the_one_that_leads_back() -> None:
    done: list[str] = []
    changes = Changes()
    for tier in ("basic", "premium"):
        changes.enter(TIER, "u1", partial(done.append, tier))
    changes.take_back(until=monotonic() + 10, fault=_none)
    assert done == ["basic"]
    assert list(changes.left()) == ["left on the target: 1 user is on another tier, or may be"]


def test_a_target_that_never_answers_keeps_nobody_waiting() -> None:
    changes = Changes()
    for number in range(40):
        changes.enter(BANNED, number, lambda: gevent.sleep(3600))
    began = monotonic()
    changes.take_back(until=began + 0.1, fault=_none)
    assert monotonic() - began < 5
    assert list(changes.left()) == ["left on the target: 40 users are banned, or may be"]


def test_one_that_cannot_be_changed_back_hinders_no_other() -> None:
    def fail() -> None:
        raise Inconclusive("nobody knows")

    changes = Changes()
    changes.enter(BANNED, "u1", fail)
    changes.enter(BANNED, "u2", lambda: changes.clear(BANNED, "u2"))
    changes.take_back(until=monotonic() + 10, fault=_none)
    assert list(changes.left()) == ["left on the target: 1 user is banned, or may be"]


def test_what_breaks_in_ours_is_told_and_hinders_nothing_else() -> None:
    def break_down() -> None:
        raise ZeroDivisionError

    told: list[Exception] = []
    changes = Changes()
    changes.enter(BANNED, "u1", break_down)
    changes.enter(BANNED, "u2", lambda: changes.clear(BANNED, "u2"))
    changes.take_back(until=monotonic() + 10, fault=told.append)
    assert [type(error) for error in told] == [ZeroDivisionError]
    assert len(changes) == 1


def test_what_came_last_is_changed_back_first() -> None:
    changes, done = Changes(), list[str]()
    for thing in ("library", "booking"):
        changes.enter(TIER, thing, partial(done.append, thing))
    changes.take_back(until=monotonic() + 10, fault=_none)
    assert done == ["booking", "library"]


def test_what_nothing_takes_back_is_told_by_the_calls_that_did_it() -> None:
    changes = Changes()
    for call in ("submitClaim", "payClaim", "submitClaim"):
        changes.stays(call)
    (told,) = changes.left()
    assert told.endswith("what was done by payClaim (1), submitClaim (2)")
