"""Turns: work on what clients send gives way to everybody else's after a few milliseconds.

Whoever has more to do than fits into a turn goes on in one of a later round of the loop, and each round looks at the
sockets first. Those who come new go before those who have had a turn and were not done: so whoever floods waits for
whoever says a word, and not the other way round. Part of each turn is for the latter all the same, so that what goes
on is done although there is no end of what is new.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Final

Work = Callable[[], None]
_PART: Final = 0.25
"""Of a turn: what lasts no longer asks nothing of the loop, and for so long those go on who were not done."""
_WOKEN: Final = 16
"""How many coroutines go on in one turn, as what each will cost cannot be known before."""


class Turns:
    """One turn after another, of so many seconds each; `soon` calls something in the loop's next round."""

    def __init__(self, seconds: float, soon: Callable[[Work], object], clock: Callable[[], float] = monotonic) -> None:
        self._seconds = seconds
        self._soon = soon
        self._clock = clock
        self._began = clock() - 2 * seconds
        self._next_is_due = False
        self._works = False
        """Coroutines went on in the last turn, so what was to be done later has the next one."""
        self._new: deque[Work] = deque()
        self._going_on: deque[Work] = deque()
        self._asleep: deque[asyncio.Future[None]] = deque()

    def over(self) -> bool:
        """Whether the present turn has had its time.

        Another one begins after a pause, and with the loop's next round, which is asked for once part of a turn has
        passed. Until that has come nothing is a pause, be it that another program has the processor.
        """
        passed = self._clock() - self._began
        if self._next_is_due:
            return passed >= self._seconds
        if passed >= self._seconds:
            self._began += passed
        if passed >= self._seconds * _PART:
            self._ask()
        return False

    def later(self, work: Work, *, goes_on: bool = False) -> None:
        """Have this done in a turn to come; `goes_on` says that it has had one and was not done."""
        (self._going_on if goes_on else self._new).append(work)
        self._ask()

    async def turn(self) -> None:
        """Wait, where the present turn is over, for one to come; what others did in that by then holds up nobody."""
        if self.over():
            sleeper = asyncio.get_running_loop().create_future()
            self._asleep.append(sleeper)
            self._ask()
            await sleeper

    def _ask(self) -> None:
        if not self._next_is_due:
            self._next_is_due = True
            self._soon(self._next)

    def _next(self) -> None:
        self._next_is_due = False
        self._began = self._clock()
        self._works = not self._asleep or (self._works and bool(self._new or self._going_on))
        try:
            if self._works:
                self._do()
            else:
                self._wake()
        finally:
            self._works = not self._works
            if len(self):
                self._ask()

    def _do(self) -> None:
        until, one_waits = self._began + self._seconds, bool(self._going_on)
        self._do_some(self._new, until - self._seconds * _PART)
        if one_waits:
            self._going_on.popleft()()
        self._do_some(self._going_on, until)
        self._do_some(self._new, until)

    def _do_some(self, waiting: deque[Work], until: float) -> None:
        while waiting and self._clock() < until:
            waiting.popleft()()

    def _wake(self) -> None:
        for _ in range(min(len(self._asleep), _WOKEN)):
            sleeper = self._asleep.popleft()
            if not sleeper.done():
                sleeper.set_result(None)

    def __len__(self) -> int:
        """How many wait for one."""
        return len(self._new) + len(self._going_on) + len(self._asleep)
