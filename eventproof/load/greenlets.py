"""gevent at the engine's edge: what waits, and what runs beside all else. Nothing else of a swarm names gevent."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import gevent
from gevent import Greenlet, Timeout, getcurrent, killall, sleep, spawn, spawn_later
from gevent import GreenletExit as Cancelled
from gevent.event import AsyncResult, Event
from gevent.lock import BoundedSemaphore
from gevent.pool import Group, Pool

__all__ = [
    "AsyncResult",
    "BoundedSemaphore",
    "Cancelled",
    "Event",
    "Greenlet",
    "Group",
    "Pool",
    "Timeout",
    "getcurrent",
    "interrupt",
    "joinall",
    "killall",
    "on_signal",
    "sleep",
    "spawn",
    "spawn_later",
    "together",
]

_Result = TypeVar("_Result")


def together(works: Iterable[Callable[[], _Result]]) -> list[_Result]:
    """Do all of it at once, and wait for the results, in their order; raises what the first of them raises."""
    under_way = [spawn(work) for work in works]
    return [one.get() for one in under_way]


def joinall(greenlets: Sequence[Greenlet], *, timeout: float) -> None:
    """Wait until all have ended, at most `timeout` seconds.

    gevent counts these from when its loop last looked at the clock: after a long computation they were over at once.
    """
    gevent.get_hub().loop.update_now()
    gevent.joinall(greenlets, timeout=timeout)


def on_signal(number: int, handler: Callable[[], Any]) -> None:
    """Call `handler` when the signal comes, between whatever runs."""
    gevent.signal_handler(number, handler)


def interrupt() -> None:
    """Raise KeyboardInterrupt in the main greenlet, whichever runs now."""
    gevent.get_hub().handle_system_error(KeyboardInterrupt, KeyboardInterrupt())
