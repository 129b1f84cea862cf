"""The timers that every connection has."""

import asyncio
import gc
from collections.abc import Callable
from functools import partial
from itertools import pairwise

import pytest

from reference_server.alarms import Alarms


async def _all_rung(alarms: Alarms) -> None:
    async with asyncio.timeout(10):
        while True:
            if not len(alarms):
                return
            await asyncio.sleep(0.001)


async def test_they_ring_in_the_order_of_their_ticks_and_not_before_their_time() -> None:
    loop, rung = asyncio.get_running_loop(), []
    alarms, began = Alarms(tick=0.01), asyncio.get_running_loop().time()

    def note(seconds: float) -> None:
        rung.append(seconds)
        assert loop.time() - began >= seconds - 0.001

    for seconds in (0.06, 0.0, 0.03):
        alarms.after(seconds, partial(note, seconds))
    await _all_rung(alarms)
    assert rung == [0.0, 0.03, 0.06]


async def test_what_is_called_off_does_not_ring_and_leaves_nothing() -> None:
    alarms, rung = Alarms(tick=0.01), list[int]()
    set_ = [alarms.after(0.01 * (number % 5), partial(rung.append, number)) for number in range(100)]
    for alarm in set_[::2]:
        alarm.cancel()
        alarm.cancel()
    assert len(alarms) == 50
    await _all_rung(alarms)
    assert sorted(rung) == list(range(1, 100, 2))
    for alarm in set_:
        alarm.cancel()
    assert not alarms._due


async def test_one_that_rings_may_call_off_another_and_set_a_new_one() -> None:
    alarms, rung = Alarms(tick=0.01), list[str]()
    other = alarms.after(0.02, lambda: rung.append("other"))

    def first() -> None:
        rung.append("first")
        other.cancel()
        alarms.after(0.0, lambda: rung.append("new"))

    alarms.after(0.0, first)
    await _all_rung(alarms)
    assert rung == ["first", "new"]


async def test_many_of_one_tick_ring_a_few_at_a_time() -> None:
    alarms, rung, between = Alarms(tick=0.1), list[int](), [0]
    for number in range(300):
        alarms.after(0.0, partial(rung.append, number))
    async with asyncio.timeout(10):
        while len(rung) < 300:
            await asyncio.sleep(0)
            between.append(len(rung))
    at_once = max(after - before for before, after in pairwise(between))
    assert at_once <= 2 * 64, "while they were set a tick may have passed, so that they are those of two"


@pytest.mark.filterwarnings("ignore")
async def test_one_that_fails_stops_no_other() -> None:
    alarms, rung, failures = Alarms(tick=0.01), list[int](), list[object]()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context["exception"]))

    def fail() -> None:
        raise LookupError("a fault of ours")

    acts: list[Callable[[], None]] = [fail, lambda: rung.append(1)]
    for act in acts:
        alarms.after(0.0, act)
    await _all_rung(alarms)
    assert rung == [1]
    assert [type(failure) for failure in failures] == [LookupError]


async def test_what_an_alarm_would_have_done_is_freed_with_it() -> None:
    class Owner:
        def __init__(self, alarms: Alarms) -> None:
            self.alarm = alarms.after(60, self.act)

        def act(self) -> None:
            pass

    alarms = Alarms()
    gc.collect()
    gc.disable()
    try:
        owners = [Owner(alarms) for _ in range(10)]
        for owner in owners:
            owner.alarm.cancel()
        del owner
        owners.clear()
        assert not [each for each in gc.get_objects() if type(each) is Owner]
    finally:
        gc.enable()
