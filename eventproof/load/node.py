"""One process of a swarm: what all have in common, and the one that is alone. Locust's events come in.

The other two are the `worker` and the `master`.
"""

from collections.abc import Sequence
from time import monotonic
from typing import Any, Final

from eventproof.errors import UsageError
from eventproof.redaction import redacted_text
from eventproof.report.records import Delivery, Glance, Series
from eventproof.target import Target

from . import admission, saturation
from .account import SwarmAccount, merge
from .controller import Controller
from .entrance import latest, left_to_measure
from .floor import Floor
from .generator import Generator
from .greenlets import Event, Greenlet, sleep, spawn, together
from .locust_table import LocustTable
from .metrics import LATENCIES
from .objectives import ObjectiveLine
from .outcome import LostWorker
from .scenario import Scenario
from .share import ProcessShare, among
from .timeline import Timeline
from .watch import Watch
from .window import Pane

__all__ = ["Judge", "Local", "Node"]

_LOOK: Final = 1.0
"""Seconds between two looks at what is missed."""
_EVERY, _RECENT = 1.0, 5.0
"""How often a glance is shown, and how many seconds it sums up."""
_POLL: Final = 0.05
_LOOKED_AT: Final = 120
"""How many stretches of time somebody is shown who looks on: to draw more would take long enough to be measured."""


class Unexpected(Exception):
    """What should not have happened, in Locust's table of failures."""


class Node:
    """What all processes have in common. `scenarios` are what the locustfile says of itself, `whole` what of all."""

    _behind = 1.0
    """How many seconds back everybody has told of what happened."""

    def __init__(
        self, environment: Any, runner: Any, scenarios: Sequence[Scenario], whole: Sequence[ObjectiveLine] = ()
    ) -> None:
        self._environment = environment
        self._runner = runner
        self._scenarios = tuple(scenarios)
        self._whole = tuple(whole)
        self._generators: dict[Scenario, Generator] = {}
        self._floor: Floor | None = None
        self._table = LocustTable(environment)
        self._timeline = Timeline()
        self._is_testing = self._was_interrupted = False
        self._given_up: tuple[ObjectiveLine, ...] = ()
        self._over = Event()
        self._over.set()

    @property
    def generator(self) -> Generator:
        """The load generator of this process, that of its first scenario, while a test runs."""
        return self.generator_of(self._scenarios[0])

    def generator_of(self, scenario: Scenario) -> Generator:
        """The load generator of a scenario in this process, while a test runs."""
        if scenario not in self._generators:
            raise RuntimeError("no test is running in this process")
        return self._generators[scenario]

    def deliveries(self) -> tuple[Delivery, ...]:
        """The account of every event as it is now."""
        return self._interim_account().delivery()

    def timeline(self) -> Timeline:
        """What happened so far, in all processes that told."""
        for generator in self._generators.values():
            self._timeline.add(generator.books.news())
        return self._timeline

    def so_far(self) -> Series:
        """The last minutes of it, as far as everybody has told; of the events' own latencies a report will tell."""
        return self.timeline().series(behind=self._behind, most=_LOOKED_AT, of=LATENCIES)

    def glance(self) -> Glance | None:
        """How it stands, where a test runs."""
        if not self._is_testing:
            return None
        timeline = self.timeline()
        recent = timeline.recent(_RECENT, behind=self._behind, of=LATENCIES)
        return Glance(timeline.seconds, recent, self.deliveries())

    def show(self, pane: Pane) -> None:
        """Show every second how it stands, as long as this process lives."""
        while True:
            sleep(_EVERY)
            if (glance := self.glance()) is not None:
                pane.show(glance)

    def measured(self) -> float:
        """Seconds for which everybody of this process has been measured; 0.0 where somebody is not yet."""
        return min((generator.books.seconds for generator in self._generators.values()), default=0.0)

    def spawning_complete(self, **_: Any) -> None:
        """Every user is there."""
        for generator in self._generators.values():
            generator.all_spawned()

    def test_start(self, **_: Any) -> None:
        """A test begins."""
        self._is_testing, self._given_up = True, ()
        self._timeline = Timeline()

    def test_stopping(self, **_: Any) -> None:
        """A test is about to end; its users are still there."""
        self._end(interrupted=False)

    def quitting(self, **_: Any) -> None:
        """The process ends; where a test with a set time still runs, that was not its end.

        Where its end is under way, that is cut short, but for one that we began ourselves.
        """
        if not self._over.is_set() and not self._is_testing:
            if not self._given_up:
                self._was_interrupted = True
                for generator in self._generators.values():
                    generator.hurry()
            self._over.wait()
        self._end(interrupted=bool(self._environment.parsed_options.run_time))

    def _end(self, *, interrupted: bool) -> None:
        if self._is_testing:
            self._is_testing, self._was_interrupted = False, interrupted
            self._over.clear()
            try:
                self._conclude()
            finally:
                self._table.flush()
                self._over.set()

    def _conclude(self) -> None:
        raise NotImplementedError

    def _start_generators(self, share: ProcessShare, target: Target, asked: Sequence[ObjectiveLine]) -> None:
        options = self._environment.parsed_options
        self._close()
        self._generators = {
            scenario: Generator(
                target,
                scenario=scenario,
                share=share,
                part=admission.part_of(scenario, self._scenarios),
                deadline=options.deadline,
                limits=saturation.limits(asked),
                seed=options.seed,
                report=self.report,
                entrance=scenario.entrance(options, among(share, number, len(self._scenarios))),
            )
            for number, scenario in enumerate(self._scenarios)
        }
        for generator in self._generators.values():
            generator.neighbours = tuple(other for other in self._generators.values() if other is not generator)
        self._floor = Floor()

    def _close(self) -> None:
        """End what an earlier test has begun."""
        for generator in self._generators.values():
            generator.close()
        if self._floor is not None:
            self._floor.stop()
            self._floor = None

    def _settled_account(self) -> SwarmAccount:
        floor, self._floor = self._floor, None
        if floor is not None:
            floor.stop()
        try:
            together([generator.settle for generator in self._generators.values()])
        except KeyboardInterrupt:  # the second one: what is there must do
            for generator in self._generators.values():
                generator.tell_what_is_left()
        accounts = [self._named(one, generator.account()) for one, generator in self._generators.items()]
        return merge([*accounts, *([floor.account()] if floor is not None else ())])

    def _interim_account(self, metrics: frozenset[str] = frozenset()) -> SwarmAccount:
        """The deliveries so far, all that was counted, and of these latencies the distributions."""
        return merge(self._named(one, generator.books.interim(metrics)) for one, generator in self._generators.items())

    def _named(self, scenario: Scenario, account: SwarmAccount) -> SwarmAccount:
        """The account of a scenario: where there are several, each event with the name of its system."""
        return account if len(self._scenarios) == 1 else account.of_system(scenario.system)

    def report(self, kind: str, name: str, seconds: float, problem: str) -> None:
        """Show a measurement in Locust's table: its kind, its name, and what went wrong, if anything did."""
        if not problem:
            self._table.record(kind, name, seconds)
            return
        told = redacted_text(problem)
        self._environment.events.request.fire(
            request_type=kind,
            name=told if name == problem else redacted_text(name),
            response_time=seconds * 1e3,
            response_length=0,
            exception=Unexpected(told),
            context={},
        )


class Judge(Node):
    """The process that concludes the run, and ends it where an objective asks for that."""

    def __init__(
        self,
        environment: Any,
        runner: Any,
        scenarios: Sequence[Scenario],
        whole: Sequence[ObjectiveLine] = (),
        processes: int = 1,
    ) -> None:
        super().__init__(environment, runner, scenarios, whole)
        self._controller = Controller(environment.parsed_options, scenarios, whole, processes)
        self._watcher: Greenlet | None = None

    def problem(self, typed: str) -> str:
        """What is wrong with objectives that somebody has typed, with ; in between; empty where nothing is."""
        try:
            self._controller.asked(typed)
        except UsageError as error:
            return str(error)
        return ""

    def test_start(self, **_: Any) -> None:
        """A test begins."""
        super().test_start()
        watch = Watch(self._controller.objectives)
        if watch.lines:
            self._watcher = spawn(self._watch, watch)

    def test_stopping(self, **_: Any) -> None:
        """A test is about to end: users who came in late have taken nothing from the time in which it measures."""
        options = self._environment.parsed_options
        if options.headless and options.run_time and self._is_testing and not self._given_up:
            asked = left_to_measure(options.run_time, self._runner.target_user_count, options.spawn_rate)
            self._measure_for(asked, monotonic() + latest(options.run_time))
        super().test_stopping()

    def _measure_for(self, seconds: float, end: float) -> None:
        """Wait until so many were measured, but not beyond `end`, nor beyond that of a test that somebody else ends."""
        while self.measured() < seconds and monotonic() < end and self._is_testing and not self._given_up:
            sleep(_POLL)
        if not self._is_testing:
            self._over.wait()

    def _watch(self, watch: Watch) -> None:
        while self._is_testing:
            sleep(_LOOK)
            given_up = watch.look(self._interim_account(watch.metrics), monotonic())
            if given_up and self._is_testing:
                self._given_up = given_up
                spawn(self._runner.quit if self._environment.parsed_options.headless else self._runner.stop)
                return

    def _judged(
        self, accounts: Sequence[SwarmAccount], missing: Sequence[LostWorker] = (), late: Sequence[str] = ()
    ) -> None:
        code = self._controller.conclude(
            accounts,
            self._runner.target_user_count,
            series=self.timeline().series(),
            missing=missing,
            late=late,
            interrupted=self._was_interrupted,
            given_up=self._given_up,
        )
        self._environment.process_exit_code = int(code)


class Local(Judge):
    """The only process: generates the load and concludes the run."""

    def test_start(self, **_: Any) -> None:
        """Admit the test, and be ready for its users."""
        self._controller.admit(self._runner.target_user_count)
        self._start_generators(ProcessShare(), self._controller.target, self._controller.objectives)
        super().test_start()

    def _conclude(self) -> None:
        self._judged([self._settled_account()])
