"""Allowance: what one client may say, and when the next of it is read.

Whoever has not logged in may say little in any minute, and be refused seldom; beyond that it is closed. Whoever has
may say some seconds' worth of everything at once, and is then read no faster than each kind of thing may come: what a
client sends too fast waits on its own side. All share the loop by turns, those who have logged in among themselves.
"""

import asyncio
from collections.abc import Callable, Mapping
from enum import IntEnum, auto
from time import monotonic
from typing import Final

from ..limits import Limits
from ..pace import spent, wait
from ..turns import Turns, Work

_AT_ONCE: Final = 5.0
_WINDOW: Final = 60.0
_PATIENCE: Final = 3.0
"""For how many seconds requests of one session may wait: each waits by itself, so nothing else bounds how many do."""
_LEAST_WAIT: Final = 0.05
"""Who has to wait does so for at least as long, and may then say more at once: a timer for each packet costs more."""
_TOLERANCE: Final = 1e-6
"""By which a sum of many parts may be wrong."""


class Kind(IntEnum):
    """What a client does, by what it costs."""

    PACKET = auto()
    """An event, an acknowledgement, a message that is passed over, an empty packet, part of a message."""
    JOIN = auto()
    """CONNECT and DISCONNECT."""
    HEARTBEAT = auto()
    """Pings and pongs of each protocol, and probes."""
    REQUEST = auto()
    """A request of long-polling."""


class TooMuch(Exception):
    """A client went beyond what it may say, or was refused too often; its connection ends."""

    def __init__(self, limit: str) -> None:
        super().__init__(f"{limit} was met")


class Fairness:
    """What the allowances of all clients have in common; `met` is told which of `Limits` closed one.

    `clock` gives seconds that never go back.
    """

    def __init__(
        self, limits: Limits, met: Callable[[str], None] = lambda _: None, clock: Callable[[], float] = monotonic
    ) -> None:
        self.limits = limits
        self.met = met
        self.clock = clock
        self.members = Turns(limits.turn, _soon, clock)
        self.strangers = Turns(limits.stranger_turn, _soon, clock)
        rates = {
            Kind.PACKET: max(limits.packets_a_second, limits.most_events_a_second),
            Kind.JOIN: limits.joins_a_second,
            Kind.HEARTBEAT: limits.heartbeats_a_second,
            Kind.REQUEST: limits.requests_a_second,
        }
        self.prices: Mapping[Kind, float] = {kind: _each(rate) for kind, rate in rates.items()}
        """What each costs a member, in seconds."""
        self.byte = _each(max(limits.bytes_a_second, limits.most_events_a_second * limits.max_event))
        self.stranger_packet = _each(limits.stranger_packets)
        """What it costs a stranger, as a part of all that one may say in a minute."""
        self.stranger_byte = _each(limits.stranger_bytes)
        self.refusal = _each(limits.max_refusals)

    def sizes(self) -> dict[str, int]:
        """How many wait for their turn."""
        return {"turns": len(self.members) + len(self.strangers)}

    def too_much(self, limit: str) -> TooMuch:
        """Count that this limit was met, and give what to raise for it."""
        self.met(limit)
        return TooMuch(limit)


def _soon(work: Work) -> None:
    asyncio.get_running_loop().call_soon(work)


def _each(most: float) -> float:
    """What one costs where so many may be; where none may, more than there is."""
    return 1.0 / most if most else 2 * _WINDOW


class Allowance:
    """That of one client; a stranger until it `is_member`."""

    __slots__ = ("_due", "_fairness", "_forgotten", "_pardoned", "is_member")

    def __init__(self, fairness: Fairness, *, is_member: bool = False) -> None:
        self._fairness = fairness
        self._due = 0.0
        """When what it said is paid for, since it logged in."""
        self._forgotten = 0.0
        """When what it said as a stranger counts no more."""
        self._pardoned = 0.0
        """When its refusals count no more."""
        self.is_member = is_member
        """Whether it has logged in."""

    @property
    def limits(self) -> Limits:
        """Those of all clients."""
        return self._fairness.limits

    # What it does.

    def says(self, kind: Kind, size: int = 0) -> None:
        """It does something, of so many bytes. Raises TooMuch."""
        common = self._fairness
        if self.is_member:
            self._due = spent(self._due, max(common.prices[kind], size * common.byte), common.clock())
            if kind is Kind.REQUEST and self.owes() > _PATIENCE:
                raise self.too_much("requests_a_second")
            return
        packet, content = common.stranger_packet, size * common.stranger_byte
        limit = "stranger_packets" if packet >= content else "stranger_bytes"
        self._forgotten = self._charged(self._forgotten, packet + content, limit)

    def refused(self) -> None:
        """It was refused. Raises TooMuch where that was once too often."""
        self._pardoned = self._charged(self._pardoned, self._fairness.refusal, "max_refusals")

    def too_much(self, limit: str) -> TooMuch:
        """Count that it met this limit, and give what to raise for it."""
        return self._fairness.too_much(limit)

    def _charged(self, due: float, part: float, limit: str) -> float:
        """The time at which a minute's worth is used up no more, after another part of it."""
        now = self._fairness.clock()
        due = spent(due, part * _WINDOW, now)
        if wait(due, _WINDOW, now) > _TOLERANCE:
            raise self.too_much(limit)
        return due

    # When the next of it is read.

    def may_go_on(self) -> bool:
        """Whether it may do the next thing at once."""
        common, due = self._fairness, self._due
        if due and wait(due, _AT_ONCE, common.clock()) > _TOLERANCE:
            return False
        return not (common.members if self.is_member else common.strangers).over()

    def turn_is_over(self) -> bool:
        """Whether what is done for it now should be done in a turn to come."""
        return self._turns.over()

    def owes(self) -> float:
        """For how many seconds nothing more of it is read, as it says more than it may; 0.0 where it does not."""
        due = self._due
        if not due:
            return 0.0
        seconds = wait(due, _AT_ONCE, self._fairness.clock())
        return max(seconds, _LEAST_WAIT) if seconds > _TOLERANCE else 0.0

    def later(self, work: Work, *, goes_on: bool) -> None:
        """Do this in a turn to come; `goes_on` says that it has had one and was not done."""
        self._turns.later(work, goes_on=goes_on)

    async def turn(self) -> None:
        """Wait until it may do the next thing."""
        if seconds := self.owes():
            await asyncio.sleep(seconds)
        await self._turns.turn()

    @property
    def _turns(self) -> Turns:
        return self._fairness.members if self.is_member else self._fairness.strangers
