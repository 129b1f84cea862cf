"""The Locust user classes that a swarm is made of: those who are connected, and those who act on them."""

from collections.abc import Callable, Mapping
from itertools import chain, takewhile
from math import inf
from time import monotonic
from typing import Any, ClassVar

from locust import User, events, task
from locust.exception import StopUser
from locust.user.task import LOCUST_STATE_WAITING

from eventproof.errors import EventproofError, UsageError
from eventproof.target import Identity

from . import plugin
from .generator import Generator, Participant
from .greenlets import Greenlet, Group, Pool, sleep
from .scenario import Scenario
from .schedule import schedule

__all__ = ["Act", "ActingUser", "ConnectedUser"]

Act = Callable[[Any, float], None]
"""What an admin does to what `ActingUser.aim` gave, at an intended time."""

_FOREVER = 1e9
_EARLY = 0.0015
"""gevent's timers run a millisecond late: wake this many seconds before the time, and let others run until it."""
_OVERDUE = 1.0
"""An action that so many seconds after its time had not begun when the run ended was left out."""
_AT_ONCE = 1000
"""How many actions of one admin may be under way; the next ones wait, and what they wait is measured."""


class _OfScenario:
    """Takes part in the scenario that was being read when its class was defined."""

    scenario: ClassVar[Scenario]

    def __init_subclass__(cls, **named: Any) -> None:
        super().__init_subclass__(**named)
        cls.scenario = plugin.current()


class ConnectedUser(_OfScenario, User):
    """Somebody who is connected and does what the server says, and nothing else.

    Such a one needs no greenlet: Locust counts one that is never started, which saves nine kilobytes a user.
    """

    abstract = True

    def devices(self) -> int:
        """On how many devices this one is logged in: one, or two or three for the share `--multi-device` of all."""
        random, share = (
            plugin.generator(self.environment, self.scenario).random,
            self.environment.parsed_options.multi_device,
        )
        return random.choice((2, 3)) if random.random() < share else 1

    def actor(self, generator: Generator, identity: Identity) -> Participant:
        """Who this is on the target: the scenario says it."""
        raise NotImplementedError

    def start(self, group: Group) -> Greenlet:
        """Open a session on every device."""
        self._group, self._state = group, LOCUST_STATE_WAITING
        uncalled = Greenlet(_never, self)
        self._greenlet = uncalled
        group.add(uncalled)
        generator = plugin.generator(self.environment, self.scenario)
        self._actor: Participant | None = None
        try:
            self._actor = generator.enter(self.actor)
        except UsageError as error:
            generator.books.count("unopened")
            generator.books.note(str(error))
        return uncalled

    def stop(self, force: bool = False) -> bool:  # noqa: ARG002 - there is nothing to wait for
        """Close them."""
        if self._actor is not None:
            plugin.generator(self.environment, self.scenario).leave(self._actor)
        if self._greenlet is not None:
            self._greenlet.kill(block=False)
        return True

    @task
    def stay(self) -> None:
        """Nothing: all that happens to a member is what others cause."""


def _never(_user: User) -> None:
    """What a greenlet that is never started would do; Locust finds its user by the argument."""


class ActingUser(_OfScenario, User):
    """Somebody who acts on members of the same process, at times that are fixed in advance."""

    abstract = True
    acts = True
    acts_alone: ClassVar[bool] = False
    """Whether there is one of them in all processes, however many act."""
    fixed_count = 1
    """How many of them there are in all processes; set by `--admins`."""

    def rates(self) -> Mapping[Act, float]:
        """What this admin does, and how often a second."""
        return {}

    def most(self) -> float:
        """How many actions this admin begins at most."""
        return inf

    def aim(self) -> Any:
        """What the next action is aimed at: a `Participant` who is ready, in turn; None where it is left out."""
        return self.generator.pick()

    def on_start(self) -> None:
        """Come in, and wait until everybody is connected."""
        self.generator = plugin.generator(self.environment, self.scenario)
        self.generator.books.count("admins")
        try:
            self.enter()
        except EventproofError as error:
            self.generator.books.count("absent")
            self.generator.books.note(str(error))
            raise StopUser from None
        self.generator.wait_until_measuring()

    def enter(self) -> None:
        """Come in, where admins are connected to anything."""

    @task
    def act(self) -> None:
        """Act on time, until the test stops."""
        generator, at_once = self.generator, Pool(_AT_ONCE)
        actions = schedule(self.rates(), monotonic(), generator.random)
        for number, (intended, action) in enumerate(actions):
            if number >= self.most():
                break
            if generator.stopping.wait(max(intended - monotonic() - _EARLY, 0)):
                times = (due for due, _ in chain([(intended, action)], actions))
                overdue = takewhile((monotonic() - _OVERDUE).__gt__, times)
                generator.books.count("omitted", sum(1 for _ in overdue))
                break
            while monotonic() < intended:
                sleep(0)
            if (aim := self.aim()) is not None:
                at_once.spawn(generator.carry_out, action, aim, intended)
        sleep(_FOREVER)


@events.user_error.add_listener  # type: ignore[untyped-decorator]  # Locust's events have no types
def _is_our_fault(user_instance: Any, exception: Exception, **_: Any) -> None:
    """Locust logs what a user of ours raises, and goes on."""
    plugin.generator(user_instance.environment, getattr(user_instance, "scenario", None)).books.fault(exception)
