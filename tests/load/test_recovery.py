"""How long it takes until all are back and nothing is owed any more."""

from time import monotonic
from types import SimpleNamespace
from typing import Any

import gevent
import pytest

from eventproof.load.books import Books
from eventproof.load.greenlets import Event
from eventproof.load.ledger import Ledger
from eventproof.load.recovery import Recovery


class _Device:
    """Is open again at a time."""

    def __init__(self) -> None:
        self.since: float | None = None

    @property
    def is_open(self) -> bool:
        return self.since is not None


@pytest.fixture
def generator() -> Any:
    return SimpleNamespace(books=Books({}, lambda *_: None, Ledger()), stopping=Event(), deadline=0.2)


def _samples(generator: Any, metric: str) -> Any:
    return generator.books.account(users=0, connections=0, gauges=()).samples(metric)


def test_all_are_back_with_the_last_and_have_caught_up_when_nothing_is_owed(generator: Any) -> None:
    devices: list[Any] = [_Device(), _Device()]
    began = monotonic()
    generator.books.ledger.expect("a", "E", ["u"], at=began, deadline=began + 60)
    following = gevent.spawn(Recovery(generator).follow, devices, began, 30.0)
    devices[0].since = began + 0.1
    gevent.sleep(0.05)
    assert not len(_samples(generator, "all_back"))
    devices[1].since = began + 0.5
    gevent.sleep(0.05)
    assert _samples(generator, "all_back").maximum == pytest.approx(0.5, rel=0.01)
    assert not len(_samples(generator, "caught_up"))
    generator.books.ledger.receive("E", "u", at=began + 0.6)
    following.join(5)
    assert len(_samples(generator, "caught_up")) == 1


def test_who_is_not_back_in_time_is_counted(generator: Any) -> None:
    there, away = _Device(), _Device()
    there.since = 1.0
    devices: list[Any] = [there, away]
    Recovery(generator).follow(devices, monotonic(), 0.05)
    account = generator.books.account(users=0, connections=0, gauges=())
    assert account.count("still_away") == 1
    assert not len(account.samples("all_back"))


def test_the_end_of_the_run_ends_the_waiting(generator: Any) -> None:
    generator.stopping.set()
    devices: list[Any] = [_Device()]
    Recovery(generator).follow(devices, 0.0, 3600.0)
    assert generator.books.counted("still_away") == 0
