"""When people are away: the same for a seed, within bounds, and with every device at once."""

from itertools import islice, pairwise
from random import Random
from types import SimpleNamespace
from typing import Any

import gevent

from eventproof.load.books import Books
from eventproof.load.greenlets import Event
from eventproof.load.outages import Outages, outages


def _first(number: int, seed: int) -> list[tuple[float, float]]:
    return list(islice(outages(10.0, 2.0, Random(seed)), number))


def test_outages_are_as_long_and_as_far_apart_as_was_said() -> None:
    pairs = _first(500, seed=1)
    assert 0 <= pairs[0][0] <= 10
    assert all(1 <= seconds <= 3 for _, seconds in pairs)
    gaps = [later - (at + seconds) for (at, seconds), (later, _) in pairwise(pairs)]
    assert all(5 <= gap <= 15 for gap in gaps)
    assert 9 < sum(gaps) / len(gaps) < 11


def test_a_seed_repeats_them() -> None:
    assert _first(20, seed=1) == _first(20, seed=1)
    assert _first(20, seed=1) != _first(20, seed=2)


def test_somebody_is_away_with_all_devices_until_they_leave() -> None:
    cuts: list[tuple[str, float]] = []
    devices = tuple(
        SimpleNamespace(is_open=True, cut=lambda seconds, name=name: cuts.append((name, seconds))) for name in "ab"
    )
    somebody: Any = SimpleNamespace(has_left=False, devices=devices)
    generator: Any = SimpleNamespace(
        random=Random(1), stopping=Event(), books=Books({}, lambda *_: None), spawn=gevent.spawn
    )
    plan = Outages(generator)
    plan.plan(somebody, every=0.02, lasting=0.01)
    while len(cuts) < 6:
        gevent.sleep(0.005)
    assert [name for name, _ in cuts[:4]] == ["a", "b", "a", "b"]
    assert cuts[0][1] == cuts[1][1]
    somebody.has_left = True
    gevent.sleep(0.1)
    before = len(cuts)
    gevent.sleep(0.1)
    assert len(cuts) == before
    assert generator.books.counted("outages") == before // 2
    generator.stopping.set()
