"""Everybody watches the plans while admins edit them: how soon the first, the half and the last of them know.

A share of the watchers reads nothing, a share loses its stream and comes back, with `Last-Event-ID` or without, and a
share has no stream and polls.

locust -f loadtests/plan_watch.py --target eventproof.toml
eventproof swarm plan_watch --users 1000 --spawn-rate 200 --run-time 1m --option update-rate=4
"""

from collections import OrderedDict, deque
from collections.abc import Hashable, Iterator, Mapping, Sequence
from enum import Enum
from functools import partial
from itertools import count
from statistics import median
from time import monotonic
from typing import Any, Final

import gevent
import orjson
from gevent.event import Event

from eventproof import actions
from eventproof.errors import ContractViolation, EventproofError, TargetUnavailable, UsageError
from eventproof.load import plugin
from eventproof.load.calls import Answer
from eventproof.load.device import Device
from eventproof.load.generator import Generator
from eventproof.load.judgement import Match, Receipt
from eventproof.load.manner import Manner
from eventproof.load.users import Act, Admin, Member
from eventproof.target import Identity

plugin.system("plan-sync", patience=10.0)
plugin.latency("to_first", "from the intended time of a change to the first who was told of it")
plugin.latency("to_median", "from the intended time of a change until half of all were told")
plugin.latency("to_last", "from the intended time of a change to the last who was told of it")
plugin.latency("poll", "from a poll to its answer")
plugin.count("conflicts", "edits of a version that was not the last any more, and was refused", of="actions")
plugin.count("polls", "polls of those without a stream", of="polls")
plugin.count("stale", "polls that showed what had been changed before", of="polls")
plugin.objectives(
    "to_last: p(99) < 2s",
    "lost == 0",
    "leaked == 0",
    "out_of_order == 0",
    "unexplained == 0",
    "invalid == 0",
    "stale == 0",
    "dropped == 0",
    "failed == 0",
)

plugin.option("--update-rate", above=0, type=float, default=4.0, help="Edits a second, of all admins together.")
plugin.option("--create-rate", least=0, type=float, default=0.2, help="New plans a second, which are deleted soon.")
plugin.option("--plans", least=1, most=1000, type=int, default=5, help="How many plans each admin edits.")
plugin.option("--conflict-share", least=0, most=1, type=float, default=0.1, help="The share of edits that collide.")
plugin.option("--slow-share", least=0, most=1, type=float, default=0.02, help="The share of watchers who read nothing.")
plugin.option("--resume-share", least=0, most=1, type=float, default=0.1, help="The share who resume a lost stream.")
plugin.option("--return-share", least=0, most=1, type=float, default=0.1, help="The share who begin it anew.")
plugin.option("--poll-share", least=0, most=1, type=float, default=0.05, help="The share who poll.")
plugin.option("--poll-every", above=0, type=float, default=5.0, help="Seconds between two polls of one of them.")
plugin.option("--lost-every", above=0, type=float, default=15.0, help="Seconds until a stream is lost, on average.")

_FIELDS: Final = {"duration": 90, "minAmount": 100, "maxAmount": 10_000}
_PLAN_LEFT: Final = ("plan of ours is still there", "plans of ours are still there")
_SOON: Final = 1.0
"""Seconds from a new plan to its deletion."""
_REMEMBERED: Final = 10_000
"""So many of the latest changes are known by their place."""
_BEHIND: Final = 20
"""So many changes one watcher may have been told of before another is."""
_VERSIONS: Final = 200
"""So many of the latest states of a plan are known."""
_SPREAD: Final = 0.6180339887498949


class Habit(Enum):
    """How somebody watches."""

    STREAM = "reads the stream"
    SLOW = "reads nothing of it"
    RESUME = "loses it, and comes back with Last-Event-ID"
    RETURN = "loses it, and begins anew"
    POLL = "polls"


def _habits(options: Any) -> Sequence[tuple[Habit, float]]:
    """Each with its share. Raises UsageError where they are more than all."""
    shares = (
        (Habit.SLOW, options.slow_share),
        (Habit.RESUME, options.resume_share),
        (Habit.RETURN, options.return_share),
        (Habit.POLL, options.poll_share),
    )
    if sum(share for _, share in shares) > 1:
        raise UsageError("slow-share, resume-share, return-share and poll-share are more than 1 together")
    return shares


plugin.check(_habits)


class Plan:
    """A plan of ours: its id, and the ROI of each of its latest versions, with when its edit was answered."""

    def __init__(self, plan_id: Hashable, roi: float) -> None:
        self.id = plan_id
        self.rois: deque[tuple[float, float]] = deque([(roi, 0.0)], maxlen=_VERSIONS)
        self.gone: float | None = None
        """When its deletion was answered."""
        self.is_busy = False
        """Whether an edit is under way: the next one waits, so that the order of the answers is that of the edits."""

    def __str__(self) -> str:
        return f"plan {self.id}"

    def is_stale(self, roi: float, asked: float) -> bool:
        """Whether what was shown to who asked then had been changed or deleted before; what nobody knows is new."""
        if self.gone is not None and self.gone <= asked:
            return True
        last = max((number for number, (_, at) in enumerate(self.rois) if at <= asked), default=0)
        shown = [number for number, (known, _) in enumerate(self.rois) if known == roi]
        return bool(shown) and shown[-1] < last


class Order:
    """Whether all were told in one order: that of one of them, whose stream is open all the time."""

    def __init__(self, generator: Generator) -> None:
        self._generator = generator
        self._first: Watcher | None = None
        self._numbers = count(1)
        self._places: OrderedDict[int, int] = OrderedDict()
        """The latest changes that this one was told of, each with its place."""
        self._others: dict[Watcher, Compared] = {}

    def told(self, watcher: "Watcher", change: int, event: str) -> None:
        """A watcher was told of a change."""
        if watcher.habit is Habit.STREAM and (self._first is None or not self._first.is_open):
            self._first = watcher
            self._places.clear()
            self._others.clear()
        if watcher is self._first:
            self._places.setdefault(change, next(self._numbers))
            if len(self._places) > _REMEMBERED:
                self._places.popitem(last=False)
            return
        if self._first is None:
            return
        compared = self._others.setdefault(watcher, Compared())
        compared.waiting.append((change, event))
        for late in compared.out_of_order(self._places):
            self._generator.books.ledger.tally(late).out_of_order += 1
            self._generator.books.incident(str(watcher), f"{late} came in another order than to {self._first}")


class Compared:
    """What one watcher was told, as far as it is not compared yet, and the place that it has come to."""

    def __init__(self) -> None:
        self.waiting: deque[tuple[int, str]] = deque()
        self._place = 0

    def out_of_order(self, places: Mapping[int, int]) -> Iterator[str]:
        """The events that came after a later one, up to the first that has no place yet.

        One that has none when so many came after it will get none: it was told before the other stream was open.
        """
        while self.waiting:
            change, event = self.waiting[0]
            place = places.get(change)
            if place is None and len(self.waiting) <= _BEHIND:
                return
            self.waiting.popleft()
            if place is None:
                continue
            if place < self._place:
                yield event
            self._place = max(self._place, place)


class Board:
    """What the watchers and the admins of one process share."""

    def __init__(self, generator: Generator) -> None:
        self.generator = generator
        self.devices: dict[Device, None] = {}
        """Those that are to hear of every change."""
        self.plans: dict[Hashable, Plan] = {}
        self.creating = 0
        self._latencies: dict[str, list[float]] = {}
        self._heard: dict[str, Event] = {}
        self._due: dict[str, int] = {}
        self._order = Order(generator)
        self._numbers = count(1)
        self._foreign: set[Hashable] = set()

    def change(self, operation: str, event: str, plan: Hashable, intended: float) -> str:
        """Enter what a change that is to be made now causes at everybody who watches; its name, for `spread`."""
        name = f"{operation} {next(self._numbers)}"
        self._latencies[name], self._heard[name] = [], Event()
        self._due[name] = sum(device.since is not None for device in self.devices)
        self._expect(name, event, plan, intended, monotonic())
        return name

    def made(self, operation: str, event: str, plan: Hashable, intended: float, called: float) -> None:
        """Enter what a change has caused that was made since then: whose it is, only its answer tells.

        It may have been heard by now, so how it spread is not measured.
        """
        self._expect(f"{operation} {next(self._numbers)}", event, plan, intended, called)

    def _expect(self, name: str, event: str, plan: Hashable, intended: float, called: float) -> None:
        for device in self.devices:
            device.expect(name, event, at=intended, called=called, subject=plan)

    def withdraw(self, name: str, event: str) -> None:
        """The change was not made."""
        self.generator.books.ledger.withdraw(name, event, self.devices)
        self._forget(name)

    def spread(self, name: str) -> None:
        """Wait until everybody has heard, or the time is over, and enter how long that took."""
        self._heard[name].wait(self.generator.deadline)
        if latencies := self._latencies[name]:
            for metric, seconds in (
                ("to_first", min(latencies)),
                ("to_median", median(latencies)),
                ("to_last", max(latencies)),
            ):
                self.generator.books.record(metric, seconds)
        self._forget(name)

    def _forget(self, name: str) -> None:
        del self._latencies[name], self._heard[name], self._due[name]

    def told(self, watcher: "Watcher", event: str, payload: Any, match: Match) -> None:
        """A receipt: how late it was, and whether everybody was told in this order."""
        if match.action in self._latencies and match.latency is not None:
            latencies = self._latencies[match.action]
            latencies.append(match.latency)
            if len(latencies) >= self._due[match.action]:
                self._heard[match.action].set()
        watcher.has_heard = True
        if match.receipt in (Receipt.DELIVERED, Receipt.WAITING):
            self._order.told(watcher, hash((event, orjson.dumps(payload, default=repr))), event)

    def met(self, subject: Hashable) -> None:
        """Somebody was told of a plan that nobody here makes or edits: others do, and it is theirs to judge."""
        if not self.creating and subject not in self.plans and subject not in self._foreign:
            self._foreign.add(subject)
            self.generator.books.ledger.own(None, subject)


def _board(generator: Generator) -> Board:
    """The one of this process and run."""
    if generator.shared is None:
        generator.shared = Board(generator)
    board: Board = generator.shared
    return board


class Watcher:
    """One identity with a stream, or with none."""

    manner = Manner.PROMPT
    late_by = 0.0
    has_acted = True

    def __init__(self, generator: Generator, identity: Identity, habit: Habit, options: Any) -> None:
        self.generator = generator
        self.identity = identity
        self.token = identity.token
        self.habit = habit
        self.has_heard = False
        """Whether this one was told of a change."""
        self._options = options
        self._board = _board(generator)
        self._device = Device(self, 1, partial(self._board.told, self))
        self._is_entering = True
        self._has_left = False

    def __str__(self) -> str:
        return self.identity.name

    @property
    def replays(self) -> bool:
        """Whether what is missed is due on the return: who heard nothing yet has no event to come back to."""
        return self.habit is Habit.RESUME and self.has_heard and "resume" in self.generator.target.capabilities

    @property
    def is_connecting(self) -> bool:
        """Whether it is not known yet what comes of the stream."""
        return self._is_entering or (self.habit is not Habit.POLL and self._device.is_connecting)

    @property
    def is_open(self) -> bool:
        """Whether the stream is open now."""
        return self._device.since is not None and not self._has_left

    @property
    def is_ready(self) -> bool:
        """Nothing is aimed at somebody who only watches."""
        return False

    def enter(self) -> None:
        """Log in where the profile gives no token; then open the stream, or begin to poll."""
        self.generator.spawn(self._enter)

    def _enter(self) -> None:
        books = self.generator.books
        try:
            if self.token is None:
                self.token = self.generator.calls.token_of(self.identity)
        except EventproofError as error:
            books.count("unopened")
            books.note(str(error))
            return
        finally:
            self._is_entering = False
        if self.habit is Habit.POLL:
            self.generator.connected.add(self.identity)
            self.generator.spawn(self._poll)
            return
        if self.habit is not Habit.SLOW:
            self._board.devices[self._device] = None
        self._device.open()
        if self.habit in (Habit.RESUME, Habit.RETURN):
            self.generator.spawn(self._lose)

    def leave(self) -> None:
        """Close the stream, for good."""
        self._has_left = True
        self._board.devices.pop(self._device, None)
        self._device.leave()

    def prepare(self) -> None:
        """Nothing needs to be known."""

    def renew(self) -> bool:
        """Get a new token; whether there is one."""
        login = self.generator.calls.log_in(self.identity)
        self.token = login.token or self.token
        return login.token is not None

    def owes(self, what: Hashable, *, at: float) -> bool:  # noqa: ARG002 - nothing here is acknowledged
        """Whether the target need not know of an acknowledgement."""
        return False

    def connected(self) -> None:
        """The stream is open; who is slow reads nothing more."""
        self.generator.connected.add(self.identity)
        if self.habit is Habit.SLOW:
            self._device.stall()

    def met(self, device: Device, subject: Hashable) -> None:  # noqa: ARG002 - there is one device
        """A plan that nobody knows yet."""
        self._board.met(subject)

    def _lose(self) -> None:
        random, every = self.generator.random, self._options.lost_every
        while not self._has_left and not self.generator.stopping.wait(random.uniform(0.5, 1.5) * every):
            self._device.cut()

    def _poll(self) -> None:
        """See by REST what the others are told, every few seconds."""
        every, books = self._options.poll_every, self.generator.books
        pause = self.generator.random.uniform(0, every)
        while not self._has_left and not self.generator.stopping.wait(pause):
            pause, asked = every, monotonic()
            answer = self.generator.calls.perform("listPlans", {}, self.token)
            books.record("poll", monotonic() - asked)
            books.count("polls")
            if not answer.done:
                books.count("failed")
                books.incident(str(self), f"listPlans was answered with {answer}")
                continue
            for plan in self._stale(answer, asked):
                books.count("stale")
                books.incident(str(self), f"a poll showed {plan} as it had been before its last edit")

    def _stale(self, answer: Answer, asked: float) -> Sequence[Plan]:
        places = self.generator.target.operations["listPlans"].answers
        items = actions.at(answer.body, places.get("plans", "/plans"))
        known = (
            (
                self._board.plans.get(actions.at(item, places.get("planId", "/id"))),
                actions.at(item, places.get("roi", "/roi")),
            )
            for item in (items if isinstance(items, list) else ())
        )
        return [plan for plan, roi in known if plan is not None and plan.is_stale(roi, asked)]


class Subscriber(Member):
    """Somebody who looks at the plans."""

    def person(self, generator: Generator, identity: Identity) -> Watcher:
        """A watcher; of any many in a row, each habit has its share."""
        options = self.environment.parsed_options
        place = generator.entered * _SPREAD % 1
        for habit, share in _habits(options):
            if place < share:
                return Watcher(generator, identity, habit, options)
            place -= share
        return Watcher(generator, identity, Habit.STREAM, options)


class Editor(Admin):
    """An admin, with some plans of their own."""

    def enter(self) -> None:
        """Create the plans that are edited; they are deleted at the end."""
        self.board, self._plans = _board(self.generator), deque[Plan]()
        for _ in range(self.environment.parsed_options.plans):
            self._plans.append(self._made(monotonic()))

    def rates(self) -> Mapping[Act, float]:
        """Edits and new plans a second."""
        options = self.environment.parsed_options
        rates: dict[Act, float] = {self.edit: options.update_rate / options.admins}
        if options.create_rate:
            rates[self.come_and_go] = options.create_rate / options.admins
        return rates

    def aim(self) -> Plan:
        """The next plan in turn."""
        self._plans.rotate()
        return self._plans[0]

    def edit(self, plan: Plan, intended: float) -> None:
        """Give a plan another ROI; now and then two admins do so with the same version."""
        while plan.is_busy:
            gevent.sleep(0.001)
        plan.is_busy = True
        try:
            share, claims = self.environment.parsed_options.conflict_share, self.generator.target.capabilities
            if self.generator.random.random() < share and "conditional-writes" in claims:
                name = self._collide(plan, intended)
            else:
                name = self._edit(plan, intended)
        finally:
            plan.is_busy = False
        if name is not None:
            self.board.spread(name)

    def _edit(self, plan: Plan, intended: float) -> str | None:
        roi = self._another(plan)
        name = self.board.change("updatePlan", "UPDATE", plan.id, intended)
        self._has_sent(intended)
        answer = self.generator.calls.perform("updatePlan", {"planId": plan.id, "roi": roi}, self._token())
        if not self._is_done("updatePlan", plan, answer):
            self.board.withdraw(name, "UPDATE")
            return None
        plan.rois.append((roi, monotonic()))
        return name

    def _collide(self, plan: Plan, intended: float) -> str | None:
        """Two edits of one version: one is made and told, the other is refused."""
        calls, operation = self.generator.calls, self.generator.target.operations["getPlan"]
        read = calls.perform("getPlan", {"planId": plan.id}, self._token())
        if not self._is_done("getPlan", plan, read):
            return None
        version = actions.read(operation, "version", read.body, read.headers)
        rois = (self._another(plan), self._another(plan) + 1)
        name = self.board.change("updatePlan", "UPDATE", plan.id, intended)
        self._has_sent(intended)
        attempts = [
            gevent.spawn(
                calls.perform, "updatePlan", {"planId": plan.id, "roi": roi, "ifMatch": version}, self._token()
            )
            for roi in rois
        ]
        answers: list[Answer] = [attempt.get() for attempt in attempts]
        made = [roi for roi, answer in zip(rois, answers, strict=True) if answer.done]
        refused = [answer for answer in answers if answer.status in (409, 412)]
        if (len(made), len(refused)) != (1, 1):
            self.board.withdraw(name, "UPDATE")
            told = " and ".join(map(str, answers))
            raise ContractViolation(f"two edits of one version of {plan} were answered with {told}")
        self.generator.books.count("actions")
        self.generator.books.count("conflicts")
        plan.rois.append((made[0], monotonic()))
        return name

    def come_and_go(self, _: Plan, intended: float) -> None:
        """A new plan, which is deleted soon."""
        self._has_sent(intended)
        plan = self._made(intended)
        self.generator.books.count("actions")
        self.generator.stopping.wait(_SOON)
        name = self.board.change("deletePlan", "DELETE", plan.id, monotonic())
        if self._is_done("deletePlan", plan, self._delete(plan)):
            self.board.spread(name)
        else:
            self.board.withdraw(name, "DELETE")

    def _made(self, intended: float) -> Plan:
        """A new plan."""
        called = monotonic()
        self.board.creating += 1
        try:
            plan = self._created(self._create())
            self.board.plans[plan.id] = plan
            self.board.made("createPlan", "CREATE", plan.id, intended, called)
            return plan
        finally:
            self.board.creating -= 1

    def _create(self) -> Answer:
        fields = {"name": f"Plan {self.generator.random.getrandbits(48):x} of a swarm", "roi": 1, **_FIELDS}
        answer = self.generator.calls.perform("createPlan", fields, self._token())
        if answer.status == 0:
            raise TargetUnavailable(str(answer))
        if not answer.done:
            raise ContractViolation(f"createPlan was answered with {answer}")
        return answer

    def _created(self, answer: Answer) -> Plan:
        found = actions.read(self.generator.target.operations["createPlan"], "planId", answer.body, answer.headers)
        plan = Plan(found, 1)
        self.generator.books.changes.enter(_PLAN_LEFT, plan.id, partial(self._delete, plan))
        return plan

    def _delete(self, plan: Plan) -> Answer:
        answer = self.generator.calls.perform("deletePlan", {"planId": plan.id}, self._token())
        if answer.done:
            plan.gone = monotonic()
            self.generator.books.changes.clear(_PLAN_LEFT, plan.id)
        return answer

    def _another(self, plan: Plan) -> float:
        return plan.rois[-1][0] % 500 + 1

    def _token(self) -> str | None:
        return self.generator.admin_token()

    def _has_sent(self, intended: float) -> None:
        self.generator.books.record("send_lag", monotonic() - intended)

    def _is_done(self, operation: str, plan: Plan, answer: Answer) -> bool:
        self.generator.books.count("actions")
        if not answer.done:
            self.generator.books.count("failed")
            self.generator.books.incident(str(plan), f"{operation} was answered with {answer}")
        return answer.done
