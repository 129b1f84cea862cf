"""What a swarm changed is changed back at its end, or told."""

from functools import partial
from time import monotonic

import gevent

from eventproof.errors import Inconclusive
from eventproof.load.changes import Changes


def test_what_is_changed_back_is_not_left() -> None:
    changes = Changes()
    for somebody in ("u1", "u2"):
        changes.enter("banned", somebody, partial(changes.clear, "banned", somebody))
    changes.take_back(until=monotonic() + 10)
    assert (list(changes.left()), len(changes)) == ([], 0)


def test_the_first_change_is_the_one_that_leads_back() -> None:
    done: list[str] = []
    changes = Changes()
    for tier in ("basic", "premium"):
        changes.enter("on another tier", "u1", partial(done.append, tier))
    changes.take_back(until=monotonic() + 10)
    assert done == ["basic"]
    assert list(changes.left()) == ["left on the target: 1 user is on another tier, or may be"]


def test_a_target_that_never_answers_keeps_nobody_waiting() -> None:
    changes = Changes()
    for number in range(40):
        changes.enter("banned", number, lambda: gevent.sleep(3600))
    began = monotonic()
    changes.take_back(until=began + 0.1)
    assert monotonic() - began < 5
    assert list(changes.left()) == ["left on the target: 40 users are banned, or may be"]


def test_one_that_cannot_be_changed_back_hinders_no_other() -> None:
    def fail() -> None:
        raise Inconclusive("nobody knows")

    changes = Changes()
    changes.enter("banned", "u1", fail)
    changes.enter("banned", "u2", lambda: changes.clear("banned", "u2"))
    changes.take_back(until=monotonic() + 10)
    assert list(changes.left()) == ["left on the target: 1 user is banned, or may be"]
