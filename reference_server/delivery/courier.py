"""The courier: commits a change together with what it has to tell, then tells it, in the order of the commits.

The one way in which anything that happened reaches users. Emission order is commit order: one lock spans both. Whoever
was not there, or may not have heard, is told when they come back, where the system replays; whoever must acknowledge is
told again until they do; and a message that ends sessions closes their connections behind it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

import orjson
import structlog

from eventproof.catalog import AckLevel, Event

from ..limits import Limits
from ..metrics import Metrics
from ..reasons import Reason
from ..refusals import Refusal
from ..store.database import Store
from ..store.sql import FAILURES, SqlConnection
from .channels import Channels, SystemOnChannel
from .chore import Chore
from .conduct import Conduct
from .connections import Connection, Connections, ConnectionState, opened
from .emission import Emission
from .entry import NONE, OWED, Entry, ack_key
from .eviction import Eviction
from .journal import Journal, portions
from .message import Message
from .owed import Debt, Owed, policy
from .slow_readers import SlowReaders

T = TypeVar("T")
Change = Callable[[SqlConnection], Awaitable[tuple[T, Sequence[Message]]]]
_log = structlog.get_logger("courier")

_SAVE_EVERY: Final = 1.0
"""Seconds for which confirmations are collected; what a kill loses of them is sent twice."""
_RETRY_PAUSE: Final = 0.05
"""Seconds from one round of retries to the next, so that many which are due one by one are sent together."""
_RETRIED_AT_ONCE: Final = 100
_PURGE_EVERY: Final = 20.0


class Courier:
    """Carries messages from transactions to users."""

    def __init__(
        self,
        store: Store,
        journal: Journal,
        connections: Connections,
        channels: Channels,
        eviction: Eviction,
        slow_readers: SlowReaders,
        metrics: Metrics,
        conduct: Conduct,
        limits: Limits,
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._journal = journal
        self._connections = connections
        self._channels = channels
        self._eviction = eviction
        self._slow_readers = slow_readers
        self._metrics = metrics
        self._conduct = conduct
        self._limits = limits
        self._clock = clock
        self._owed = Owed()
        self._told = 0
        """How far the journal has been told to whoever is there."""
        self._turn = asyncio.Lock()
        self._changes = 0
        """How many changes are under way, or wait for the store."""
        self._under_way: set[asyncio.Task[Any]] = set()
        self._saving = Chore("save", self._save)
        self._retrying = Chore("retry", self._retry, _RETRY_PAUSE)
        self._purging = Chore("purge", self._purge, _PURGE_EVERY)

    async def start(self) -> None:
        """Take up what the last server left. Once, before anybody comes in."""
        now = self._clock()
        for entry in self._conduct.recalled(await self._journal.recall()):
            # What the last server kept may be of the future, where the clock was set back since: it is due from now on.
            self._owe(replace(entry, created_at=min(entry.created_at, now)))
        self._told = self._journal.seq
        self._purging.due_in(_PURGE_EVERY)

    async def close(self) -> None:
        """Finish what is under way, and save what was heard."""
        async with self._turn:
            pass
        if self._under_way:
            await asyncio.wait(self._under_way)
        for chore in (self._retrying, self._purging, self._saving):
            await chore.close()
        try:
            await self._save()
        except FAILURES as failure:
            _log.error("save-failed", error=str(failure))

    def sizes(self) -> dict[str, int]:
        """How much is kept of what is owed."""
        return {"owed": len(self._owed)}

    # Telling.

    async def carry(self, system: str, change: Change[T], committed: Callable[[T], None] = lambda _: None) -> T:
        """Run a change of this system in a transaction of its own, commit it with its messages, then send them.

        What the change raises undoes it. `committed` learns its result once that is certain, before anybody is told.
        Messages reach the wire in the order of commits; one that cannot be sent is logged, and fails nobody's call. A
        caller who leaves half way leaves nothing half done. Raises Refusal where too many changes wait for the store.
        """
        if self._changes >= self._limits.max_changes:
            raise Refusal("unavailable")
        self._changes += 1
        try:
            if self._store.commits_at_once:  # Then nobody can leave between the commit and the telling.
                result, unheard = await self._carry(system, change, committed)
            else:
                result, unheard = await self._to_the_end(self._carry(system, change, committed))
            if unheard:
                await self._to_the_end(self._push(unheard))
            await self._store.synced()
        finally:
            self._changes -= 1
        return result

    async def _to_the_end(self, doing: Coroutine[Any, Any, T]) -> T:
        """Do it, even if the caller leaves."""
        task = asyncio.create_task(doing)
        self._under_way.add(task)
        task.add_done_callback(self._done)
        return await asyncio.shield(task)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # It was the caller's, who may have left.

    async def _carry(self, system: str, change: Change[T], committed: Callable[[T], None]) -> tuple[T, Sequence[Entry]]:
        """Gives the result, and what found nobody although somebody was there at the commit."""
        async with self._turn:
            async with self._store.committing() as connection:
                result, given = await change(connection)
                told = [
                    (self._entry(system, message), message.ends_before)
                    for one in given
                    for message in self._conduct.outgoing(one)
                ]
                kept = [entry for entry, _ in told if entry.seq]
                pushed = [entry for entry in kept if self._is_pushed(entry)]
                if kept:
                    await self._journal.write(connection, kept, pushed)
            self._journal.committed(kept)
            committed(result)
            for entry in kept:
                self._owe(entry)
            unheard = []
            for entry, ends_before in told:
                heard = self._tell(entry) if ends_before is None else self._evict(entry, ends_before)
                if not heard and entry.seq and entry not in pushed and self._is_pushed(entry):
                    unheard.append(entry)
                self._told = entry.seq or self._told
        return result, unheard

    async def _push(self, unheard: Sequence[Entry]) -> None:
        """Whoever was there at the commit has left before they were told."""
        try:
            await self._journal.push(unheard, self._clock())
        except FAILURES as failure:
            _log.error("push-failed", seqs=[entry.seq for entry in unheard], error=str(failure))

    def _entry(self, system: str, message: Message) -> Entry:
        """The message with its place in the journal, if anything will ask for it there."""
        event = self._channels.sent(system, message.name)
        acknowledgement = event.acknowledgement(message.payload) if event else None
        by = key = None
        owed = False
        if event and event.ack and acknowledgement is not None and message.kept:
            by, key = event.ack.by, ack_key(event, acknowledgement)
            owed = event.ack.level is AckLevel.REQUIRED and message.user_id is not None
        wanted = by or self._channels.keeps(system) or self._channels.pushes(system, message.name)
        return Entry(
            seq=self._journal.place() if message.kept and wanted and not message.also else 0,
            system=system,
            name=message.name,
            room=message.room,
            text=orjson.dumps(message.payload).decode(),
            created_at=self._clock(),
            order_key=message.order_key,
            ack_by=by,
            ack_key=key,
            ack=OWED if self._conduct.owed(message, owed) else NONE,
            also=message.also,
        )

    def _is_pushed(self, entry: Entry) -> bool:
        may = entry.user_id is not None and self._channels.pushes(entry.system, entry.name)
        return self._conduct.pushed(entry, may and not self._recipients(entry))

    def _owe(self, entry: Entry) -> None:
        event = self._channels.sent(entry.system, entry.name)
        if entry.ack != OWED or entry.user_id is None or not (event and event.ack and event.ack.retry):
            return
        limits = self._limits.of(entry.system)
        chosen = policy(event.ack.retry, limits.ack_first, limits.ack_within)
        by, key = entry.ack_by or "", entry.ack_key or ""
        debt = Debt(entry.seq, entry.user_id, entry.system, by, key, entry.created_at, chosen)
        now = self._clock()
        self._owed.add(debt, now)
        self._retrying.due_in(max(0.0, debt.due_after(now) - now))

    def _recipients(self, entry: Entry) -> list[Connection]:
        return self._carrying(entry, opened(self._connections.hearing(entry.room, *entry.also)))

    def _carrying(self, entry: Entry, connections: Sequence[Connection]) -> list[Connection]:
        carrying = self._channels.carrying(entry.system, entry.name)
        return [one for one in connections if one.channel in carrying]

    def _tell(self, entry: Entry) -> int:
        """Send to everyone whom it is for and who is there; gives how many that were."""
        return self._send(entry, self._recipients(entry))

    def _send(self, entry: Entry, recipients: list[Connection]) -> int:
        emission, told = entry.emission(), 0
        for connection in self._conduct.recipients(entry, recipients, self._connections):
            told += self._hand(connection, entry.seq, emission)
        self._metrics.sent(entry.name, told)
        return told

    def _evict(self, entry: Entry, before: int) -> int:
        """Tell those whose sessions end, then close their connections, also those whose channel has no such event."""
        leaving = self._eviction.of_ban(entry.user_id or "", before)
        for connection in leaving:
            self._catch_up(connection)
        told = 0

        def tell() -> None:
            nonlocal told
            told = self._send(entry, self._carrying(entry, leaving))

        def close() -> None:
            self._eviction.close(self._conduct.closes(leaving), Reason.ACCOUNT_BANNED)

        self._conduct.evict(tell, close)
        return told

    def _catch_up(self, connection: Connection) -> None:
        """Its welcome would come too late: what waits behind that goes out now, so that the last event is the last."""
        reader = connection.reader
        if reader is not None:
            waiting, reader.waiting = reader.waiting or [], None
            for seq, emission in waiting:
                self._hand(connection, seq, emission)

    def _hand(self, connection: Connection, seq: int, emission: Emission) -> bool:
        """Send to one, behind whatever it is still being welcomed with. Gives whether that did not fail."""
        reader = connection.reader
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
        self._slow_readers.cut(connection.link.transport, [connection])
        self._connections.forget(connection)
        connection.link.close(Reason.SLOW_READER)

    # Coming back.

    async def welcome(self, connection: Connection, after: int | None = None) -> None:
        """Greet a connection, then send what its user may have missed, then what was told meanwhile.

        Each system of its channel greets and replays as its options say. Where one resumes, that is what went to the
        connection's rooms `after` this place in the journal; None: nothing.
        """
        here, reader = self._channels.at(connection.channel), connection.reader
        greetings = [
            (each.channel.greeting, each.options.greeting(connection))
            for each in here
            if each.channel.greeting and each.options.greeting
        ]
        # With a place in the journal, so that who is lost before the first change can come back to it.
        place = self._told if after is None and any(each.options.resumes for each in here) else None
        for name, payload in self._conduct.greeting(connection, greetings):
            connection.link.send(Emission(name, payload, place))
        if reader is None:
            return
        try:
            missed = [entry for each in here for entry in await self._missed(connection, each, after)]
        except FAILURES as failure:
            _log.error("replay-failed", user=connection.session.user_id, error=str(failure))
            missed, reader.whole = [], False
        if connection.state is not ConnectionState.OPEN:
            return
        waiting, reader.waiting = reader.waiting or [], None
        replayed = set()
        for entry in self._conduct.replays(connection, sorted(missed, key=lambda entry: entry.seq)):
            replayed.add(entry.seq)
            connection.link.send(entry.emission())
            self._metrics.sent(entry.name, 1)
        for seq, emission in waiting:
            if seq not in replayed:
                connection.link.send(emission)
        reader.sent, reader.ahead = self._told, {seq for seq in replayed if seq > self._told}
        for each in here:
            if connection.is_admin and each.options.replays:
                self._journal.arrive(connection.session.user_id, each.system, self._told)
                self._saving.due_in(_SAVE_EVERY)

    async def _missed(self, connection: Connection, served: SystemOnChannel, after: int | None) -> list[Entry]:
        """What of one system its user may have missed, as far as this channel carries it."""
        user_id, system, now = connection.session.user_id, served.system, self._clock()
        missed: list[Entry] = []
        if served.options.resumes and after is not None:
            # A place that this server has not reached is of another one's counting.
            known = after if after <= self._journal.seq else 0
            missed = await self._journal.since(connection.rooms, system, known, now)
        elif served.options.replays:
            owes = self._owed.has(user_id)
            missed = await self._journal.missed(user_id, system, connection.is_admin, owes, now)
        return [entry for entry in missed if self._channels.carries(connection.channel, system, entry.name)]

    # Hearing.

    def heartbeat_sent(self, connection: Connection) -> None:
        """A heartbeat goes to this connection: whoever answers it has received all that went before."""
        reader = connection.reader
        if reader is not None and reader.waiting is None:
            reader.asked = reader.sent

    def heartbeat_answered(self, connection: Connection) -> None:
        """A heartbeat was answered."""
        reader = connection.reader
        if reader is not None and reader.asked is not None:
            asked, reader.asked = reader.asked, None
            self._confirm(connection, asked)

    def _confirm(self, connection: Connection, seq: int) -> None:
        """All up to here has arrived of the systems that replay on this channel; of others, that proves nothing."""
        if connection.reader is None or not connection.reader.whole:
            return
        user_id, admin = connection.session.user_id, connection.is_admin
        for served in self._channels.at(connection.channel):
            if served.options.replays and self._journal.confirm(user_id, served.system, admin, seq):
                self._saving.due_in(_SAVE_EVERY)

    async def acknowledge(self, connection: Connection, event: Event, payload: Mapping[str, Any]) -> str | None:
        """Take an acknowledgement of this event; gives the code that refuses it, or None.

        It counts on all connections of its user, and for good. A second one is taken silently.
        """
        assert event.ack is not None  # noqa: S101 - it is acknowledged by what came
        by, key = event.ack.by, ack_key(event, payload)
        user_id = connection.session.user_id
        debt = self._owed.find(event.system, by, key)
        if debt is not None:
            found = {debt.seq: debt.user_id}
        else:
            entries = await self._journal.acknowledged(event.system, by, key)
            found = {entry.seq: entry.user_id or "" for entry in entries}
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
        for some in portions(there, _RETRIED_AT_ONCE):
            for entry in await self._journal.read(some):
                if entry.seq in self._owed:
                    self._tell(self._conduct.retried(entry))
            await asyncio.sleep(0)  # Others have their turn.
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
