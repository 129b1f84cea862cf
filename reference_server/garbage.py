"""When Python's garbage collector looks at everything: not when people connect, but when enough of them have gone.

Such a full collection stops the server for as long as it takes to visit every object of every connection: 0.8 s were
measured at 6,000 connections, 1 to 2.5 s at 18,000. Python begins one whenever a quarter more objects live. But those
of connections that open are no garbage; it is a connection that has gone which leaves some, as its parts refer to each
other.
"""

import asyncio
import gc
from collections.abc import Callable
from typing import Final

_FEWEST: Final = 1000
_PAUSE: Final = 1.0
"""Seconds until it is done, so that it does not come between the end of a connection and what goes with it, a ban."""
_RARELY: Final = 1000
"""Instead of 10 collections of middle-aged objects before a full one is considered: for rubbish of any other origin."""


def take_over() -> None:
    """In a process that only serves: what lives now stays, and is looked at no more; full collections become rare."""
    gc.collect()
    gc.freeze()
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, _RARELY)


class Garbage:
    """Collects once as many connections have gone as remain: so rubbish never outweighs what lives, for little work."""

    def __init__(self, collect: Callable[[], object] = gc.collect) -> None:
        self._collect = collect
        self._gone = 0

    def left(self, remaining: int) -> None:
        """A connection has gone."""
        self._gone += 1
        if self._gone >= max(remaining, _FEWEST):
            self._gone = 0
            asyncio.get_running_loop().call_later(_PAUSE, self._collect)
