"""The load generator of one process: its share of the identities, its connections, its books.

Actor and recipients of one measurement live in one process, so one monotonic clock measures both ends.
"""

from collections import deque
from collections.abc import Callable, Hashable, Iterator, Mapping
from random import Random
from time import monotonic
from typing import Any, Protocol, TypeVar

from eventproof import actions, garbage
from eventproof.catalog import EVERYONE, Cause, of_role
from eventproof.checks.membership import Move, moves
from eventproof.client.hub import Hub
from eventproof.client.hub_connection import HubConnection, HubListener
from eventproof.errors import ContractViolation, Inconclusive, TargetUnavailable, UsageError
from eventproof.open_files import allow_many
from eventproof.target import Endpoint, Identity, Target

from . import saturation
from .account import SwarmAccount
from .acks import Acks
from .books import Books, Report
from .calls import CallAnswer, Calls
from .contracts import sent
from .entrance import AT_ONCE, Entrance
from .greenlets import Cancelled, Event, Greenlet, getcurrent, joinall, killall, sleep, spawn
from .health import TICK, Health
from .ledger import Ledger
from .lobby import Lobby
from .messages import AT_REST, GONE
from .opening import connect
from .requests import Requests
from .rooms import Rooms
from .saturation import GeneratorLimits
from .scenario import Scenario
from .share import ProcessShare

_GLANCE = 0.25
_OPENING = 10.0
"""Seconds that a session may take to open in a crowd, where the profile does not allow more."""
_AHEAD = 32
"""How many users are prepared for their turn."""
_KEPT = 30.0
"""Seconds that an event is remembered for beyond the time in which the target may send it again."""
_LINGER = 0.3
"""How long the end of a run waits for what should not come."""
_MARGIN, _RESERVE, _LEAST = 0.25, 1.5, 0.6
"""Seconds beyond the deadline of the last event until it is known to be lost; those that are kept, whatever the target
does, for leaving and for changing back what the run changed; and of these, for the latter."""
_LARGEST_MESSAGE = 256 * 1024
"""No event of a contract comes near; a thousand connections may each hold one that is not complete yet."""


def grace(deadline: float) -> float:
    """How many seconds the end of a run may take, where an event may take `deadline` seconds."""
    return deadline + _MARGIN + _RESERVE


class Participant(Protocol):
    """Somebody whom a swarm lets loose on the target; must be hashable."""

    identity: Identity

    @property
    def is_connecting(self) -> bool:
        """Whether it is not known yet what comes of a session."""

    @property
    def is_ready(self) -> bool:
        """Whether an action may be aimed here."""

    def enter(self) -> None:
        """Come in; returns before the sessions are open."""

    def leave(self) -> None:
        """Close the app on every device, for good."""

    def prepare(self) -> None:
        """Learn what an action must know; may wait for answers."""


_Shared = TypeVar("_Shared")


class Relay(Protocol):
    """Whom it tells what is caused here, where other processes have users of their own."""

    worst: float
    """The highest uncertainty of a clock by which something was entered here."""

    def knows(self, subject: Hashable) -> bool:
        """Whether another process told of something about that."""

    def tell(self, effects: Any, what: str, times: Mapping[str, float], **more: Any) -> None:
        """Tell the others of a call made here; times are by the clock of this process."""

    def reaches(self, point: str, system: str) -> bool:
        """This part of the swarm is at this point of its end; whether all processes are."""


_Anybody = TypeVar("_Anybody", bound=Participant)


class Generator:
    """Everything that the users of one scenario in one process share. `report` hears of every measurement.

    `scenario` says what the swarm is about: the system with its channels, who takes part. `share` is this process's
    part of the identities of each role, and `part` that of the scenario where others have users of the same role.
    """

    def __init__(
        self,
        target: Target,
        *,
        scenario: Scenario,
        share: ProcessShare,
        part: ProcessShare | None = None,
        deadline: float,
        limits: GeneratorLimits,
        seed: int,
        report: Report,
        entrance: Entrance = AT_ONCE,
    ) -> None:
        self.target = target
        self.deadline = deadline
        self.patience = scenario.patience
        self.random = Random(f"{seed}/{share.index}")  # noqa: S311 - repeatable, not secret
        catalog = target.catalog
        self.system = catalog.system(scenario.system)
        self.channels: Mapping[str | None, Endpoint] = {
            None: target.main(scenario.system),
            **{name: target.channels[scenario.system, name] for name in scenario.channels},
        }
        """Those that somebody listens to: the main one, which has no name here, and further ones by their names."""
        further = {name: sent(self.system, channel) for name, channel in self.channels.items() if name is not None}
        events = sent(self.system, self.channels[None])
        is_sent_again = any(event.ack for event in events.values())
        kept = _KEPT + is_sent_again * max(target.budgets.ack_retries_end, target.budgets.replay_window)
        elsewhere = {event.name for system in catalog.systems.values() for event in system.events}
        # What other processes cause is known here a moment later.
        ledger = Ledger(kept=kept, patience=self.patience, recurs=scenario.recurs or share.of > 1)
        self.books = Books(events, report, ledger, elsewhere=elsewhere, further=further)
        self.requests = Requests.of(self.system, self.channels[None].known_as)
        self.acks = Acks(arrival=deadline, kept=kept)
        self.calls = Calls(target, self.nobody_knows)
        opening = max(target.budgets.connect, _OPENING)
        self.hub = Hub(
            target.base_url,
            path=target.socketio.path,
            patience=opening,
            max_message=_LARGEST_MESSAGE,
            on_fault=self.books.fault,
        )
        self.ready: deque[Participant] = deque()
        """Whom an action may be aimed at: everyone whose sessions are all open and whom no action concerns."""
        self.rooms: Rooms[Any] = Rooms()
        """Of the devices of this process."""
        self.keys = scenario.keys
        """By the names of events: where their payloads tell them from others about the same thing (a JSON pointer)."""
        self.beside: list[Participant] = []
        """Those who are connected beside the users, such as admins where admins are told something."""
        self.share = share
        """Which of the processes of this run this one is."""
        self.connected: set[Identity] = set()
        """The members who had a session open, at any time; admins are none of them."""
        self.neighbours: tuple[Generator, ...] = ()
        """Those of the other scenarios of this process."""
        self.relay: Relay | None = None
        """Tells the other processes what is caused here, and enters here what they cause; None where there are none."""
        self.last: list[Callable[[], None]] = []
        """What is looked at when nothing is under way any more, and everybody is still connected."""
        self.stopping = Event()
        self.under_way: set[Greenlet] = set()
        """The actions that are being carried out."""
        self._is_hurried = self._has_hung_up = False
        self.entered = 0
        """How many have come in so far."""
        self._limits = limits
        self._shared: dict[Any, Any] = {}
        self._entrance = entrance
        self.lobby: Lobby[Participant] = Lobby(entrance, self._let_in)
        """Where users wait until it is their time to come in."""
        self._identities = deque((part or ProcessShare()).cut(share.cut(target.people(scenario.role))))
        self._others: dict[str, deque[Identity]] = {}
        self._admins = deque(self.calls.token_of(admin) for admin in target.admins)
        self._users: set[Participant] = set()
        self._next: deque[Participant] = deque()
        self._connections = 0
        self._spawned = False
        self._health = Health(self.books)
        self._tasks: set[Greenlet] = set()
        self._unclaimed: set[Hashable] = set()
        """What was told of here, and of which another process of the run may still say that it is its own."""
        allow_many()
        # A process without an admin is measured, too: it may be the one that is too busy.
        for helper in (self._keep_books, self._look_ahead, self.lobby.run, self.wait_until_measuring):
            self.spawn(helper)

    def one(self, kind: Callable[["Generator"], _Shared]) -> _Shared:
        """What the users of this process share, one of each kind: made for the first who asks for it."""
        if kind not in self._shared:
            self._shared[kind] = kind(self)
        shared: _Shared = self._shared[kind]
        return shared

    def enter(self, somebody: Callable[["Generator", Identity], _Anybody]) -> _Anybody:
        """Somebody of this process's share comes in, when it is their time. Raises UsageError where all are taken."""
        if not self._identities:
            raise UsageError(f"{self.target.source}: there are more users than identities")
        user = somebody(self, self._identities.popleft())
        self._users.add(user)
        self.entered += 1
        self.lobby.add(user)
        return user

    def _let_in(self, user: Participant, due: float) -> None:
        if self.books.seconds:
            self.books.record("send_lag", max(monotonic() - due, 0.0))
        if user not in self._users:
            return
        try:
            user.enter()
        except UsageError as error:
            self.books.count("unopened")
            self.books.note(str(error))
        except Exception as error:
            self.books.fault(error)

    @property
    def is_complete(self) -> bool:
        """Whether all of this process have been told to come in."""
        return self._spawned

    @property
    def users(self) -> tuple[Participant, ...]:
        """Who has come in, or waits to, and has not left."""
        return tuple(self._users)

    def leave(self, user: Participant) -> None:
        """Somebody closes the app on every device."""
        user.leave()
        self._users.discard(user)
        self._identities.append(user.identity)

    def spawn(self, function: Callable[..., None], *arguments: Any) -> None:
        """Do something beside all else; what it raises is a fault of ours. It is given up when the run is over."""
        task = spawn(function, *arguments)
        self._tasks.add(task)
        task.link_exception(lambda dead: self.books.fault(dead.exception))
        task.rawlink(self._tasks.discard)

    def open(
        self, listener: HubListener, token: str | None, recover: Any = None, channel: str | None = None
    ) -> HubConnection:
        """Begin to connect to a channel of the system with a token, and go on from `recover`."""
        return connect(self.hub, self.target, self.channels[channel], listener, token, recover)

    def somebody(self, role: str) -> Identity:
        """The next one of another role of this process's share, in turn. Raises UsageError where it has none."""
        if role not in self._others:
            self._others[role] = deque(self.share.cut(self.target.people(role)))
        people = self._others[role]
        if not people:
            raise UsageError(f'{self.target.source}: there are more processes than people of the role "{role}"')
        people.rotate(-1)
        return people[-1]

    def foreign(self, event: str, role: str, channel: str | None, recipient: object) -> None:
        """An event arrived that this system does not have: where it is that of a neighbour, it is leaked there.

        Unless it is for everyone on the channel, or for all of that role.
        """
        for other in self.neighbours:
            known = sent(other.system, self.channels[channel]).get(event)
            if known is not None and not {EVERYONE, of_role(role)} & set(known.audience):
                other.books.leaked(event, recipient)

    def disown(self, subject: Hashable) -> None:
        """Whatever is told of this is nobody's here, unless another process of the run tells of it in time."""
        if self.relay is None:
            self.books.ledger.own(None, subject)
        else:
            self._unclaimed.add(subject)
            self.spawn(self._await_claim, self.relay, subject)

    def _await_claim(self, relay: Relay, subject: Hashable) -> None:
        end = monotonic() + min(self.deadline, self.patience / 2)
        while not relay.knows(subject) and monotonic() <= end:
            sleep(_GLANCE)
        self._decide_claim(relay, subject)

    def _decide_claim(self, relay: Relay, subject: Hashable) -> None:
        if subject in self._unclaimed:
            self._unclaimed.remove(subject)
            if not relay.knows(subject):
                self.books.ledger.own(None, subject)

    def moved(self, cause: Cause, *, asked: float) -> None:
        """A call was accepted that was made then: whom it has join a room is in it, and whom it has leave one is not.

        That one may be told what was on its way as long as an event may take: events come on other connections.
        """
        operation, now = self.system.operation(cause.operation), monotonic()
        for move in moves(operation.joins, cause):
            if isinstance(move.room, str) and move.user is not None:
                self.rooms.join_user(move.user, move.room, asked=asked, at=now)
            else:
                self._is_untold(move)
        for move in moves(operation.leaves, cause):
            if isinstance(move.room, str) and move.user is not None:
                self.rooms.leave_user(move.user, move.room, asked=asked, at=now + self.deadline)
            else:
                self._is_untold(move)

    def _is_untold(self, move: Move) -> None:
        """Nobody knows who hears from now on what goes to the rooms that it may have been about."""
        self.books.untold(move.why_untold, (event.name for event in self.books.known if event.is_for(move.term)))

    def all_spawned(self) -> None:
        """Every user is there; measuring begins as soon as their sessions are open."""
        self._spawned = True

    def wait_until_measuring(self) -> None:
        """Wait until every session is open, or has failed to; where that is what is measured, until it begins."""
        while not (self._entrance.is_measured and self._users) and (
            not self._spawned or self.lobby or any(user.is_connecting for user in self._users)
        ):
            sleep(_GLANCE)
        if not self.books.seconds:
            garbage.keep()
            self.books.begin()
            self._health.begin()

    def pick(self) -> Participant | None:
        """Somebody to aim an action at, everyone in turn; None where nobody is ready, and the action is left out."""
        user = _first_ready(self._next) or _first_ready(self.ready)
        if user is None:
            self.books.count("omitted")
        return user

    def carry_out(self, action: Callable[[Any, float], None], aim: Any, intended: float) -> None:
        """Do an action, in a greenlet of its own, and count how it ends."""
        if self.stopping.is_set():
            return  # its time came as the run ended
        this = getcurrent()
        self.under_way.add(this)
        try:
            action(aim, intended)
        except Cancelled:
            self.books.count("cancelled")
            raise
        except (ContractViolation, TargetUnavailable) as failure:
            self.books.failed(str(aim), failure)
        except Exception as error:
            self.books.fault(error)
        finally:
            self.under_way.discard(this)

    def nobody_knows(self, operation: str) -> None:
        """A call has no answer that tells whether it was done: for a while, what it causes may come to anybody."""
        until = monotonic() + self.patience + self.deadline
        for event in self.books.known:
            if operation in event.triggers:
                self.books.ledger.permit(event.name, (None,), until=until)

    def administer(self, operation: str, identity: Identity, **parameters: str) -> CallAnswer:
        """Perform an admin's operation on somebody; the admins of the profile act in turn."""
        return self.calls.perform(operation, {**actions.credentials_of(identity), **parameters}, self.admin_token())

    def admin_token(self) -> str | None:
        """The token of the next admin of the profile; None where it has none."""
        self._admins.rotate()
        return self._admins[0] if self._admins else None

    def settle(self) -> None:
        """Begin nothing more, wait for what is under way, cancel what takes too long, and change back what was changed.

        All of it within the seconds of `grace`.
        """
        self._health.end()
        self.stopping.set()
        began = monotonic()
        end = began + grace(self.deadline)
        for _ in self._waits(end - _RESERVE):
            if not self.under_way and self._all_reach(AT_REST) and not self.books.ledger.pending:
                break
        killall(list(self.under_way), timeout=_LINGER)
        sleep(0 if self._is_hurried else _LINGER)
        self._look(end)
        self.books.settle()
        if self.relay is not None:
            # All processes are at rest and have told what they caused: what none of them told of is that of others.
            for subject in tuple(self._unclaimed):
                self._decide_claim(self.relay, subject)
        self.books.ledger.conclude()
        # Nobody is to hear of it; and a target that floods us would keep this process from what is left to do.
        self._hang_up()
        for _ in self._waits(end - _LEAST):
            if self._all_reach(GONE):
                break
        self.books.changes.take_back(until=end, fault=self.books.fault)
        self.tell_what_is_left()

    def _all_reach(self, point: str) -> bool:
        """This process is at a point of its end: whether all are, of whom this one may hear."""
        return self.relay is None or self.relay.reaches(point, self.system.name)

    def _look(self, end: float) -> None:
        """Look at what there is, all at once, within the time that is left; what takes longer is known to nobody."""
        looks = [spawn(self._look_once, look) for look in (() if self._is_hurried else self.last)]
        joinall(looks, timeout=max(end - monotonic(), 0))
        if late := [look for look in looks if not look.dead]:
            killall(late, block=False)
            self.books.failed("the end of the run", Inconclusive("what there is could not be looked at in time"))

    def _look_once(self, look: Callable[[], None]) -> None:
        try:
            look()
        except (ContractViolation, TargetUnavailable) as failure:
            self.books.failed("the end of the run", failure)
        except Exception as error:
            self.books.fault(error)

    def tell_what_is_left(self) -> None:
        """Note what is not as it was."""
        for sentence in self.books.changes.left():
            self.books.note(sentence)

    def hurry(self) -> None:
        """Somebody wants the end now: wait for nothing more."""
        self._is_hurried = True

    def _waits(self, until: float) -> Iterator[None]:
        while monotonic() < until and not self._is_hurried:
            yield
            sleep(TICK)

    def account(self) -> SwarmAccount:
        """The figures as they are now."""
        clock = self.relay.worst if self.relay is not None and self.relay.worst else None
        gauges = saturation.gauges(self._limits, self._health.readings(clock))
        return self.books.account(users=len(self.connected), connections=self._connections, gauges=gauges)

    def close(self) -> None:
        """Close every connection, for good."""
        killall(list(self._tasks), block=False)
        self._hang_up()
        self.calls.close()

    def _hang_up(self) -> None:
        """Close every connection; nothing happens the second time."""
        if self._has_hung_up:
            return
        self._has_hung_up = True
        for leave in [*(user.leave for user in self._users), *(actor.leave for actor in self.beside)]:
            try:
                leave()
            except Exception as error:
                self.books.fault(error)
        self.hub.close()

    def _keep_books(self) -> None:
        """Settle the ledger, and measure how late this loop is."""
        due = monotonic()
        while True:
            sleep(max(due - monotonic(), 0))
            due += self._health.beat(due) * TICK
            self._connections = max(self._connections, len(self.hub))
            self.books.pass_time(len(self.hub))
            self.books.settle()

    def _look_ahead(self) -> None:
        """Learn what an action must know of the next users, so that none is late for it."""
        while True:
            while len(self._next) < _AHEAD and (user := _first_ready(self.ready)):
                user.prepare()
                self._next.append(user)
            sleep(TICK)


def _first_ready(users: deque[Participant]) -> Participant | None:
    while users:
        user = users.popleft()
        if user.is_ready:
            return user
    return None
