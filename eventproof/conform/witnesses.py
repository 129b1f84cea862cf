"""Who sees what becomes of everybody else where a protocol is broken: connections that stay, a call that is answered.

They have to have heard, and it to have been answered, before the first attack: otherwise nothing is proved.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final, TypeVar

from eventproof.errors import ContractViolation, EventproofError, Inconclusive, TargetUnavailable

from .case import Case
from .line import Line
from .patience import Limited
from .person import Person

__all__ = ["Witnesses"]

_LIMITED: Final = frozenset({429, 503})
_PAUSE: Final = 0.1
"""Seconds between two calls."""

_T = TypeVar("_T")


class Witnesses:
    """Those of one case: `user` has a connection on every wire of its system, and calls; the `others` only stay."""

    def __init__(self, case: Case, user: Person, others: Sequence[Line]) -> None:
        self.user = user
        self._case, self._others = case, others
        self._slowest = 0.0
        """Of the answers since the last attack began."""
        self._lag = 0.0
        """How late we were ourselves meanwhile: what we waited for too long may have been there."""

    @classmethod
    async def of(cls, case: Case) -> "Witnesses":
        """Connected, and having heard; raises Inconclusive where that is not so before anybody breaks anything."""
        user, others = await case.user(), list[Line]()
        for name, endpoint in case.endpoints:
            for transport in endpoint.transports:
                await user.connect(transport, channel=name)
        if case.system is case.systems[0] and case.target.other_channels:  # they belong to no system alone
            other = await case.user()
            others = [await other.connect_to(channel) for channel in case.target.other_channels]
        await case.canary(user)
        if case.target.whoami is not None:
            (await user.whoami()).must_succeed()
        return cls(case, user, others)

    async def while_attacked(self, by: str, attack: Callable[[], Awaitable[_T]]) -> _T:
        """Let others attack, `by` what is said in words; what it gives.

        Raises ContractViolation where a witness loses its connection, or no answer comes in time. What was slow once
        may be so on any machine, so it is tried again: then it is blamed.
        """
        found = await self._watched(by, attack)
        if self._slowest > self._most:
            self._case.note(f"a call took {self._slowest:.1f} s while others sent {by}: once more")
            found = await self._watched(by, attack)
        if self._slowest > self._most and self._lag > self._most / 2:
            raise Inconclusive(f"a call took {self._slowest:.1f} s, and we were {self._lag:.1f} s late ourselves")
        if self._slowest > self._most:
            raise ContractViolation(
                f"the server did not answer as before while others sent {by}",
                expected=f"an answer within {self._most:g} s",
                observed=f"one that took {self._slowest:.1f} s",
            )
        return found

    async def must_still_hear(self) -> None:
        """Raise ContractViolation where a connection hears no event any more, or none can be caused."""
        self._must_be_open("everything")
        try:
            await self._case.canary(self.user)
        except Limited:
            raise
        except (Inconclusive, TargetUnavailable) as lost:
            raise ContractViolation(
                "a connection that heard before others broke the protocol hears nothing any more",
                expected="the event that was heard before, once more",
                observed=str(lost),
            ) from lost

    @property
    def _most(self) -> float:
        return self._case.budgets.under_attack

    async def _watched(self, by: str, attack: Callable[[], Awaitable[_T]]) -> _T:
        self._slowest = self._lag = 0.0
        over = asyncio.Event()
        watch = asyncio.create_task(self._watch(over))
        try:
            found = await attack()
        except BaseException:
            watch.cancel()
            with suppress(asyncio.CancelledError, EventproofError):
                await watch
            raise
        over.set()
        await watch
        self._must_be_open(by)
        return found

    async def _watch(self, over: asyncio.Event) -> None:
        """Call until the attack is over, and once behind it."""
        if self._case.target.whoami is None:
            return
        loop = asyncio.get_running_loop()
        is_last = False
        while not is_last:
            is_last = over.is_set()
            self._slowest = max(self._slowest, await self._answered())
            slept = loop.time()
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), _PAUSE)
            self._lag = max(self._lag, loop.time() - slept - _PAUSE)

    async def _answered(self) -> float:
        """How long a call took whose answer is as it was before; raises ContractViolation where it is not."""
        try:
            answer = await self.user.whoami()
        except Limited:
            return 0.0
        except (Inconclusive, TargetUnavailable) as silence:
            raise ContractViolation(
                "the server did not answer any more while others broke the protocol",
                expected="an answer, as before",
                observed=str(silence),
            ) from silence
        took = self._case.now - answer.began
        if not answer.is_accepted:
            raise ContractViolation(
                "the server answered otherwise while others broke the protocol",
                expected="a success (2xx), as before",
                observed=str(answer),
            )
        return took

    def _must_be_open(self, by: str) -> None:
        lost = [line for line in (*self.user.lines, *self._others) if not line.is_open]
        limited = [line for line in lost if line.closed and line.closed.code in _LIMITED]
        if limited:  # all of us call from one address
            raise Inconclusive(f"the server limits how often one may call, and so {_how(limited[0])}")
        if lost:
            raise ContractViolation(
                f"{', '.join(map(str, lost))} ended, although it was others who sent {by}",
                expected="an open connection",
                observed="; ".join(_how(line) for line in lost),
            )


def _how(line: Line) -> str:
    return f"{line.name}: {line.closed.reason if line.closed else 'gone'}"
