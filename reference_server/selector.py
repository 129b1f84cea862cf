"""A selector that keeps a crowd from holding up the loop: it tells a bounded number of events at a time, data first.

asyncio works off all that one call of `select` gives before it looks again. Where thousands of clients vanish at once,
that would be thousands of endings, and whoever asks something meanwhile waits behind them. So endings queue here, out
of the kernel's sight, and are told a few at a time beside whatever else is there. What came before an ending is not
lost: it is read first, as the descriptor is watched again until nothing is left.
"""

import math
import select
from collections.abc import Mapping
from contextlib import suppress
from itertools import islice
from selectors import EVENT_READ, EVENT_WRITE, BaseSelector, SelectorKey
from typing import Any, Final

MOST_EVENTS: Final = 256
MOST_ENDINGS: Final = 64
_UNWATCHED_AT_ONCE: Final = 4096
"""Of a crowd that ends: those that are not watched any more cost nothing until they are told."""
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
        self._watched_endings: dict[int, int] = {}
        """The same of those that end; the kernel tells of these again and again."""
        self._unwatched_endings: dict[int, int] = {}
        """Those that end, and that the kernel does not watch any more."""
        self._unwatched: set[int] = set()
        """The latter, and those of them that were told last."""
        self._told: list[int] = []
        """Those that were told last of whom the kernel does not watch."""

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
        self._watched_endings.pop(fd, None)
        self._unwatched_endings.pop(fd, None)
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
            self._look(0 if self._unwatched_endings or self._watched_endings else timeout)
        told = self._next(self._ready, self._most_events)
        return told if not self._unwatched_endings and not self._watched_endings else told + self._next_endings()

    def _look(self, timeout: float | None) -> None:
        # epoll waits for whole milliseconds, and asyncio for at least as long as it says.
        seconds = -1 if timeout is None else 0 if timeout <= 0 else math.ceil(timeout * 1e3) / 1e3
        try:
            found = self._epoll.poll(seconds, max(len(self._keys), 1))
        except InterruptedError:
            return
        for fd, event in found:
            if event & _ENDING:
                self._watched_endings[fd] = event
            else:
                self._ready[fd] = event

    def _next(self, queue: dict[int, int], most: int) -> list[tuple[SelectorKey, int]]:
        told = []
        for fd in list(islice(queue, most)):
            event, key = queue.pop(fd), self._keys.get(fd)
            if key is not None:
                seen = (EVENT_READ if event & _READABLE else 0) | (EVENT_WRITE if event & _WRITABLE else 0)
                told.append((key, seen & key.events))
        return told

    def _next_endings(self) -> list[tuple[SelectorKey, int]]:
        told = self._next(self._unwatched_endings, self._most_endings)
        self._told.extend(key.fd for key, _ in told)
        told += self._next(self._watched_endings, self._most_endings - len(told))
        for fd in list(islice(self._watched_endings, _UNWATCHED_AT_ONCE)):
            self._unwatch(fd)
            self._unwatched.add(fd)
            self._unwatched_endings[fd] = self._watched_endings.pop(fd)
        return told

    def _watch_again(self) -> None:
        """Those whose ending was told, and who are still there: more could be read than was."""
        for fd in self._told:
            if fd in self._unwatched:
                self._unwatched.discard(fd)
                with suppress(OSError):
                    self._epoll.register(fd, _wanted(self._keys[fd].events))
        self._told.clear()

    def _unwatch(self, fd: int) -> None:
        try:  # noqa: SIM105 - a context manager takes as long as the call
            self._epoll.unregister(fd)
        except OSError:
            pass  # It is closed already.

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
