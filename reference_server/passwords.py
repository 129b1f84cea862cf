"""Passwords: Argon2id in a few threads, so that logins neither stop the server nor fill its memory.

Whose password is verified next is shared by address (`shares.py`): a flood from one of them delays its own logins.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from .limits import Limits
from .refusals import Refusal
from .shares import PutOff, Shares

_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_RETRY_AFTER: Final = "5"
"""Seconds."""


class Passwords:
    """Hashes and verifies; at most `logins_at_once` at a time, and `logins_waiting` callers who wait."""

    def __init__(self, limits: Limits, met: Callable[[str], object]) -> None:
        self._met = met
        self._threads = ThreadPoolExecutor(limits.logins_at_once, "argon2")
        self._shares = Shares(limits.logins_at_once, limits.logins_waiting)
        self._nobodys = _HASHER.hash("nobody's")

    async def hash(self, password: str) -> str:
        """The hash to keep."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, _HASHER.hash, password)

    async def matches(self, password: str, kept: str | None, address: str) -> bool:
        """Whether this is the password; takes as long for an unknown user (`kept` is None) as for a known one.

        Raises Refusal where too many wait, most of whom come from this address.
        """
        try:
            async with self._shares.turn(address):
                loop = asyncio.get_running_loop()
                same = await loop.run_in_executor(self._threads, _verify, kept or self._nobodys, password)
        except PutOff:
            self._met("logins_waiting")
            raise Refusal(
                "unavailable",
                "Too many people are logging in at the moment: try again in a few seconds.",
                headers={"Retry-After": _RETRY_AFTER},
            ) from None
        return same and kept is not None

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _verify(kept: str, password: str) -> bool:
    try:
        return _HASHER.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False
