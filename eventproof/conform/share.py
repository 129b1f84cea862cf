"""Which part of a large pool of users a run takes, so that two runs at the same time take different ones."""

import hashlib
import os
import random
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, TypeVar

__all__ = ["Share"]

_SMALLEST = 40
"""Users of a share: no case takes more at once, and nobody is used up by one run."""
_MOST = 4

_T = TypeVar("_T")


class Share:
    """A share of the users of one target. The seed chooses it; where another run of this machine has it, the next one.

    Release it when the run is over.
    """

    def __init__(self, url: str, seed: int) -> None:
        self._name = hashlib.sha256(url.encode()).hexdigest()[:16]
        self._seed = seed
        self._lock: IO[bytes] | None = None

    def of(self, people: Sequence[_T]) -> tuple[Sequence[_T], Sequence[_T]]:
        """Those of the share, and the others, who are a reserve; all of them where they are too few to be shared."""
        count = min(len(people) // _SMALLEST, _MOST)
        if count < 2:
            return people, ()
        size, number = len(people) // count, self._take(count)
        begin = number * size
        turned = [*people[begin:], *people[:begin]]
        return turned[:size], turned[size:]

    def release(self) -> None:
        """Let another run have it."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _take(self, count: int) -> int:
        first = random.Random(f"{self._seed}/share").randrange(count)  # noqa: S311 - repeatable, not secret
        order = [(first + step) % count for step in range(count)]
        return next((number for number in order if self._locked(number)), first)

    def _locked(self, number: int) -> bool:
        """Whether this share is ours from now on: the lock goes with the process, however it ends."""
        try:
            import fcntl
        except ImportError:
            return True
        path = Path(tempfile.gettempdir()) / f"eventproof-{os.getuid()}-{self._name}-{number}.lock"
        with suppress(OSError):
            lock = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "rb+")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                lock.close()
                return False
            self._lock = lock
            return True
        return True
