"""The courier: commits a change together with what it has to tell, then tells it, in the order of the commits.

Whoever was not there, or may not have heard, is told when they come back; whoever must acknowledge is told again until
they do. Emission order is commit order: one lock spans the commit and the emission.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

import orjson
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from eventproof.catalog import AckLevel, Event

from ..conduct import Conduct
from ..metrics import Metrics
from ..store.database import Store
from ..transport.limits import Limits
from .channels import Channels
from .chore import Chore
from .connections import Connection, Connections, Stage, opened
from .emission import Emission
from .journal import NONE, OWED, Entry, Journal, ack_key
from .message import Message
from .owed import Debt, Owed, policy

T = TypeVar("T")
Change = Callable[[AsyncConnection], Awaitable[tuple[T, Sequence[Message]]]]
_log = structlog.get_logger("courier")

_SAVE_EVERY: Final = 1.0
"""Seconds for which confirmations are collected; what a kill loses of them is sent twice."""
_RETRY_PAUSE: Final = 0.05
"""Seconds from one round of retries to the next, so that many which are due one by one are sent together."""
_PURGE_EVERY: Final = 20.0


class Courier:
    """Carries messages from transactions to users."""

    def __init__(
        self,
        store: Store,
        journal: Journal,
        connections: Connections,
        channels: Channels,
        metrics: Metrics,
        conduct: Conduct,
        limits: Limits,
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._journal = journal
        self._connections = connections
        self._channels = channels
        self._metrics = metrics
        self._conduct = conduct
        self._limits = limits
        self._clock = clock
        self._owed = Owed()
        self._told = 0
        """How far the journal has been told to whoever is there."""
        self._turn = asyncio.Lock()
        self._under_way: set[asyncio.Task[Any]] = set()
        self._saving = Chore("save", self._save)
        self._retrying = Chore("retry", self._retry, _RETRY_PAUSE)
        self._purging = Chore("purge", self._purge, _PURGE_EVERY)

    async def start(self) -> None:
        """Take up what the last server left. Once, before anybody comes in."""
        for entry in self._conduct.recalled(await self._journal.recall()):
            self._owe(entry)
        self._told = self._journal.seq
        self._purging.due_in(_PURGE_EVERY)

    async def close(self) -> None:
        """Finish what is under way, and save what was heard."""
        if self._under_way:
            await asyncio.wait(self._under_way)
        for chore in (self._retrying, self._purging, self._saving):
            await chore.close()
        try:
            await self._save()
        except SQLAlchemyError as failure:
            _log.error("save-failed", error=str(failure))

    def sizes(self) -> dict[str, int]:
        """How much is kept for connections and debts, by registry."""
        return {"readers": self._connections.readers, "owed": len(self._owed)}

    # Telling.

    async def carry(self, change: Change[T]) -> T:
        """Run a change in a transaction of its own, commit it with its messages, then send them.

        What the change raises undoes it. Messages reach the wire in the order of commits; one that cannot be sent is
        logged, and fails nobody's call. A caller who leaves half way leaves nothing half done.
        """
        task = asyncio.create_task(self._carry(change))
        self._under_way.add(task)
        task.add_done_callback(self._done)
        return await asyncio.shield(task)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # It was the caller's, who may have left.

    async def _carry(self, change: Change[T]) -> T:
        async with self._turn:
            async with self._store.writing() as connection:
                result, given = await change(connection)
                told = [(message, self._entry(message)) for one in given for message in self._conduct.outgoing(one)]
                kept = [entry for message, entry in told if message.kept]
                pushed = [entry for _, entry in told if self._is_pushed(entry)]
                await self._journal.write(connection, kept, pushed)
            self._journal.committed(kept)
            for entry in kept:
                self._owe(entry)
            unheard = []
            for _, entry in told:
                if not self._tell(entry) and entry not in pushed and self._is_pushed(entry):
                    unheard.append(entry)
                self._told = entry.seq
        if unheard:
            await self._push(unheard)
        return result

    async def _push(self, unheard: Sequence[Entry]) -> None:
        """Whoever was there at the commit has left before they were told."""
        try:
            await self._journal.push(unheard, self._clock())
        except SQLAlchemyError as failure:
            _log.error("push-failed", seqs=[entry.seq for entry in unheard], error=str(failure))

    def _entry(self, message: Message) -> Entry:
        event = self._channels.sent(message.name)
        acknowledgement = event.acknowledgement(message.payload) if event else None
        by = key = None
        owed = False
        if event and event.ack and acknowledgement is not None and message.kept:
            by, key = event.ack.by, ack_key(event, acknowledgement)
            owed = event.ack.level is AckLevel.REQUIRED and message.user_id is not None
        return Entry(
            seq=self._journal.place(),
            name=message.name,
            room=message.room,
            text=orjson.dumps(message.payload).decode(),
            created_at=self._clock(),
            order_key=message.order_key,
            ack_by=by,
            ack_key=key,
            ack=OWED if self._conduct.owed(message, owed) else NONE,
        )

    def _is_pushed(self, entry: Entry) -> bool:
        offline = entry.user_id is not None and self._channels.pushes(entry.name) and not self._recipients(entry)
        return self._conduct.pushed(entry, offline)

    def _owe(self, entry: Entry) -> None:
        event = self._channels.sent(entry.name)
        if entry.ack != OWED or entry.user_id is None or not (event and event.ack and event.ack.retry):
            return
        chosen = policy(event.ack.retry, self._limits.ack_first, self._limits.ack_within)
        debt = Debt(entry.seq, entry.user_id, entry.ack_by or "", entry.ack_key or "", entry.created_at, chosen)
        now = self._clock()
        self._owed.add(debt, now)
        self._retrying.due_in(max(0.0, debt.due_after(now) - now))

    def _recipients(self, entry: Entry) -> list[Connection]:
        hearing = opened(self._connections.hearing(entry.room))
        return [one for one in hearing if self._channels.carries(one.channel, entry.name)]

    def _tell(self, entry: Entry) -> int:
        """Send to everyone whom it is for and who is there; gives how many that were."""
        emission, told = entry.emission(), 0
        for connection in self._conduct.recipients(entry, self._recipients(entry), self._connections):
            told += self._hand(connection, entry.seq, emission)
        self._metrics.sent(entry.name, told)
        return told

    def _hand(self, connection: Connection, seq: int, emission: Emission) -> bool:
        """Send to one, behind whatever it is still being welcomed with. Gives whether that did not fail."""
        reader = self._connections.reader(connection)
        try:
            if reader is None:
                connection.link.send(emission)
            elif seq in reader.ahead:
                reader.ahead.discard(seq)
            elif reader.waiting is None:
                connection.link.send(emission)
                reader.sent = max(reader.sent, seq)
            elif len(reader.waiting) < self._limits.max_waiting:
                reader.waiting.append((seq, emission))
            else:
                self._cut(connection)
                return False
        except Exception:
            _log.exception("delivery-failed", user=connection.session.user_id, channel=connection.channel)
            return False
        return True

    def _cut(self, connection: Connection) -> None:
        """It does not keep up with what is told meanwhile: it may come back, and is welcomed anew."""
        self._metrics.cut()
        self._connections.forget(connection)
        connection.link.close("transport error")

    # Coming back.

    async def welcome(self, connection: Connection, after: int | None = None) -> None:
        """Greet a connection, then send what its user may have missed, then what was told meanwhile.

        Where its channel resumes, that is what went to its rooms `after` this place in the journal; None: nothing.
        """
        reader = self._connections.reader(connection)
        if reader is None:
            return
        greets = self._channels.manners(connection.channel).greets
        resumes = self._channels.manners(connection.channel).resumes
        for name, payload in self._conduct.greeting(connection, [greets(connection)] if greets else []):
            # With a place in the journal, so that who is lost before the first change can come back to it.
            connection.link.send(Emission(name, payload, self._told if resumes and after is None else None))
        user_id, admin = connection.session.user_id, self._connections.is_admin(connection)
        try:
            if not resumes:
                missed = await self._journal.missed(user_id, admin, self._owed.has(user_id), self._clock())
            else:
                missed = await self._missed_on(connection, after)
        except SQLAlchemyError as failure:
            _log.error("replay-failed", user=user_id, error=str(failure))
            missed, reader.whole = [], False
        if connection.stage is not Stage.OPEN:
            return
        carried = [entry for entry in missed if self._channels.carries(connection.channel, entry.name)]
        waiting, reader.waiting = reader.waiting or [], None
        replayed = set()
        for entry in self._conduct.replays(connection, carried):
            replayed.add(entry.seq)
            connection.link.send(entry.emission())
            self._metrics.sent(entry.name, 1)
        for seq, emission in waiting:
            if seq not in replayed:
                connection.link.send(emission)
        reader.sent, reader.ahead = self._told, {seq for seq in replayed if seq > self._told}
        if admin and not resumes:
            self._journal.arrive(user_id, self._told)
            self._saving.due_in(_SAVE_EVERY)

    async def _missed_on(self, connection: Connection, after: int | None) -> list[Entry]:
        """What went to its rooms since then; a place that this server has not reached is of another one's counting."""
        if after is None:
            return []
        return await self._journal.since(connection.rooms, after if after <= self._journal.seq else 0, self._clock())

    # Hearing.

    def asked(self, connection: Connection) -> None:
        """A heartbeat goes to this connection: whoever answers it has received all that went before."""
        reader = self._connections.reader(connection)
        if reader is not None and reader.waiting is None:
            reader.asked = reader.sent

    def answered(self, connection: Connection) -> None:
        """A heartbeat was answered."""
        reader = self._connections.reader(connection)
        if reader is not None and reader.asked is not None and self._conduct.answered(connection):
            asked, reader.asked = reader.asked, None
            self._confirm(connection, asked)

    def _confirm(self, connection: Connection, seq: int) -> None:
        reader = self._connections.reader(connection)
        if reader is None or not reader.whole:
            return
        if self._journal.confirm(connection.session.user_id, self._connections.is_admin(connection), seq):
            self._saving.due_in(_SAVE_EVERY)

    async def acknowledge(self, connection: Connection, event: Event, payload: Mapping[str, Any]) -> str | None:
        """Take an acknowledgement of this event; gives the code that refuses it, or None.

        It counts on all connections of its user, and for good. A second one is taken silently.
        """
        assert event.ack is not None  # noqa: S101 - it is acknowledged by what came
        by, key = event.ack.by, ack_key(event, payload)
        user_id = connection.session.user_id
        debt = self._owed.find(by, key)
        if debt is not None:
            found = {debt.seq: debt.user_id}
        else:
            found = {entry.seq: entry.user_id or "" for entry in await self._journal.acknowledged(by, key)}
        mine = [seq for seq, whose in found.items() if whose == user_id]
        code = None if mine else "NOT_AUTHORIZED" if found else "INVALID_PAYLOAD"
        code = self._conduct.acknowledged(code, connection, event, payload)
        if code is None and self._conduct.counts(connection, event):
            if debt is not None:
                self._owed.settle(debt)
            for seq in found:
                self._journal.settle(seq)
                self._confirm(connection, seq)
            self._saving.due_in(0)
        return code

    # Again and again.

    async def _retry(self) -> None:
        now = self._clock()
        again, ended = self._conduct.retries(*self._owed.take_due(now))
        there = [debt.seq for debt in again if opened(self._connections.of_user(debt.user_id))]
        for entry in await self._journal.read(there):
            if entry.seq in self._owed:
                self._tell(self._conduct.retried(entry))
        following = self._owed.next_at()
        if following is not None:
            self._retrying.due_in(max(0.0, following - self._clock()))
        await self._end([debt for debt in ended if debt.seq in self._owed], now)

    async def _end(self, ended: Sequence[Debt], now: float) -> None:
        if ended:
            await self._journal.expire([debt.seq for debt in ended], now)
            for debt in ended:
                self._owed.settle(debt)

    async def _save(self) -> None:
        await self._journal.save()

    async def _purge(self) -> None:
        await self._journal.purge(self._clock())
        self._purging.due_in(_PURGE_EVERY)
