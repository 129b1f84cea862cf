"""One device of somebody: it connects, has its receipts judged, acknowledges as its owner does, and comes back.

What is due here survives a lost connection: where the target claims to send again what somebody missed (the
capability `replay`), it waits for the return; else it goes to the push fallback, and is not expected here any more.
"""

from collections import deque
from collections.abc import Callable, Hashable, Sequence
from functools import partial
from itertools import count
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol

from eventproof.catalog import AckLevel, Event
from eventproof.catalog.arguments import payload_of
from eventproof.catalog.audience import CONNECTION
from eventproof.catalog.event import CALLBACK
from eventproof.client.hub_connection import Closure, ClosureReason, HubConnection
from eventproof.errors import EventproofError
from eventproof.wire.connection import AckReceived, EventReceived

from .acknowledging import Acknowledging
from .asking import Asking
from .backoff import backoff
from .calls import CallAnswer
from .greenlets import spawn_later
from .judgement import Match, Receipt
from .reading import read
from .saying import Saying

if TYPE_CHECKING:
    from .generator import Generator

__all__ = ["Device", "Owner"]

_ERROR = "error"
_AT_ONCE, _SPAN = 5, 1.5
"""At most so many events of ours in so many seconds: a server may take 10 a second from one connection, and a busy one
may read those of several seconds in one."""
_CUT_FOR = 100
"""So many events are remembered for which the connection was cut: each comes again on the next one."""
_MOST_POSTPONED = 100
"""So many acknowledgements wait for their time on one device; a target that sends more is not kept up with."""
_PATIENT_ATTEMPTS = 5
"""After so many attempts to connect in a row, nobody waits for this device any longer; it goes on trying."""


class Owner(Protocol):
    """Whose device it is: an `Actor`, which says of each what it means."""

    generator: "Generator"
    token: str | None
    acknowledging: Acknowledging
    late_by: float
    returns: bool
    first_pause: float
    longest_pause: float
    knows_repeats: bool
    will_read_nothing: bool

    @property
    def role(self) -> str:
        """The role of their session."""

    @property
    def replays(self) -> bool:
        """Whether what was missed without a connection is due on the return."""

    @property
    def has_acted(self) -> bool:
        """Whether anything that arrives can have been caused by this run."""

    def renew(self) -> bool:
        """Get a new token; whether there is one. Waits for the answer."""

    def owes(self, what: Hashable, *, at: float) -> bool:
        """Whether the target need not know yet that this one acknowledged `what`."""

    def connected(self, device: "Device") -> None:
        """A device is connected."""

    def asked(self, device: "Device", event: Event, argument: Any, at: float, answer: CallAnswer) -> None:
        """What a device asked for then, by an event of a client, was answered."""

    def received(self, device: "Device", event: str, payload: Any, match: Match) -> None:
        """A receipt was judged."""

    def met(self, device: "Device", subject: Hashable) -> None:
        """A device received something about a subject that nobody told it of."""

    def ended(self, device: "Device", how: Closure, at: float, *, was_open: bool) -> None:
        """A device that does not come back lost its connection, and not because we closed it."""


class Device:
    """From its first connection until its owner leaves."""

    __slots__ = (
        "_asking",
        "_attempts",
        "_away",
        "_began",
        "_connection",
        "_cut_for",
        "_has_left",
        "_lost_at",
        "_owner",
        "_postponed",
        "_recovery",
        "_saying",
        "_sent",
        "channel",
        "connections",
        "number",
        "since",
    )

    def __init__(self, owner: Owner, number: int, channel: str | None = None) -> None:
        self.number = number
        self.channel = channel
        """The name of a further channel of the system; None: its main one."""
        self.connections = 0
        """How many connections were opened."""
        self.since: float | None = None
        """When the present one was opened; None where there is none."""
        self._owner = owner
        self._connection: HubConnection | None = None
        self._recovery: Any = None
        self._began = 0.0
        self._lost_at: float | None = None
        self._attempts = 0
        self._away: float | None = None
        """Seconds until it comes back from the loss that it causes itself; None: as after any other."""
        self._has_left = False
        self._cut_for: deque[Hashable] = deque(maxlen=_CUT_FOR)
        self._postponed = 0
        self._sent: deque[float] = deque(maxlen=_AT_ONCE)
        asks = channel is None and owner.generator.requests.are_needed
        self._asking = Asking(self, owner.generator, owner.role) if asks else None
        self._saying: Saying | None = None
        """None until it says something."""

    def __str__(self) -> str:
        where = f"device {self.number}" if self.channel is None else self.channel
        return f"{self._owner} on {where}"

    @property
    def is_connecting(self) -> bool:
        """Whether it is not known yet if it ever connects."""
        if not self.connections:
            return not self._has_left and self._attempts < _PATIENT_ATTEMPTS
        return self._asking is not None and self._asking.is_waiting

    @property
    def is_open(self) -> bool:
        """Whether events can arrive here."""
        return self.since is not None

    @property
    def has_ended(self) -> bool:
        """Whether there is no connection, and none is being opened."""
        return self._connection is None

    @property
    def replays(self) -> bool:
        """Whether what is missed here is due on the return."""
        return self._owner.replays

    def open(self) -> None:
        """Begin to connect."""
        if not self._has_left and self._connection is None:
            self._began = monotonic()
            self._connection = self._owner.generator.open(self, self._owner.token, self._recovery, self.channel)
            if self._owner.will_read_nothing:
                self._connection.narrow()

    def hears(self, event: Event) -> bool:
        """Whether its channel carries this event."""
        return self._owner.generator.books.is_of(self.channel, event)

    def ask_for(self, name: str, argument: Any) -> None:
        """Be in a room, also when it comes back, by the client's event of this name."""
        if self._asking is not None:
            self._asking.join(name, argument)

    def ask_to_leave(self, name: str, argument: Any) -> None:
        """Be in a room no more."""
        if self._asking is not None:
            self._asking.leave(name, argument)

    def say(self, event: Event, arguments: Sequence[Any]) -> CallAnswer:
        """Send an event that causes something, and wait for its answer; none is sent without a connection."""
        if self._connection is None or self.since is None:
            return CallAnswer(0, None, f"{event.name} was not sent: there is no connection", was_made=False)
        if self._saying is None:
            self._saying = Saying(self._owner.generator, count(1) if self._asking is None else self._asking.numbers)
        return self._saying.say(self._connection, event, arguments, self)

    def stall(self) -> None:
        """Read nothing more; the connection stays."""
        if self._connection is not None:
            self._connection.stall()

    def close(self) -> None:
        """Close the connection; what is due here stays due."""
        if self._connection is not None:
            self._connection.close()

    def cut(self, away: float | None = None) -> None:
        """Lose the connection, and come back as after any loss, or after `away` seconds."""
        if self._connection is not None and self.since is not None:
            self._owner.generator.books.count("cut")
            self._away = away
            self._connection.drop()

    def leave(self) -> None:
        """Close for good."""
        self._has_left = True
        self._owner.generator.books.ledger.miss(self)
        if self._connection is not None:
            self._connection.close()

    def asked(self, event: Event, argument: Any, at: float, answer: CallAnswer) -> None:
        """What it asked for then, by an event of its own, was answered."""
        self._owner.asked(self, event, argument, at, answer)

    # What the connection tells.

    def opened(self, connection: HubConnection, at: float) -> None:
        """The server accepted the token; where its clients have to ask for more, it is open with the answer."""
        if self._asking is None:
            self._is_there(at)
        else:
            self._asking.open(connection, at, self._is_there)

    def _is_there(self, at: float) -> None:
        generator = self._owner.generator
        if self.connections and self._attempts >= _PATIENT_ATTEMPTS:
            generator.books.count("gone", -1)
        self.connections += 1
        self.since, self._attempts = at, 0
        self._sent.clear()
        generator.books.count("sessions")
        if self._lost_at is None:
            generator.books.record("connect", at - self._began)
        else:
            generator.books.record("reconnect", at - self._lost_at)
        window = generator.target.budgets.replay_window
        generator.books.ledger.resume(self, deadline=at + generator.deadline, since=at - window)
        if self._asking is not None:
            self._asking.repeat()
        self._owner.connected(self)

    def received(self, connection: HubConnection, event: EventReceived, at: float) -> None:
        """An event arrived."""
        books = self._owner.generator.books
        contract = books.contract(event.name, event.args, self, self.channel)
        if contract is None:
            self._owner.generator.foreign(event.name, self._owner.role, self.channel, self)
            return
        payload = payload_of(event.args)
        if contract.audience == (CONNECTION,) and not contract.triggers:
            if event.name == _ERROR:
                books.count("errors")
                books.incident(str(self), f"the target sent an error: {_said(payload)}")
            return
        reading = read(contract, payload, self._owner.generator.keys.get(event.name))
        is_required = contract.ack is not None and contract.ack.level is AckLevel.REQUIRED
        what = (event.name, reading.subject, reading.key, reading.mark)
        match = books.received(
            event.name,
            self,
            at,
            subject=reading.subject,
            key=reading.key,
            mark=reading.mark if self._owner.knows_repeats else None,
            connection=self.connections,
            owed=is_required and self._owner.owes(what, at=at),
        )
        self._owner.received(self, event.name, payload, match)
        if match.receipt is Receipt.DELIVERED:
            books.delivered(event.name, match)
        elif match.receipt is Receipt.WAITING and reading.subject is not None:
            self._owner.met(self, reading.subject)
        elif match.receipt is Receipt.WAITING and not self._owner.has_acted:
            # The target sends again what an earlier run left.
            books.ledger.own(self, reading.mark)
        reply = _reply(connection, contract, event, payload)
        if reply is not None:
            self._answer(connection, contract, reply, what, is_required=is_required)

    def acknowledged(self, _connection: HubConnection, ack: AckReceived, at: float) -> None:
        """An answer to an event of ours."""
        if self._saying is not None and self._saying.acknowledged(ack):
            return
        if self._asking is not None:
            self._asking.acknowledged(ack, at)

    def disconnected(self, connection: HubConnection, _at: float) -> None:
        """The server ended our part in the channel: nothing can arrive here."""
        if self._owner.returns:
            connection.drop()
        else:
            self._owner.generator.books.ledger.logout(self)

    def closed(self, connection: HubConnection, how: Closure, at: float) -> None:
        """The connection is gone."""
        generator, was_open = self._owner.generator, self.since is not None
        self._recovery = connection.recovery if self._owner.replays else None
        self._connection = self.since = None
        generator.acks.lost(connection, at=at)
        if self._saying is not None:
            self._saying.lost()
        if self._asking is not None:
            self._asking.lost(at)
        if not self._owner.returns:
            self._has_left = True
            generator.books.ledger.forget(self)
            if how.reason is not ClosureReason.OURS:
                self._owner.ended(self, how, at, was_open=was_open)
        if self._has_left:
            return
        if how.reason is ClosureReason.VIOLATION:
            generator.books.count("violations")
        away, self._away = self._away, None
        if was_open:
            self._lost_at = at + (away or 0.0)
            if self._owner.replays:
                generator.books.ledger.suspend(self)
            else:
                generator.books.ledger.miss(self)
            if how.reason is not ClosureReason.OURS:
                generator.books.count("dropped")
                generator.books.note(f"a session was ended by the target: {how}")
        else:
            self._attempts += 1
            if self._attempts == _PATIENT_ATTEMPTS:
                generator.books.count("gone" if self.connections else "unopened")
                generator.books.note(f"a session could not be opened{' again' if self.connections else ''}: {how}")
        pause = self._pause() if away is None else away
        self._later(pause, self._come_back, how.reason is ClosureReason.REFUSED)

    def _pause(self) -> float:
        first, longest = self._owner.first_pause, self._owner.longest_pause
        return backoff(self._attempts, self._owner.generator.random, first=first, longest=longest)

    def _come_back(self, needs_token: bool) -> None:
        if needs_token and not self._has_left:
            try:
                self._owner.renew()
            except EventproofError as error:
                self._owner.generator.books.note(str(error))
        self.open()

    def _answer(
        self, connection: HubConnection, event: Event, reply: Callable[[], None], what: Hashable, *, is_required: bool
    ) -> None:
        """Acknowledge as the owner does."""
        match self._owner.acknowledging:
            case Acknowledging.SILENT:
                return
            case Acknowledging.CUT if is_required and what not in self._cut_for:
                self._cut_for.append(what)
                self.cut()
            case Acknowledging.LATE if is_required:
                self._postpone(self._owner.late_by, self._acknowledge, connection, event, reply, what)
            case _:
                self._acknowledge(connection, event, reply, what)

    def _acknowledge(self, connection: HubConnection, event: Event, reply: Callable[[], None], what: Hashable) -> None:
        """Send it, or a little later where too much was sent just now."""
        now = monotonic()
        due = max(now, self._sent[0] + _SPAN) if len(self._sent) == _AT_ONCE else now
        if due <= now:
            self._sent.append(due)
            self._send(connection, event, reply, what)
        elif self._postpone(due - now, self._send, connection, event, reply, what):
            self._sent.append(due)

    def _send(self, connection: HubConnection, event: Event, reply: Callable[[], None], what: Hashable) -> None:
        if not connection.is_open:
            return
        generator = self._owner.generator
        reply()
        if generator.acks.sent(self, what, connection, at=monotonic()):
            generator.books.ledger.tally(event.name).acknowledged += 1

    def _postpone(self, seconds: float, function: Callable[..., None], *arguments: Any) -> bool:
        """Do it later; whether there was room for that."""
        if self._postponed >= _MOST_POSTPONED:
            self._owner.generator.books.count("overflowed")
            return False
        self._postponed += 1
        self._later(seconds, self._do_postponed, function, *arguments)
        return True

    def _do_postponed(self, function: Callable[..., None], *arguments: Any) -> None:
        self._postponed -= 1
        function(*arguments)

    def _later(self, seconds: float, function: Callable[..., None], *arguments: Any) -> None:
        timer = spawn_later(seconds, function, *arguments)
        timer.link_exception(lambda dead: self._owner.generator.books.fault(dead.exception))


def _reply(connection: HubConnection, contract: Event, event: EventReceived, payload: Any) -> Callable[[], None] | None:
    """What acknowledges an event that came on a connection; None where nothing does."""
    if contract.ack is None:
        return None
    if contract.ack.by == CALLBACK:
        return None if event.ack_id is None else partial(connection.ack, event.ack_id, *contract.ack.example())
    acknowledgement = contract.acknowledgement(payload)
    return None if acknowledgement is None else partial(connection.emit, contract.ack.by, acknowledgement)


def _said(payload: Any) -> str:
    told = payload.get("data", payload) if isinstance(payload, dict) else payload
    if isinstance(told, str):
        return told
    says = [told.get(name) for name in ("code", "message")] if isinstance(told, dict) else []
    return ": ".join(said for said in says if isinstance(said, str)) or "nothing that can be read"
