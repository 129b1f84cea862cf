"""Which events somebody acknowledged, and whether the sender must know of it by now.

Pure: times are arguments, in seconds on one clock. An acknowledgement that was just sent may still be on its way, and
one that was sent just before its connection was lost may never arrive: until then the event may be sent again.
"""

from collections import deque
from collections.abc import Hashable

__all__ = ["Acks"]

_Ack = tuple[Hashable, Hashable]


class Acks:
    """The acknowledgements of one process.

    `arrival` is how long one may be on its way; `kept` how long it is remembered; in seconds.
    """

    def __init__(self, *, arrival: float, kept: float) -> None:
        self._arrival = arrival
        self._kept = kept
        self._sent: dict[_Ack, float] = {}
        """When the first that counts was sent; `inf` where all were lost on their way."""
        self._by_age: deque[tuple[float, _Ack]] = deque()
        self._on_the_way: dict[Hashable, deque[tuple[float, _Ack]]] = {}

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._sent)

    def sent(self, party: Hashable, what: Hashable, connection: Hashable, *, at: float) -> bool:
        """`party` acknowledged `what` on a connection; whether for the first time."""
        self._forget(at)
        ack = (party, what)
        is_first = ack not in self._sent
        if is_first:
            self._by_age.append((at, ack))
        self._sent[ack] = min(self._sent.get(ack, at), at)
        under_way = self._on_the_way.setdefault(connection, deque())
        while under_way and under_way[0][0] < at - self._arrival:
            under_way.popleft()
        under_way.append((at, ack))
        return is_first

    def lost(self, connection: Hashable, *, at: float) -> None:
        """A connection is gone, and with it what may still have been on its way."""
        for sent, ack in self._on_the_way.pop(connection, ()):
            if sent >= at - self._arrival and self._sent.get(ack) == sent:
                self._sent[ack] = float("inf")

    def is_owed(self, party: Hashable, what: Hashable, *, at: float) -> bool:
        """Whether the sender need not know yet that `party` acknowledged `what`."""
        return at <= self._sent.get((party, what), float("inf")) + self._arrival

    def _forget(self, now: float) -> None:
        while self._by_age and self._by_age[0][0] < now - self._kept:
            self._sent.pop(self._by_age.popleft()[1], None)
