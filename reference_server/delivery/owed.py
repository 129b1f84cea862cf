"""What is owed: messages whose user must acknowledge them, and when each is sent again. No I/O; time is an argument.

When to send again follows from when the message was committed, so nothing about attempts is kept anywhere.
"""

import heapq
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from eventproof.catalog import Retry

_SOON: Final = 2.0
"""Seconds after which what has ended comes again, where it could not be settled."""
_ROUNDING: Final = 0.001
"""Seconds; what a sum of large and small numbers may be off."""


@dataclass(frozen=True, slots=True)
class Policy:
    """When what is not acknowledged is sent again, in seconds after it was committed, and when that ends."""

    times: tuple[float, ...]
    within: float


@cache
def policy(retry: Retry, first: float | None, within: float | None) -> Policy:
    """The contract's policy, its first pause and its end replaced where the settings say so."""
    chosen = Retry(first or retry.first, retry.factor, retry.longest, within or retry.within)
    return Policy(tuple(chosen.times()), chosen.within)


@dataclass(frozen=True, slots=True)
class Debt:
    """One message that is owed: its place in the journal, whose it is, and what acknowledges it in its system."""

    seq: int
    user_id: str
    system: str
    by: str
    """The name of the acknowledging event."""
    key: str
    """What that event must name."""
    created_at: float
    policy: Policy

    @property
    def ends_at(self) -> float:
        """When it is sent again no more."""
        return self.created_at + self.policy.within

    def due_after(self, now: float) -> float:
        """When it is next sent again, or ends."""
        times = self.policy.times
        following = bisect_right(times, now - self.created_at + _ROUNDING)
        return self.created_at + times[following] if following < len(times) else self.ends_at


class Owed:
    """All debts, by their place, by what acknowledges them, and by their user."""

    def __init__(self) -> None:
        self._debts: dict[int, Debt] = {}
        self._by_key: dict[tuple[str, str, str], int] = {}
        self._by_user: dict[str, set[int]] = {}
        self._due: list[tuple[float, int]] = []

    def add(self, debt: Debt, now: float) -> None:
        """It is owed from now on."""
        self._debts[debt.seq] = debt
        self._by_key[_key(debt)] = debt.seq
        self._by_user.setdefault(debt.user_id, set()).add(debt.seq)
        heapq.heappush(self._due, (debt.due_after(now), debt.seq))

    def find(self, system: str, by: str, key: str) -> Debt | None:
        """The debt that an event of this system, of this name and with this key acknowledges."""
        seq = self._by_key.get((system, by, key))
        return None if seq is None else self._debts[seq]

    def settle(self, debt: Debt) -> None:
        """It is owed no more."""
        if self._debts.pop(debt.seq, None) is None:
            return
        if self._by_key.get(_key(debt)) == debt.seq:
            del self._by_key[_key(debt)]
        mine = self._by_user[debt.user_id]
        mine.remove(debt.seq)
        if not mine:
            del self._by_user[debt.user_id]

    def has(self, user_id: str) -> bool:
        """Whether this user owes anything."""
        return user_id in self._by_user

    def __contains__(self, seq: object) -> bool:
        return seq in self._debts

    def __len__(self) -> int:
        return len(self._debts)

    def __iter__(self) -> Iterator[Debt]:
        return iter(self._debts.values())

    def take_due(self, now: float) -> tuple[list[Debt], list[Debt]]:
        """What is to be sent again now, and what has come to its end, each in the order of the journal.

        What is to be sent again is next due at the time after that; what has ended stays until it is settled, and comes
        again if it is not.
        """
        again: list[Debt] = []
        ended: list[Debt] = []
        for debt in self._taken(now):
            if debt.ends_at <= now:
                ended.append(debt)
                heapq.heappush(self._due, (now + _SOON, debt.seq))
            else:
                again.append(debt)
                heapq.heappush(self._due, (debt.due_after(now), debt.seq))
        return sorted(again, key=_place), sorted(ended, key=_place)

    def _taken(self, now: float) -> list[Debt]:
        taken = []
        while self._due and self._due[0][0] <= now:
            debt = self._debts.get(heapq.heappop(self._due)[1])
            if debt is not None:
                taken.append(debt)
        return taken

    def next_at(self) -> float | None:
        """When anything is due next."""
        while self._due and self._due[0][1] not in self._debts:
            heapq.heappop(self._due)
        return self._due[0][0] if self._due else None


def _place(debt: Debt) -> int:
    return debt.seq


def _key(debt: Debt) -> tuple[str, str, str]:
    return debt.system, debt.by, debt.key
