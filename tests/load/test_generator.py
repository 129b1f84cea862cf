"""The load generator of one process, without a target: what it measures when nobody acts, and how it ends."""

from collections.abc import Iterator
from time import monotonic
from typing import Any

import gevent
import pytest

from eventproof import profile
from eventproof.errors import ContractViolation, TargetUnavailable
from eventproof.load.calls import Calls
from eventproof.load.generator import Generator, grace
from eventproof.load.saturation import GeneratorLimits
from eventproof.load.scenario import Scenario
from eventproof.load.share import ProcessShare


@pytest.fixture
def generator() -> Iterator[Generator]:
    target = profile.for_url("http://127.0.0.1:1", env={})
    generator = Generator(
        target,
        scenario=Scenario("user-state"),
        share=ProcessShare(),
        deadline=1,
        limits=GeneratorLimits(),
        seed=0,
        report=lambda *_: None,
    )
    yield generator
    generator.close()


def test_an_action_with_nobody_to_act_on_is_counted(generator: Generator) -> None:
    assert generator.pick() is None
    assert generator.account().count("omitted") == 1


def test_a_process_without_an_admin_is_measured(generator: Generator) -> None:
    generator.all_spawned()
    gevent.sleep(0.5)
    account = generator.account()
    assert account.seconds > 0
    assert len(account.samples("loop_lag")) > 0
    assert {gauge.name: gauge.value for gauge in account.gauges}["processor use of one core"] > 0


def _hangs(_somebody: object, _intended: float) -> None:
    gevent.sleep(3600)


def _begin(generator: Generator, action: Any, somebody: str) -> None:
    gevent.spawn(generator.carry_out, action, somebody, 0.0)
    gevent.sleep(0)


def test_the_end_of_a_run_cancels_what_takes_too_long_and_says_so(generator: Generator) -> None:
    for somebody in ("u1", "u2"):
        _begin(generator, _hangs, somebody)
    began = monotonic()
    generator.settle()
    assert monotonic() - began < grace(generator.deadline) + 3
    assert not generator.under_way
    assert generator.account().count("cancelled") == 2


def test_whoever_wants_the_end_at_once_gets_it(generator: Generator) -> None:
    generator.deadline = 3600
    _begin(generator, _hangs, "u1")
    generator.hurry()
    began = monotonic()
    generator.settle()
    assert monotonic() - began < 5


def test_what_is_changed_is_changed_back_when_nobody_is_connected_any_more(generator: Generator) -> None:
    told: list[int] = []
    generator.books.changes.enter(("user is banned", "users are banned"), "u1", lambda: told.append(len(generator.hub)))
    generator.settle()
    assert told == [0]
    assert generator.account().notes == ("left on the target: 1 user is banned, or may be",)


def test_what_we_begin_beside_all_else_does_not_die_unseen(generator: Generator) -> None:
    def fails() -> None:
        raise RecursionError("too deep")

    generator.spawn(fails)
    _begin(generator, lambda *_: fails(), "u1")
    gevent.sleep(0.1)
    account = generator.account()
    assert account.count("faults") == 2
    assert account.notes == ("a fault of ours: RecursionError: too deep (2 times)",)


def test_what_a_call_that_is_cancelled_caused_may_come(generator: Generator) -> None:
    """Nobody knows whether it was done."""

    def never(*_: object, **__: object) -> None:
        gevent.sleep(3600)

    generator.calls._exchange = never  # type: ignore[method-assign,assignment]  # a target that never answers
    call = {"userId": "u1", "reason": "test"}
    _begin(generator, lambda *_: Calls.perform(generator.calls, "banUser", call, "t"), "u1")
    generator.settle()
    generator.books.received("user.banned", "somebody", monotonic())
    account = generator.account()
    assert (account.count("cancelled"), account.count("leaked")) == (1, 0)


def _raises(error: Exception) -> None:
    raise error


@pytest.mark.parametrize("error", [ContractViolation("it said no"), TargetUnavailable("it said nothing")])
def test_what_a_target_does_not_do_is_no_fault_of_ours(generator: Generator, error: Exception) -> None:
    """Neither in an action, nor where what there is at the end is looked at."""
    _begin(generator, lambda *_: _raises(error), "u1")
    generator.last.append(lambda: _raises(error))
    generator.settle()
    account = generator.account()
    assert (account.count("failed"), account.count("faults")) == (2, 0)


def test_the_end_of_a_run_waits_for_no_look_that_takes_too_long(generator: Generator) -> None:
    generator.last.append(lambda: gevent.sleep(3600))
    began = monotonic()
    generator.settle()
    assert monotonic() - began < grace(generator.deadline) + 3
    assert generator.account().incidents[-1].what == "what there is could not be looked at in time"


def test_an_action_whose_time_comes_as_the_run_ends_is_neither_done_nor_left_out(generator: Generator) -> None:
    done: list[str] = []
    generator.stopping.set()
    generator.carry_out(lambda somebody, _: done.append(somebody), "u1", 0.0)
    assert (done, generator.account().count("omitted")) == ([], 0)
