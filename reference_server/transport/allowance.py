"""Allowance: what one client may say. Pure: a time is an argument, in seconds that never go back.

Whoever has not logged in may say little and be refused seldom in any minute, and is closed beyond. Whoever has may say
a second's worth of everything at once; beyond that it is read no faster than each kind of thing may come, so that what
a client sends too fast waits on its own side.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType
from typing import Final

from ..limits import Limits
from ..pace import spent, wait

_AT_ONCE: Final = 1.0
_WINDOW: Final = 60.0


class Kind(Enum):
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
        self.limit = limit
        """Which of `Limits`."""


@dataclass(frozen=True, slots=True)
class Prices:
    """What things cost: seconds for who has logged in, and parts of all that a stranger may do."""

    member: Mapping[Kind, float]
    byte: float
    packet: float
    """Any packet of a stranger."""
    stranger_byte: float
    refusal: float

    @classmethod
    def of(cls, limits: Limits) -> "Prices":
        """Those that follow from the limits."""
        rates = {
            Kind.PACKET: max(limits.packets_a_second, limits.most_events_a_second),
            Kind.JOIN: limits.joins_a_second,
            Kind.HEARTBEAT: limits.heartbeats_a_second,
            Kind.REQUEST: limits.requests_a_second,
        }
        return cls(
            MappingProxyType({kind: _each(rate) for kind, rate in rates.items()}),
            byte=_each(limits.bytes_a_second),
            packet=_each(limits.stranger_packets),
            stranger_byte=_each(limits.stranger_bytes),
            refusal=_each(limits.max_refusals),
        )


def _each(most: float) -> float:
    """What one costs where so many may be; where none may, more than there is."""
    return 1.0 / most if most else 2 * _WINDOW


class Allowance:
    """That of one client."""

    __slots__ = ("_due", "_pardoned", "_prices", "is_member")

    def __init__(self, prices: Prices, *, is_member: bool = False) -> None:
        self._prices = prices
        self._due = 0.0
        """When what it said is paid for, since it logged in."""
        self._pardoned = 0.0
        """When what it said before, and its refusals, count no more."""
        self.is_member = is_member
        """Whether it has logged in."""

    def says(self, kind: Kind, size: int, now: float) -> None:
        """It does something, of so many bytes. Raises TooMuch."""
        prices = self._prices
        if self.is_member:
            self._due = spent(self._due, prices.member[kind] + size * prices.byte, now)
        else:
            few = "stranger_bytes" if size * prices.stranger_byte > prices.packet else "stranger_packets"
            self._charge(prices.packet + size * prices.stranger_byte, few, now)

    def refused(self, now: float) -> None:
        """It was refused. Raises TooMuch where that was once too often."""
        self._charge(self._prices.refusal, "max_refusals", now)

    def _charge(self, part: float, limit: str, now: float) -> None:
        self._pardoned = spent(self._pardoned, part * _WINDOW, now)
        if wait(self._pardoned, _WINDOW, now) > _TOLERANCE:
            raise TooMuch(limit)

    def wait(self, now: float) -> float:
        """The seconds until more of it is read."""
        return wait(self._due, _AT_ONCE, now)


_TOLERANCE: Final = 1e-6
"""Seconds by which a sum of many parts may be wrong."""
