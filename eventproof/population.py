"""Who takes part in the swarm `traffic`, and what they do: `[traffic]` of a profile, as values. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from .settings import Table, nearest, shown

__all__ = ["Habit", "Population", "read"]

_MOST: Final = 100_000.0


class Habit(Enum):
    """What a user does beside hearing what they are told."""

    ACT = "acts"
    LISTEN = "only listens"
    SLOW = "reads nothing"
    SILENT = "never acknowledges"
    CUT = "loses the connection now and then"


_SHARES: Final[Mapping[str, Habit]] = {
    "listen": Habit.LISTEN,
    "slow": Habit.SLOW,
    "silent": Habit.SILENT,
    "cut": Habit.CUT,
}
"""The keys that say which share of the users has a habit; all others act."""


@dataclass(frozen=True, slots=True)
class Population:
    """What a profile says of it; nothing has to be said."""

    system: str = ""
    """The contract that it is about; empty: the first one under test."""
    rates: Mapping[str, float] = field(default_factory=dict)
    """How often a second each call, or event of a client, is made by all together; empty: whatever causes anything."""
    people: Mapping[str, int] = field(default_factory=dict)
    """How many of each further role are connected beside the users."""
    shares: Mapping[Habit, float] = field(default_factory=dict)
    things: int = 5
    """How many rooms, or other things that somebody asks to be told of, each process has."""
    cut_every: float = 30.0
    """Seconds between two times that one of those who are cut has no connection, about."""
    cut_for: float = 2.0
    """How long that lasts, about, in seconds."""

    @property
    def nobody_acts(self) -> bool:
        """Whether everybody has another habit."""
        return _all(self.shares) >= 1

    def habits(self) -> Iterator[tuple[Habit, float]]:
        """Each with its share: first those who act, so that of however few somebody does."""
        yield Habit.ACT, 1 - _all(self.shares)
        yield from ((habit, self.shares[habit]) for habit in Habit if habit in self.shares)


def read(table: Table, systems: Iterable[str], calls: Iterable[str], people: Mapping[str, int]) -> Population:
    """`[traffic]`; `calls` are the operations of the target, `people` how many there are of each role.

    Raises UsageError, in words.
    """
    usual = Population()
    shares = {habit: _number(table, key, most=1) for key, habit in _SHARES.items() if key in table}
    table.check("listen", "" if _all(shares) <= 1 else "and slow, silent and cut are more than 1 together")
    system = table.text("system", "")
    known = tuple(systems)
    if system and system not in known:
        table.fail("system", f'names "{system}", which is not under test{nearest(system, known)}')
    result = Population(
        system,
        _rates(table.table("rates"), tuple(calls)),
        _people(table.table("people"), people),
        shares,
        table.number("things", usual.things),
        table.duration("cut_every", usual.cut_every),
        table.duration("cut_for", usual.cut_for),
    )
    table.finish()
    return result


def _all(shares: Mapping[Habit, float]) -> float:
    return round(sum(shares.values()), 9)


def _rates(table: Table, calls: tuple[str, ...]) -> dict[str, float]:
    rates = {}
    for name in table.names():
        if name not in calls:
            table.fail(name, f"is no call, and no event of a client, that causes anything{nearest(name, calls)}")
        rates[name] = _number(table, name, most=_MOST)
    return rates


def _people(table: Table, known: Mapping[str, int]) -> dict[str, int]:
    people = {}
    for role in table.names():
        people[role] = table.number(role, 1)
        if people[role] > known.get(role, 0):
            table.fail(role, f"asks for {people[role]} people, and the profile gives {known.get(role, 0)} of that role")
    return people


def _number(table: Table, key: str, *, most: float) -> float:
    """A number from 0 to `most`."""
    value = table.template(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        table.fail(key, f"must be a number from 0 to {most:g}, not {shown(value)}")
    return float(value)
