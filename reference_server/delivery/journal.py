"""The journal: every message that was committed, in order, and what became of it.

A message is written in the transaction that causes it, so what was committed is told even if the server is killed
before it could. It is kept for as long as it may be replayed, and what can be acknowledged for as long as a late
acknowledgement is understood. One server has the journal: what it must know at every message, it keeps in memory.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Float,
    Index,
    Integer,
    String,
    Table,
    Text,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from ..limits import Limits
from ..store.database import Store
from ..store.sql import Prepared, SqlConnection
from ..store.tables import TABLES
from . import pushes
from .entry import ACKED, EXPIRED, OWED, Entry
from .rooms import ADMINS, of_user

_UNDERSTOOD: Final = 24 * 3600.0
"""Seconds for which an acknowledgement is known to belong to something."""
_MOST: Final = 200_000
_MOST_UNDERSTOOD: Final = 1_000_000
"""How many of the latest messages are kept for replays, and for acknowledgements, however young they are."""
_AT_ONCE: Final = 500
"""How many rows one transaction is about at most, so that no other has to wait for long."""
_TOLD_AND_LOST: Final = 10_000
"""So many places are left out at each start: a power cut takes back what was told and not on the disk yet, and whoever
heard of that must not miss what comes in its place."""

T = TypeVar("T")
Whose = tuple[str, str]
"""A user's, of a system."""
_Place = BigInteger().with_variant(Integer, "sqlite")

# The columns are the first fields of `Entry`.
JOURNAL: Final = Table(
    "journal",
    TABLES,
    Column("seq", _Place, primary_key=True, autoincrement=False),
    Column("system", String(32), nullable=False),
    Column("name", String(64), nullable=False),
    Column("room", String(160), nullable=False),
    Column("text", Text, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("order_key", String(64)),
    Column("ack_by", String(64)),
    Column("ack_key", Text),
    Column("ack", String(8), nullable=False),
    Index("journal_by_room", "room", "seq"),
    Index("journal_by_ack", "ack_key", "ack_by"),
)

CONFIRMED: Final = Table(
    "confirmed",
    TABLES,
    Column("user_id", String(64), primary_key=True),
    Column("system", String(32), primary_key=True),
    Column("seq", _Place, nullable=False),
    Column("admin", Boolean, nullable=False, default=False),
)

_COLUMNS: Final = JOURNAL.c.keys()
_ADD: Final = Prepared(insert(JOURNAL), _COLUMNS)
_ACKNOWLEDGED: Final = Prepared(
    select(JOURNAL).where(
        JOURNAL.c.ack_key == bindparam("key"), JOURNAL.c.ack_by == bindparam("by"), JOURNAL.c.system == bindparam("of")
    )
)
_SETTLE: Final = Prepared(update(JOURNAL).where(JOURNAL.c.seq == bindparam("place")).values(ack=ACKED))
_WHOSE: Final = (CONFIRMED.c.user_id == bindparam("whose"), CONFIRMED.c.system == bindparam("of"))
_FORGET: Final = Prepared(delete(CONFIRMED).where(*_WHOSE))
_LET_GO: Final = Prepared(delete(CONFIRMED).where(*_WHOSE, CONFIRMED.c.seq < bindparam("until"), ~CONFIRMED.c.admin))
_CONFIRM: Final = Prepared(insert(CONFIRMED), CONFIRMED.c.keys())


class Journal:
    """The journal in the store, and in memory: where each user's last message is, and how far each has confirmed.

    Both by system: what arrives on a channel proves nothing of a system whose events that channel does not carry.
    """

    def __init__(self, store: Store, limits: Limits) -> None:
        self._store = store
        self._limits = limits
        self.seq = 0
        """The last place that was given away."""
        self._latest: dict[tuple[str, str], int] = {}
        """By room and system."""
        self._confirmed: dict[Whose, int] = {}
        self._admins: set[Whose] = set()
        """The administrators who have been there: what all are told since then is theirs."""
        self._unsaved: set[Whose] = set()
        """Whose confirmation is not saved yet."""
        self._acked: set[int] = set()
        """Acknowledged, and not saved as such yet."""
        self._just_saved: set[int] = set()
        """Acknowledged, and saved so lately that somebody may be reading what was before."""
        self._purged = 0
        self._marks: deque[tuple[float, int]] = deque()
        self._late_marks: deque[tuple[float, int]] = deque()

    async def recall(self) -> list[Entry]:
        """Learn what the last server left; gives what is owed. Once, at the start."""
        async with self._store.reading() as connection:
            place = JOURNAL.c.room, JOURNAL.c.system
            rows = await connection.execute(select(*place, func.max(JOURNAL.c.seq)).group_by(*place))
            self._latest = {(room, system): seq for room, system, seq in rows}
            confirmed = (await connection.execute(select(CONFIRMED))).all()
            self._confirmed = {(row.user_id, row.system): row.seq for row in confirmed}
            self._admins = {(row.user_id, row.system) for row in confirmed if row.admin}
            last = (await connection.execute(select(func.max(pushes.PUSHES.c.seq)))).scalar() or 0
            owed = await connection.execute(select(JOURNAL).where(JOURNAL.c.ack == OWED).order_by(JOURNAL.c.seq))
            entries = [_entry(row) for row in owed]
        self.seq = max(last, *self._latest.values(), *self._confirmed.values(), 0) + _TOLD_AND_LOST
        return entries

    def place(self) -> int:
        """The next place."""
        self.seq += 1
        return self.seq

    # Writing.

    async def write(self, connection: SqlConnection, kept: Sequence[Entry], pushed: Sequence[Entry]) -> None:
        """Write entries, and what of them goes to the push outbox, in the transaction that causes them."""
        await connection.run(_ADD, [_row(entry) for entry in kept])
        await pushes.add(connection, [_pushed(entry, pushes.OFFLINE, entry.created_at) for entry in pushed])

    def committed(self, kept: Iterable[Entry]) -> None:
        """These were committed."""
        for entry in kept:
            self._latest[entry.room, entry.system] = entry.seq

    # How far users have confirmed.

    def confirm(self, user_id: str, system: str, admin: bool, seq: int) -> bool:
        """All of this system up to this place has arrived; gives whether that was worth knowing, and is to be saved."""
        whose = user_id, system
        last = max(self._last(of_user(user_id), system), self._last(ADMINS, system) if admin else 0)
        if self._confirmed.get(whose, 0) >= min(seq, last):
            return False
        self._confirmed[whose] = seq
        self._unsaved.add(whose)
        if admin:
            self._admins.add(whose)
        return True

    def arrive(self, admin_id: str, system: str, told: int) -> None:
        """An administrator is there: what all are told from now on, after the place `told`, is theirs too."""
        whose = admin_id, system
        if self._last(of_user(admin_id), system) and whose not in self._confirmed:
            return  # Their own comes first: what they confirm of it tells where they are.
        if whose not in self._admins:
            self._confirmed.setdefault(whose, told)
            self._admins.add(whose)
            self._unsaved.add(whose)

    def _last(self, room: str, system: str) -> int:
        return self._latest.get((room, system), 0)

    def settle(self, seq: int) -> None:
        """This has been acknowledged, which is to be saved."""
        self._acked.add(seq)

    async def save(self) -> None:
        """Save what was confirmed and acknowledged since the last time."""
        self._unsaved &= self._confirmed.keys()
        confirmed = [(whose, self._confirmed[whose]) for whose in self._unsaved]
        saved: set[int] = set()
        for acked in portions(list(self._acked), _AT_ONCE):
            async with self._store.writing() as connection:
                await connection.run(_SETTLE, [{"place": seq} for seq in acked])
            saved.update(acked)
            self._just_saved.update(acked)
            self._acked.difference_update(acked)
        for some in portions(confirmed, _AT_ONCE):
            async with self._store.writing() as connection:
                await connection.run(_FORGET, [{"whose": user_id, "of": system} for (user_id, system), _ in some])
                await connection.run(
                    _CONFIRM,
                    [
                        {"user_id": whose[0], "system": whose[1], "seq": seq, "admin": whose in self._admins}
                        for whose, seq in some
                    ],
                )
            self._unsaved -= {whose for whose, seq in some if self._confirmed.get(whose) == seq}
        if saved or confirmed:
            self._just_saved = saved

    # Reading.

    async def missed(self, user_id: str, system: str, admin: bool, owes: bool, now: float) -> list[Entry]:
        """What may have been missed of a system, in order.

        That is what is unconfirmed or owed, not acknowledged, and within the window and the bounds.

        What went to every administrator is missed by one who has been there before.
        """
        limits, confirmed = self._limits.of(system), self._confirmed.get((user_id, system), 0)
        told = JOURNAL.c.room == of_user(user_id)
        wanted = []
        if owes or self._last(of_user(user_id), system) > confirmed:
            wanted.append(and_(told, or_(JOURNAL.c.seq > confirmed, JOURNAL.c.ack == OWED)))
        if admin and (user_id, system) in self._admins and self._last(ADMINS, system) > confirmed:
            wanted.append(and_(JOURNAL.c.room == ADMINS, JOURNAL.c.seq > confirmed))
        found: list[Entry] = []
        if wanted:
            async with self._store.reading() as connection:
                for of_one in wanted:
                    rows = await connection.execute(
                        select(JOURNAL)
                        .where(of_one, JOURNAL.c.system == system, JOURNAL.c.ack != ACKED)
                        .where(JOURNAL.c.created_at >= now - limits.replay_window)
                        .order_by(JOURNAL.c.seq.desc())
                        .limit(limits.max_replay)
                    )
                    found += map(_entry, rows)
        acknowledged = self._acked | self._just_saved
        return _bounded(sorted((entry for entry in found if entry.seq not in acknowledged), key=_seq), limits)

    async def since(self, rooms: Iterable[str], system: str, seq: int, now: float) -> list[Entry]:
        """What of a system went to these rooms, and to those in them, after this place, within its bounds."""
        limits = self._limits.of(system)
        # What is older is not wanted, and the search for it would go through all that is still kept.
        after = max(seq, self._purged, _given(self._marks, now - limits.replay_window))
        heard = or_(
            *(or_(JOURNAL.c.room == room, JOURNAL.c.room.startswith(f"{room}/", autoescape=True)) for room in rooms)
        )
        statement = (
            select(JOURNAL)
            .where(JOURNAL.c.seq > after, JOURNAL.c.system == system, heard)
            .where(JOURNAL.c.created_at >= now - limits.replay_window)
            .order_by(JOURNAL.c.seq.desc())
            .limit(limits.max_replay)
        )
        async with self._store.reading() as connection:
            return _bounded(sorted(map(_entry, await connection.execute(statement)), key=_seq), limits)

    async def read(self, seqs: Sequence[int]) -> list[Entry]:
        """The entries at these places, in order."""
        entries: list[Entry] = []
        async with self._store.reading() as connection:
            for some in portions(seqs, _AT_ONCE):
                rows = await connection.execute(select(JOURNAL).where(JOURNAL.c.seq.in_(some)).order_by(JOURNAL.c.seq))
                entries += [_entry(row) for row in rows]
        return entries

    async def acknowledged(self, system: str, by: str, key: str) -> list[Entry]:
        """What an event of this name with this key acknowledges, also where that has been acknowledged before."""
        asked = {"key": key, "by": by, "of": system}
        async with self._store.reading() as connection:
            return [_entry(row) for row in await connection.rows(_ACKNOWLEDGED, asked)]

    async def pushes(self, user_id: str) -> list[pushes.Push]:
        """The latest 200 of this user's push outbox, the oldest first."""
        async with self._store.reading() as connection:
            return await pushes.latest(connection, user_id)

    # Letting go.

    async def expire(self, seqs: Sequence[int], now: float) -> None:
        """What of these is still owed will not be acknowledged any more, and goes to the push outbox."""
        for some in portions(seqs, _AT_ONCE):
            async with self._store.writing() as connection:
                # An acknowledgement may have come while this waited for its turn, saved or not.
                late = set(some) - self._acked - self._just_saved
                owed = and_(JOURNAL.c.seq.in_(late), JOURNAL.c.ack == OWED)
                ended = [_entry(row) for row in await connection.execute(select(JOURNAL).where(owed))]
                await connection.execute(update(JOURNAL).where(owed).values(ack=EXPIRED))
                await self._push(connection, ended, pushes.UNACKNOWLEDGED, now)

    async def push(self, entries: Sequence[Entry], now: float) -> None:
        """These found nobody there, although somebody was when they were committed."""
        async with self._store.writing() as connection:
            await self._push(connection, entries, pushes.OFFLINE, now)

    @staticmethod
    async def _push(connection: SqlConnection, entries: Sequence[Entry], reason: str, now: float) -> None:
        """Put them into the push outbox, unless they are there already."""
        there = await pushes.among(connection, [entry.seq for entry in entries])
        await pushes.add(connection, [_pushed(entry, reason, now) for entry in entries if entry.seq not in there])

    async def purge(self, now: float) -> None:
        """Let go of what is older than the window, and of what can be acknowledged but is too old for that."""
        self._marks.append((now, self.seq))
        self._late_marks.append((now, self.seq))
        async with self._store.reading() as connection:
            last = (await connection.execute(select(func.max(JOURNAL.c.seq)))).scalar() or 0
        # The last one stays: a server that starts again goes on counting behind it.
        until = max(self._purged, _passed(self._marks, now - self._limits.longest_window), self.seq - _MOST)
        until = max(self._purged, min(until, last - 1))
        await self._delete(self._purged, until, JOURNAL.c.ack_key.is_(None))
        too_late = max(_passed(self._late_marks, now - _UNDERSTOOD), self.seq - _MOST_UNDERSTOOD)
        too_late = min(too_late, last - 1)
        await self._delete(0, too_late, JOURNAL.c.ack != OWED)
        self._purged = until
        self._latest = {place: seq for place, seq in self._latest.items() if seq > until}
        passed = [whose for whose, seq in self._confirmed.items() if seq < until and whose not in self._admins]
        for some in portions(passed, _AT_ONCE):
            async with self._store.writing() as connection:
                await connection.run(
                    _LET_GO, [{"whose": user_id, "of": system, "until": until} for user_id, system in some]
                )
            for whose in some:  # Whoever has come back meanwhile is not let go.
                if self._confirmed[whose] < until and whose not in self._admins:
                    del self._confirmed[whose]

    async def _delete(self, after: int, until: int, which: ColumnElement[bool]) -> None:
        """Delete what lies between these places, a portion at a time."""
        while after < until:
            within = and_(JOURNAL.c.seq > after, JOURNAL.c.seq <= until, which)
            portion = select(JOURNAL.c.seq).where(within).order_by(JOURNAL.c.seq).limit(_AT_ONCE).subquery()
            async with self._store.reading() as connection:
                last = (await connection.execute(select(func.max(portion.c.seq)))).scalar()
            if last is None:
                return
            async with self._store.writing() as connection:
                await connection.execute(delete(JOURNAL).where(JOURNAL.c.seq > after, JOURNAL.c.seq <= last, which))
            after = last


def _pushed(entry: Entry, reason: str, now: float) -> dict[str, Any]:
    return {
        "seq": entry.seq,
        "user_id": entry.user_id,
        "event": entry.name,
        "text": entry.text,
        "created_at": now,
        "reason": reason,
    }


def _entry(row: Any) -> Entry:
    return Entry(*row)


def _row(entry: Entry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in _COLUMNS}


def _seq(entry: Entry) -> int:
    return entry.seq


def _bounded(entries: list[Entry], limits: Limits) -> list[Entry]:
    """The latest of them that the bounds allow."""
    size, first = 0, len(entries)
    for entry in reversed(entries[-limits.max_replay :]):
        size += len(entry.text.encode())
        if size > limits.max_replay_size:
            break
        first -= 1
    return entries[first:]


def _given(marks: Iterable[tuple[float, int]], moment: float) -> int:
    """The last place that was certainly given away by this moment."""
    return max((seq for at, seq in marks if at <= moment), default=0)


def _passed(marks: deque[tuple[float, int]], moment: float) -> int:
    """The last place that was given away by this moment; earlier marks are dropped."""
    passed = 0
    while marks and marks[0][0] <= moment:
        passed = marks.popleft()[1]
    return passed


def portions(all_of_them: Sequence[T], most: int) -> Iterator[Sequence[T]]:
    """All of them, so many at a time."""
    for first in range(0, len(all_of_them), most):
        yield all_of_them[first : first + most]
