"""Work is shared by its owners, and what waits for it is bounded."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from reference_server.shares import PutOff, Shares


class _Work:
    """Work that goes on when it is told to."""

    def __init__(self, shares: Shares) -> None:
        self._shares = shares
        self._go_on = asyncio.Semaphore(0)
        self.done: list[str] = []

    async def do(self, owner: str, name: str) -> None:
        async with self._shares.turn(owner):
            await self._go_on.acquire()
            self.done.append(name)

    async def go_on(self) -> None:
        """Let one end, and everything come to rest."""
        self._go_on.release()
        await _rest()


async def _rest() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


Begin = Callable[[str, str], Awaitable[asyncio.Task[None]]]


@pytest.fixture
def shares() -> Shares:
    return Shares(1, 4)


@pytest.fixture
def work(shares: Shares) -> _Work:
    return _Work(shares)


@pytest.fixture
def begin(work: _Work) -> Begin:
    async def begun(owner: str, name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work.do(owner, name))
        await _rest()
        return task

    return begun


async def test_an_owner_of_many_lets_others_in_between(work: _Work, begin: Begin) -> None:
    for name in ("a1", "a2", "a3"):
        await begin("a", name)
    await begin("b", "b1")
    for _ in range(4):
        await work.go_on()
    assert work.done == ["a1", "a2", "b1", "a3"]


async def test_where_too_many_wait_the_last_of_whoever_has_most_is_put_off(work: _Work, begin: Begin) -> None:
    mine = [await begin("a", f"a{number}") for number in range(5)]
    other = await begin("b", "b1")
    with pytest.raises(PutOff):
        await mine[-1]
    another = await begin("a", "a5")
    with pytest.raises(PutOff):
        await another
    for _ in range(5):
        await work.go_on()
    await asyncio.gather(*mine[:-1], other)
    assert sorted(work.done) == ["a0", "a1", "a2", "a3", "b1"]


async def test_where_all_have_one_the_newest_is_put_off(begin: Begin, work: _Work, shares: Shares) -> None:
    waiting = [await begin(owner, owner) for owner in "abcde"]
    with pytest.raises(PutOff):
        await (await begin("f", "f"))
    for _ in waiting:
        await work.go_on()
    assert (work.done, len(shares)) == (list("abcde"), 0)


@pytest.mark.parametrize("left", [1, 2])
async def test_whoever_leaves_keeps_nobody_waiting(work: _Work, begin: Begin, shares: Shares, left: int) -> None:
    tasks = [await begin("a", str(number)) for number in range(3)]
    tasks[left].cancel()
    await _rest()
    for _ in range(2):
        await work.go_on()
    await asyncio.wait(tasks)
    assert (len(work.done), len(shares)) == (2, 0)
    last = await begin("b", "last")
    await work.go_on()
    await last


async def test_a_turn_that_was_just_given_to_somebody_who_leaves_is_passed_on(work: _Work, begin: Begin) -> None:
    first, second, third = [await begin("a", name) for name in ("1", "2", "3")]
    first.cancel()
    second.cancel()
    await _rest()
    await work.go_on()
    await third
    assert work.done == ["3"]


async def test_who_has_just_been_given_a_turn_and_leaves_passes_it_on() -> None:
    shares = Shares(1, 4)

    async def have(owner: str) -> None:
        async with shares.turn(owner):
            pass

    async with shares.turn("a"):
        leaving, staying = asyncio.create_task(have("b")), asyncio.create_task(have("c"))
        await _rest()
    leaving.cancel()
    await asyncio.wait({leaving, staying})
    assert staying.exception() is None
    await have("d")
