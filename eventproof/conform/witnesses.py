"""Who sees what becomes of everybody else where a protocol is broken: connections that stay, a call that is answered.

They have to have heard, and it to have been answered, before the first attack: otherwise nothing is proved.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, TypeVar

from eventproof.client.aio import NotReceived
from eventproof.errors import ContractViolation, EventproofError, Inconclusive, TargetUnavailable

from .case import Case
from .line import Line
from .patience import Limited
from .person import Person

__all__ = ["Witnesses"]

_LIMITED: Final = frozenset({429, 503, 1008, 1013})
"""Statuses of HTTP, and close codes of a WebSocket, by which a server says no to an address, or to everybody."""
_PUT_OFF: Final = frozenset({403, 429, 502, 503})
"""Statuses of a call by which it may be the address that is told off: all of us call from one."""
_PAUSE: Final = 0.5
"""Seconds between two calls."""

_T = TypeVar("_T")


class _Lost(ContractViolation):
    """Connections ended."""


class Witnesses:
    """Those of one case: `user` has a connection on every wire of its system, and calls; the `other` only stays."""

    def __init__(self, case: Case, user: Person, other: Person | None) -> None:
        self.user = user
        self._case, self._other = case, other
        self._most = case.budgets.under_attack
        """Seconds that an answer may take."""
        self._answers = 0
        self._limited = ""
        """Why a call was put off since the last attack began, if one was."""
        self._slowest = 0.0
        """Of the answers since the last attack began."""
        self._lag = 0.0
        """How late we were ourselves meanwhile: what we waited for too long may have been there."""

    @classmethod
    async def of(cls, case: Case) -> "Witnesses":
        """Connected, and having heard; raises Inconclusive where that is not so before anybody breaks anything."""
        others_too = case.system is case.systems[0] and case.target.other_channels  # they belong to no system alone
        witnesses = cls(case, await case.user(), await case.user() if others_too else None)
        await witnesses._connect()
        await case.canary(witnesses.user)
        witnesses._most = max(witnesses._most, 2 * await _before(case, witnesses.user))
        return witnesses

    async def _connect(self) -> None:
        """Connect on every wire, anew where there were connections; raises Inconclusive where that fails."""
        await self.user.leave()
        for name, endpoint in self._case.endpoints:
            for transport in endpoint.transports:
                await self.user.connect(transport, channel=name)
        if self._other is not None:
            await self._other.leave()
            for channel in self._case.target.other_channels or ():
                await self._other.connect_to(channel)

    async def while_attacked(self, by: str, attack: Callable[[bool], Awaitable[_T]]) -> _T:
        """Let others attack, `by` what is said in words, told whether to be half as many at once; what it gives.

        Raises ContractViolation where a witness loses its connection, or no answer comes in time. What was slow once
        may be so on any machine, so it is tried again: then it is blamed. So is what was lost, with half as many: a
        server may bound how many connections an address has.
        """
        try:
            found = await self._watched(by, attack)
        except _Lost as lost:
            self._case.note(f"{lost}: once more, with half as many at once")
            try:
                await self._connect()
            except (Inconclusive, TargetUnavailable):
                raise lost from None
            found = await self._watched(by, attack, few=True)
            self._case.warn(f"ALL-WIRE-1: {lost}, and not with half as many at once")
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

    async def must_still_hear(self, by: str) -> None:
        """Raise ContractViolation where a connection hears no event any more, Inconclusive where none can be caused."""
        self._must_be_open(by)
        try:
            await self._case.canary(self.user)
        except Inconclusive as lost:
            if not isinstance(lost.__cause__, NotReceived):  # nobody knows whether there was anything to hear
                raise
            raise ContractViolation(
                f"a connection that heard before others sent {by} hears nothing any more",
                expected="the event that was heard before, once more",
                observed=str(lost),
            ) from lost
        self._must_be_open(by)

    async def _watched(self, by: str, attack: Callable[[bool], Awaitable[_T]], *, few: bool = False) -> _T:
        self._slowest, self._lag, self._answers, self._limited = 0.0, 0.0, 0, ""
        over = asyncio.Event()
        watch = asyncio.create_task(self._watch(by, over))
        try:
            found = await attack(few)
        except BaseException:
            watch.cancel()
            with suppress(asyncio.CancelledError, EventproofError):
                await watch
            raise
        over.set()
        await watch
        self._must_be_open(by)
        if self._limited and not self._answers:
            raise Inconclusive(f"not one call was answered while others sent {by}: {self._limited}")
        if self._limited:
            self._case.warn(f"ALL-WIRE-1: not every call was answered while others sent {by}: {self._limited}")
        return found

    async def _watch(self, by: str, over: asyncio.Event) -> None:
        """Call until the attack is over, and once behind it."""
        if self._case.target.whoami is None:
            return
        loop = asyncio.get_running_loop()
        is_last = False
        while not is_last:
            is_last = over.is_set()
            with suppress(Limited):
                self._slowest = max(self._slowest, await self._answered(by))
                self._answers += 1
            slept = loop.time()
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), _PAUSE)
            self._lag = max(self._lag, loop.time() - slept - _PAUSE)

    async def _answered(self, by: str) -> float:
        """How long a call took whose answer is as it was before; one that is not is tried once more.

        Raises ContractViolation where the answer is another one, or none comes; Limited, or Inconclusive, where what
        is said may be said to our address.
        """
        began = self._case.now
        try:
            return await self._once(by)
        except Limited as limited:  # it was tried again already
            self._limited = str(limited)
            raise
        except (ContractViolation, Inconclusive) as why:
            self._case.note(f"once more: {why}")
        await asyncio.sleep(_PAUSE)
        await self._once(by)
        return self._case.now - began - _PAUSE

    async def _once(self, by: str) -> float:
        try:
            answer = await self.user.whoami()
        except Limited:
            raise
        except (Inconclusive, TargetUnavailable) as silence:
            raise ContractViolation(
                f"the server did not answer any more while others sent {by}",
                expected="an answer, as before",
                observed=str(silence),
            ) from silence
        if answer.status in _PUT_OFF:
            raise Inconclusive(
                f"a call was answered {answer.status} while others sent {by}: all of us call from one address, and so "
                "nothing can be said here"
            )
        if not answer.is_accepted:
            raise ContractViolation(
                f"the server answered otherwise while others sent {by}",
                expected="a success (2xx), as before",
                observed=str(answer),
            )
        return self._case.now - answer.began

    def _must_be_open(self, by: str) -> None:
        others = () if self._other is None else self._other.lines
        lost = [line for line in (*self.user.lines, *others) if not line.is_open]
        limited = [line for line in lost if line.closed and line.closed.code in _LIMITED]
        if limited:  # all of us call from one address
            code = limited[0].closed.code if limited[0].closed else ""
            raise Inconclusive(
                f"a connection ended with {code} while others sent {by}, by which a server says no to an address, "
                f"or to everybody, and all of us call from one: {_how(limited[0])}"
            )
        if lost:
            raise _Lost(
                f"{', '.join(map(str, lost))} ended, although it was others who sent {by}",
                expected="an open connection",
                observed="; ".join(_how(line) for line in lost),
            )


async def _before(case: Case, user: Person) -> float:
    """How long a call takes, in seconds, while nobody attacks; raises Inconclusive where that is too long already."""
    if case.target.whoami is None:
        case.warn(
            "ALL-WIRE-1: no call shows whose session a token is of, so whether the server answers as before while "
            'others attack was not looked at; one that does is named by session = "shows" in a contract of your own'
        )
        return 0.0
    answer = (await user.whoami()).must_succeed()
    took = case.now - answer.began
    if took > case.budgets.under_attack:
        raise Inconclusive(
            f"a call took {took:.1f} s before anybody attacked, and may take {case.budgets.under_attack:g} s "
            "meanwhile: set under_attack under [budgets]"
        )
    return took


def _how(line: Line) -> str:
    return f"{line.name}: {line.closed.reason if line.closed else 'gone'}"
