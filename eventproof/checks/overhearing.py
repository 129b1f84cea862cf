"""What a listener who saw no call can tell of an event: is it known, does it fit, for whom, in what order. Pure.

An audience is judged where the payload tells all of it and it is of rooms that hang on who somebody is: their own, that
of their role. Who is in any other room a listener cannot know, so there nobody is blamed. An order is judged between
connections that were all open when the first event of its key came: what they heard of it, they heard alike.
"""

from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from eventproof.catalog import Event, is_of_role
from eventproof.history import Kind, Record

from .closing import is_end
from .content import content
from .contract import Known, invalid, outside_the_catalogue
from .finding import Finding
from .order import one_order

__all__ = ["Judged", "Listener", "Overheard"]

_ANYBODY: Final = frozenset({"connection", "everyone"})
_KEYS: Final = 2_000
"""So many keys of an order are known at once; that which is longest silent is forgotten first."""
_LONGEST: Final = 50
"""So many events of one key are known on each connection."""
_NAMES: Final = 200
"""So many names that no contract has are told apart; whatever comes under further ones is counted as one."""
_FURTHER: Final = "(further names)"
_KEPT: Final = 20
"""Findings of one kind that are kept, the first ones."""


class Judged(StrEnum):
    """What is judged of an event that came."""

    SCOPE = "scope"
    SCHEMA = "schema"
    AUDIENCE = "audience"
    ORDER = "order"


@dataclass(frozen=True, slots=True)
class Listener:
    """Who listens: their rooms, by who they are."""

    rooms: frozenset[str]


@dataclass(slots=True)
class Heard:
    """The account of one event on one channel."""

    channel: str
    name: str
    event: Event | None
    count: int = 0
    last: float = 0.0
    """When the last one came, on the history's clock."""
    judged: Counter[Judged] = field(default_factory=Counter)
    wrong: Counter[Judged] = field(default_factory=Counter)
    is_for_anybody: bool = False
    """Whether it leaks to nobody."""
    findings: dict[Judged, list[Finding]] = field(default_factory=dict)


@dataclass(slots=True)
class _Key:
    """What the connections that were open at its first event heard of one key."""

    there: frozenset[str]
    heard: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    is_swapped: bool = False


class Overheard:
    """Takes the records of a history as they come; `account` is what came of it so far, by channel and name."""

    def __init__(self, known: Known, listeners: Mapping[str, Listener]) -> None:
        self.account: dict[tuple[str, str], Heard] = {}
        self._known, self._listeners = known, listeners
        self._open: dict[str, str] = {}
        """The connections that are open, each with its channel."""
        self._rooms: dict[str, set[str]] = {}
        self._strange: set[tuple[str, str]] = set()
        self._keys: OrderedDict[tuple[str, str], _Key] = OrderedDict()

    def take(self, record: Record) -> Iterator[Finding]:
        """Take the next record; what it shows to be wrong."""
        match record.kind:
            case Kind.OPENED:
                self._open[record.connection] = record.channel
            case Kind.JOINED:
                self._rooms.setdefault(record.connection, set()).add(record.name)
            case Kind.RECEIVED:
                yield from self._receive(record)
            case _ if is_end(record):
                self._open.pop(record.connection, None)
                self._rooms.pop(record.connection, None)

    def _receive(self, record: Record) -> Iterator[Finding]:
        event = self._known.get((record.channel, record.name))
        name = record.name if event is not None or self._is_told_apart(record) else _FURTHER
        heard = self.account.setdefault((record.channel, name), Heard(record.channel, name, event))
        heard.is_for_anybody = event is not None and bool(_ANYBODY & set(event.audience))
        heard.count, heard.last = heard.count + 1, record.at
        judgements: list[tuple[Judged, list[Finding] | None]] = [
            (Judged.SCOPE, list(outside_the_catalogue([record], self._known)))
        ]
        if event is not None:
            judgements += [
                (Judged.SCHEMA, list(invalid([record], self._known))),
                (Judged.AUDIENCE, self._audience(record, event)),
                (Judged.ORDER, self._order(record, event)),
            ]
        for judged, found in judgements:
            if found is not None:
                yield from _entered(heard, judged, found)

    def _is_told_apart(self, record: Record) -> bool:
        """Whether a name that no contract has gets an account of its own: a server may make up any number."""
        self._strange |= {(record.channel, record.name)} if len(self._strange) < _NAMES else set()
        return (record.channel, record.name) in self._strange

    def _audience(self, record: Record, event: Event) -> list[Finding] | None:
        """None where nobody can tell whom it is for."""
        listener = self._listeners.get(record.actor)
        if listener is None or _ANYBODY & set(event.audience):
            return None
        fields = record.payload if isinstance(record.payload, Mapping) else {}
        audience = event.lawful_after(None, fields)
        if audience.rooms & (listener.rooms | self._rooms.get(record.connection, set())):
            return []
        if audience.untold or not audience.rooms or not all(map(_is_of_somebody, audience.rooms)):
            return None
        return [
            Finding(
                f"{record.actor} received `{record.name}`, which is not for them",
                expected=f"only {', '.join(sorted(audience.rooms))} to receive it",
                observed=f"{record.connection} received it",
                record=record,
            )
        ]

    def _order(self, record: Record, event: Event) -> list[Finding] | None:
        """None where no order is promised, nobody else listens to the same, or it may have been sent again."""
        key = event.key(record.payload)
        if key is None or (event.ack is not None and event.ack.retry is not None):
            return None
        place = (record.channel, str(key))
        there = frozenset(name for name, channel in self._open.items() if channel == record.channel)
        known = self._keys.setdefault(place, _Key(there))
        self._keys.move_to_end(place)
        if len(self._keys) > _KEYS:
            self._keys.popitem(last=False)
        if record.connection not in known.there or len(known.there) < 2 or known.is_swapped:
            return None
        mine = known.heard.setdefault(record.connection, [])
        said = content(event, record.payload)
        if said in mine or len(mine) >= _LONGEST:
            return None
        mine.append(said)
        if len(known.heard) < 2:
            return None
        found = list(one_order(known.heard))
        known.is_swapped = bool(found)
        return found


def _is_of_somebody(room: str) -> bool:
    return room.startswith("user:") or is_of_role(room)


def _entered(heard: Heard, judged: Judged, found: list[Finding]) -> Iterator[Finding]:
    heard.judged[judged] += 1
    if found:
        heard.wrong[judged] += 1
        kept = heard.findings.setdefault(judged, [])
        kept += found[: max(0, _KEPT - len(kept))]
        yield from found
