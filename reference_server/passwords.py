"""Passwords: Argon2id in a few threads, so that logins neither stop the server nor fill its memory."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from .refusals import Refusal

_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_AT_ONCE: Final = 2
_WAITING: Final = 512


class Passwords:
    """Hashes and verifies; at most two at a time, and a bounded number of callers who wait."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="argon2")
        self._waiting = 0
        self._nobodys = _HASHER.hash("nobody's")

    async def hash(self, password: str) -> str:
        """The hash to keep."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, _HASHER.hash, password)

    async def matches(self, password: str, kept: str | None) -> bool:
        """Whether this is the password; takes as long for an unknown user (`kept` is None) as for a known one."""
        if self._waiting >= _WAITING:
            raise Refusal("unavailable", "Too many people are logging in at the moment: try again in a few seconds.")
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            same = await loop.run_in_executor(self._threads, _verify, kept or self._nobodys, password)
        finally:
            self._waiting -= 1
        return same and kept is not None

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _verify(kept: str, password: str) -> bool:
    try:
        return _HASHER.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False
