"""Work that shares the loop."""

import asyncio
from collections.abc import Callable

import pytest

from reference_server.turns import Turns


class Loop:
    """A loop whose rounds and whose time are the test's."""

    def __init__(self) -> None:
        self.now = 100.0
        self.soon: list[Callable[[], None]] = []
        self.turns = Turns(4.0, self.soon.append, lambda: self.now)
        self.done: list[str] = []

    def work(self, name: str, seconds: float = 0.0) -> Callable[[], None]:
        def do() -> None:
            self.done.append(name)
            self.now += seconds

        return do

    def round(self) -> list[str]:
        """One round of the loop; gives what was done in it."""
        due, self.soon[:], self.done = self.soon[:], [], []
        for act in due:
            act()
        return self.done


def test_a_turn_lasts_as_long_as_it_may_and_another_begins_after_a_pause() -> None:
    loop = Loop()
    seen = []
    for step in (0.0, 3.0, 1.0, 30.0):
        loop.now += step
        seen.append(loop.turns.over())
    assert seen == [False, False, True, True], "the loop has not gone round meanwhile, so there was no pause"
    assert loop.round() == []
    loop.now += 4.0
    assert not loop.turns.over(), "that was a pause"


def test_where_the_loop_goes_round_before_a_turn_is_over_another_one_begins() -> None:
    loop = Loop()
    for _ in range(3):
        assert not loop.turns.over()
        loop.now += 3.0
        assert not loop.turns.over()
        assert loop.round() == []
    loop.now += 0.5
    assert not loop.turns.over()
    assert not loop.soon, "so little asks nothing of the loop"
    loop.now += 3.0
    assert not loop.turns.over()
    loop.now += 1.0
    assert loop.turns.over(), "this round takes longer than a turn"


def test_what_waits_is_done_in_order_and_what_does_not_fit_in_the_next_round() -> None:
    loop = Loop()
    for name in "abcd":
        loop.turns.later(loop.work(name, 2.0))
    assert loop.round() == ["a", "b"]
    loop.now += 100.0
    assert loop.round() == ["c", "d"]
    assert loop.soon == []
    assert len(loop.turns) == 0


def test_who_comes_new_goes_before_who_goes_on() -> None:
    loop = Loop()
    loop.turns.later(loop.work("flood", 4.0), goes_on=True)
    loop.turns.later(loop.work("flood", 4.0), goes_on=True)
    loop.turns.later(loop.work("word"))
    assert loop.round() == ["word", "flood"]
    loop.turns.later(loop.work("word"))
    assert loop.round() == ["word", "flood"]


@pytest.mark.parametrize("seconds", [1.0, 3.0, 9.0])
def test_who_goes_on_does_so_although_there_is_no_end_of_what_is_new(seconds: float) -> None:
    loop = Loop()

    def word() -> None:
        loop.work("word", seconds)()
        loop.turns.later(word)

    loop.turns.later(word)
    for name in "ab":
        loop.turns.later(loop.work(name), goes_on=True)
    done = loop.round()
    assert done[0] == "word"
    assert [name for name in done + loop.round() if name != "word"] == ["a", "b"]


def test_what_fails_keeps_nobody_else_waiting() -> None:
    loop = Loop()

    def fail() -> None:
        raise LookupError("a fault of ours")

    loop.turns.later(fail)
    loop.turns.later(loop.work("next"))
    with pytest.raises(LookupError):
        loop.round()
    assert loop.round() == ["next"]


async def test_a_coroutine_waits_only_where_the_turn_is_over() -> None:
    loop = Loop()
    await loop.turns.turn()
    loop.now += 4.0
    second = asyncio.create_task(loop.turns.turn())
    await asyncio.sleep(0)
    assert not second.done()
    loop.round()
    await second


async def test_few_coroutines_go_on_in_one_turn_and_one_that_was_given_up_holds_up_none() -> None:
    loop = Loop()
    loop.turns.over()
    loop.now += 4.0
    waiting = [asyncio.create_task(loop.turns.turn()) for _ in range(40)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.sleep(0)
    gone_on = []
    for _ in range(3):
        loop.round()
        await asyncio.sleep(0)
        gone_on.append(sum(task.done() for task in waiting))
    assert gone_on == [16, 32, 40]
    assert loop.soon == []


async def test_works_without_end_and_coroutines_without_end_take_turns() -> None:
    loop = Loop()

    def flood() -> None:
        loop.work("flood", 4.0)()
        loop.turns.later(flood, goes_on=True)

    async def say() -> None:
        while True:
            loop.now += 4.0
            await loop.turns.turn()
            loop.done.append("word")

    loop.turns.over()
    loop.now += 4.0
    loop.turns.later(flood)
    saying = asyncio.create_task(say())
    seen = []
    for _ in range(4):
        await asyncio.sleep(0)
        seen += loop.round()
        await asyncio.sleep(0)
        seen += [name for name in loop.done if name == "word"]
    assert seen == ["word", "flood"] * 2
    saying.cancel()


async def test_in_a_running_loop_the_others_have_their_rounds_in_between() -> None:
    """A flood of work that takes a second together, and a witness that counts the rounds."""
    turns = Turns(0.001, asyncio.get_running_loop().call_soon)
    left = 2000
    rounds = 0

    def work() -> None:
        nonlocal left
        while left and not turns.over():
            left -= 1
            for _ in range(200):
                pass
        if left:
            turns.later(work, goes_on=True)

    turns.later(work)
    while left:
        rounds += 1
        await asyncio.sleep(0)
    assert rounds > 1
