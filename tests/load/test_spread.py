"""When the last of all whom an event is for was told."""

from types import SimpleNamespace
from typing import Any

import gevent
import pytest

from eventproof.load.books import Books
from eventproof.load.judgement import Match, Receipt
from eventproof.load.metrics import LATENCIES
from eventproof.load.spread import Spread


@pytest.fixture
def generator() -> Any:
    LATENCIES.setdefault("to_last_seat", "a latency of a scenario")
    return SimpleNamespace(books=Books({}, lambda *_: None), deadline=0.2, spawn=gevent.spawn)


def _told(at: float, action: str = "book 1") -> Match:
    return Match(Receipt.DELIVERED, action, 10.0, received=at)


def _begun(generator: Any, due: int) -> None:
    effects: Any = SimpleNamespace(name="book 1", expect=lambda **_: {"E": due, "other": 7})
    Spread(generator, ("E",), "to_last_seat").begin(effects, at=10, called=10, step=1)


def test_the_latency_is_that_of_the_last_who_was_told(generator: Any) -> None:
    _begun(generator, 2)
    generator.books.delivered("E", _told(10.5))
    generator.books.delivered("other", _told(19))
    generator.books.delivered("E", _told(19, "another action"))
    generator.books.delivered("E", _told(11.5))
    gevent.sleep(0.05)
    samples = generator.books.account(users=0, connections=0, gauges=()).samples("to_last_seat")
    assert (len(samples), round(samples.maximum, 1)) == (1, 1.5)


def test_where_somebody_is_told_nothing_in_time_nothing_is_measured(generator: Any) -> None:
    _begun(generator, 2)
    generator.books.delivered("E", _told(10.5))
    gevent.sleep(0.4)
    assert len(generator.books.account(users=0, connections=0, gauges=()).samples("to_last_seat")) == 0
