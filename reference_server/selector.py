"""A selector that keeps a crowd from holding up the loop: it tells a bounded number of events at a time, data first.

asyncio works off all that one call of `select` gives before it looks again. Where thousands of clients vanish at once,
that would be thousands of endings, and whoever asks something meanwhile waits behind them. So endings queue here, out
of the kernel's sight, and are told a few at a time beside whatever else is there. What came before an ending is not
lost: it is read first, as the descriptor is watched again until nothing is left.
"""

import math
import select
from collections.abc import Iterable, Mapping
from contextlib import suppress
from itertools import islice
from selectors import EVENT_READ, EVENT_WRITE, BaseSelector, SelectorKey
from typing import Any, Final

MOST_EVENTS: Final = 256
MOST_ENDINGS: Final = 64
_ENDING: Final = select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR
_READABLE: Final = select.EPOLLIN | select.EPOLLPRI | _ENDING
_WRITABLE: Final = select.EPOLLOUT | select.EPOLLHUP | select.EPOLLERR


class FairSelector(BaseSelector):
    """By Linux's epoll."""

    def __init__(self, most_events: int = MOST_EVENTS, most_endings: int = MOST_ENDINGS) -> None:
        self._most_events = most_events
        self._most_endings = most_endings
        self._epoll = select.epoll()
        self._keys: dict[int, SelectorKey] = {}
        self._ready: dict[int, int] = {}
        """What the kernel has told of each descriptor, and we have not, in the order in which it came."""
        self._endings: dict[int, int] = {}
        """The same of those that end."""
        self._unwatched: set[int] = set()
        """Those that the kernel does not watch: their ending is queued, or was told last."""
        self._told: list[int] = []
        """Whose ending was told last."""

    def register(self, fileobj: Any, events: int, data: Any = None) -> SelectorKey:
        """Raises KeyError where it is registered already, OSError where it cannot be watched."""
        fd = _descriptor(fileobj)
        if fd in self._keys:
            raise KeyError(f"{fileobj!r} is registered already")
        self._epoll.register(fd, _wanted(events))
        key = self._keys[fd] = SelectorKey(fileobj, fd, events, data)
        return key

    def unregister(self, fileobj: Any) -> SelectorKey:
        """Raises KeyError where it is not registered."""
        fd = _descriptor(fileobj)
        key = self._keys.pop(fd)
        self._ready.pop(fd, None)
        self._endings.pop(fd, None)
        if fd in self._unwatched:
            self._unwatched.discard(fd)
        else:
            self._unwatch(fd)
        return key

    def modify(self, fileobj: Any, events: int, data: Any = None) -> SelectorKey:
        """Raises KeyError where it is not registered."""
        fd = _descriptor(fileobj)
        if events != self._keys[fd].events and fd not in self._unwatched:
            self._epoll.modify(fd, _wanted(events))
        key = self._keys[fd] = SelectorKey(fileobj, fd, events, data)
        return key

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        """What can be read or written; waits for so many seconds at most, None: for ever."""
        self._watch_again()
        if not self._ready:  # Whoever is told of first has its next turn behind all others.
            self._look(0 if self._endings else timeout)
        return [*self._next(self._ready, self._most_events), *self._next_endings()]

    def _look(self, timeout: float | None) -> None:
        # epoll waits for whole milliseconds, and asyncio for at least as long as it says.
        seconds = -1 if timeout is None else 0 if timeout <= 0 else math.ceil(timeout * 1e3) / 1e3
        try:
            found = self._epoll.poll(seconds, max(len(self._keys), 1))
        except InterruptedError:
            return
        ending = [(fd, event) for fd, event in found if event & _ENDING]
        self._endings.update(ending)
        self._ready.update((fd, event) for fd, event in found if not event & _ENDING)
        if len(self._endings) > self._most_endings:
            for fd, _ in ending:
                self._unwatch(fd)
                self._unwatched.add(fd)

    def _next(self, queue: dict[int, int], most: int) -> Iterable[tuple[SelectorKey, int]]:
        for fd in list(islice(queue, most)):
            event, key = queue.pop(fd), self._keys.get(fd)
            if key is not None:
                seen = (EVENT_READ if event & _READABLE else 0) | (EVENT_WRITE if event & _WRITABLE else 0)
                yield key, seen & key.events

    def _next_endings(self) -> Iterable[tuple[SelectorKey, int]]:
        for told in self._next(self._endings, self._most_endings):
            self._told.append(told[0].fd)
            yield told

    def _watch_again(self) -> None:
        """Those whose ending was told, and who are still there: more could be read than was."""
        for fd in self._told:
            if fd in self._unwatched:
                self._unwatched.discard(fd)
                with suppress(OSError):
                    self._epoll.register(fd, _wanted(self._keys[fd].events))
        self._told.clear()

    def _unwatch(self, fd: int) -> None:
        with suppress(OSError):  # It may be closed already.
            self._epoll.unregister(fd)

    def get_map(self) -> Mapping[Any, SelectorKey]:
        """By descriptor."""
        return self._keys

    def get_key(self, fileobj: Any) -> SelectorKey:
        """Raises KeyError where it is not registered."""
        return self._keys[_descriptor(fileobj)]

    def close(self) -> None:
        """Watch nothing more."""
        self._epoll.close()
        self._keys.clear()


def _descriptor(fileobj: Any) -> int:
    return fileobj if isinstance(fileobj, int) else int(fileobj.fileno())


def _wanted(events: int) -> int:
    reading = select.EPOLLIN | select.EPOLLRDHUP if events & EVENT_READ else 0
    return reading | (select.EPOLLOUT if events & EVENT_WRITE else 0)
