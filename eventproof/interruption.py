"""Whether somebody wants this process to end: Ctrl-C, a CI that cancels (SIGTERM), a terminal that closes (SIGHUP).

A signal is recorded where it arrives. An exception that a handler raises may be lost: Python swallows it where a
finalizer happens to run, and so may a case. So `heed` is asked between the parts of a long work, and raises what was
lost; and while a loop runs, nothing is raised at all, but what it runs is cancelled. The first signal ends a run with
its results, the second one at once.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["HEEDED", "Interruption"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_USUAL = (signal.SIG_DFL, signal.default_int_handler)


class Interruption:
    """The signals of this process; there is one, `HEEDED`, since signals are the process's own."""

    def __init__(self) -> None:
        self._arrived = 0
        self._heeded = 0
        self._cancel: Callable[[], object] | None = None

    @property
    def was_asked(self) -> bool:
        """Whether a signal arrived since the handlers were installed."""
        return self._arrived > 0

    @property
    def is_urgent(self) -> bool:
        """Whether somebody would not wait for the results."""
        return self._arrived > 1

    @contextmanager
    def listening(self, *, owned: bool = False) -> Iterator[None]:
        """Record signals while the block runs; those that the caller has a handler for, or ignores, are left to it.

        Where the process is `owned`, it is ours from its first line, so only those are left that it was told to ignore.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.getsignal(number) for number in _SIGNALS}
        ours = [
            number
            for number, handler in before.items()
            if (handler is not signal.SIG_IGN if owned else handler in _USUAL)
        ]
        if ours:
            self._arrived = self._heeded = 0
        for number in ours:
            signal.signal(number, self._arrive)
        try:
            yield
        finally:
            for number in ours:
                signal.signal(number, before[number])

    @contextmanager
    def cancelling(self, cancel: Callable[[], object]) -> Iterator[None]:
        """While the block runs, the first signal calls `cancel`, in the main thread, and raises nothing."""
        before, self._cancel = self._cancel, cancel
        try:
            yield
        finally:
            self._cancel = before

    def heed(self) -> None:
        """Raise KeyboardInterrupt for a signal that arrived, and that nobody has heeded yet."""
        if self._arrived > self._heeded:
            self._heeded = self._arrived
            raise KeyboardInterrupt

    def accept(self) -> None:
        """What was raised has been caught by whoever ends the run."""
        self._heeded = self._arrived

    def was_expected(self) -> None:
        """The signal that arrived, if one did, was what the run waited for: it ends as any other one."""
        if not self.is_urgent:
            self._arrived = self._heeded = 0

    def _arrive(self, _number: int, _frame: FrameType | None) -> None:
        self._arrived += 1
        if self._cancel is None or self.is_urgent:
            raise KeyboardInterrupt
        self._cancel()


HEEDED = Interruption()
