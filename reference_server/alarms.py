"""Alarms: the timers that every connection has, and that are put off or called off far more often than they ring.

asyncio keeps its timers in a heap, where each that was called off stays until half of them were: then it sorts the rest
anew, which takes 30 ms where 15,000 clients have left. Here those that are due within one tick lie together. Setting
one and calling it off takes the same time however many there are, and leaves nothing behind.
"""

import asyncio
import math
from collections.abc import Callable
from itertools import islice
from typing import Final

TICK: Final = 0.05
"""Seconds by which an alarm may ring late."""
_AT_ONCE: Final = 64
"""How many ring before the loop looks at anything else."""


class Alarm:
    """One that was set."""

    __slots__ = ("_act", "_due")

    def __init__(self, due: "_Due", act: Callable[[], None]) -> None:
        self._due: _Due | None = due
        self._act: Callable[[], None] | None = act

    def cancel(self) -> None:
        """It does not ring any more."""
        due, self._due, self._act = self._due, None, None
        if due is not None:
            due.drop(self)

    def ring(self) -> None:
        """Its time has come."""
        act = self._act
        self.cancel()
        if act is not None:
            act()


class Alarms:
    """Those of one server."""

    def __init__(self, tick: float = TICK) -> None:
        self._tick = tick
        self._due: dict[int, _Due] = {}

    def after(self, seconds: float, act: Callable[[], None]) -> Alarm:
        """Do this in so many seconds."""
        loop = asyncio.get_running_loop()
        number = math.ceil((loop.time() + seconds) / self._tick)
        due = self._due.get(number)
        if due is None:
            due = self._due[number] = _Due(self._due, number)
            due.timer = loop.call_at(number * self._tick, due.ring)
        alarm = Alarm(due, act)
        due.alarms[alarm] = None
        return alarm

    def __len__(self) -> int:
        return sum(len(due.alarms) for due in self._due.values())


class _Due:
    """The alarms of one tick."""

    __slots__ = ("_all", "_number", "alarms", "timer")

    def __init__(self, all_: dict[int, "_Due"], number: int) -> None:
        self._all = all_
        self._number = number
        self.alarms: dict[Alarm, None] = {}
        self.timer: asyncio.Handle | None = None

    def drop(self, alarm: Alarm) -> None:
        """One was called off, or rings; the last one takes the timer with it."""
        self.alarms.pop(alarm, None)
        if not self.alarms and self.timer is not None:
            self.timer.cancel()
            self.timer = None
            del self._all[self._number]

    def ring(self) -> None:
        """Let a few ring, and the others when the loop has looked at everything else."""
        loop = asyncio.get_running_loop()
        for alarm in list(islice(self.alarms, _AT_ONCE)):
            try:
                alarm.ring()
            except Exception as failure:
                loop.call_exception_handler({"message": "an alarm failed", "exception": failure})
        if self.alarms:
            self.timer = loop.call_soon(self.ring)
