"""One process of a swarm: on its own, master, or worker. Locust's events come in, its messages go between them.

The master deals out the identities before a test, and before it stops it waits for the last account of every worker.
"""

import sys
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any

from eventproof.redaction import learn, learnt, redacted_text
from eventproof.report.records import Delivery
from eventproof.target import Target

from . import admission, controller, objectives, saturation
from .account import SwarmAccount, merge
from .admission import ProcessShare
from .controller import Controller
from .generator import Generator, grace
from .greenlets import Event, sleep, together
from .objectives import ObjectiveLine
from .scenario import Scenario

_SHARE, _COLLECT, _ACCOUNT = "eventproof.share", "eventproof.collect", "eventproof.account"
_SECRETS = "secrets"
_SHAPE = ("num_users", "spawn_rate", "run_time")
"""The options that Locust keeps to its master, and by which every process knows when its users come in."""
_MARGIN = 5.0
"""Seconds that a busy worker has to answer, beyond those that it takes to end its part."""
_POLL = 0.05
_NOBODY = ProcessShare(index=sys.maxsize)
"""The share of a worker that came too late to get one."""


class Unexpected(Exception):
    """What should not have happened, in Locust's table of failures."""


class Node:
    """What all processes have in common. `scenarios` are what the locustfile says of itself, `whole` what of all."""

    def __init__(
        self, environment: Any, runner: Any, scenarios: Sequence[Scenario], whole: Sequence[ObjectiveLine] = ()
    ) -> None:
        self._environment = environment
        self._runner = runner
        self._scenarios = tuple(scenarios)
        self._whole = tuple(whole)
        self._generators: dict[Scenario, Generator] = {}
        self._is_testing = self._was_interrupted = False
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

    def spawning_complete(self, **_: Any) -> None:
        """Every user is there."""
        for generator in self._generators.values():
            generator.all_spawned()

    def test_start(self, **_: Any) -> None:
        """A test begins."""
        self._is_testing = True

    def test_stopping(self, **_: Any) -> None:
        """A test is about to end; its users are still there."""
        self._end(interrupted=False)

    def quitting(self, **_: Any) -> None:
        """The process ends; where a test with a set time still runs, that was not its end.

        Where its end is under way, that is cut short.
        """
        if not self._over.is_set() and not self._is_testing:
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
                self._over.set()

    def _conclude(self) -> None:
        raise NotImplementedError

    def _start_generators(self, share: ProcessShare, target: Target) -> None:
        options = self._environment.parsed_options
        for generator in self._generators.values():
            generator.close()
        own = (line for one in self._scenarios for line in one.objectives)
        asked = controller.asked(controller.asked(own, self._whole), map(objectives.parse, options.objective))
        self._generators = {
            scenario: Generator(
                target,
                scenario=scenario,
                share=share,
                part=admission.part_of(scenario, self._scenarios),
                deadline=options.deadline,
                limits=saturation.limits(asked),
                seed=options.seed,
                report=self._report,
                entrance=scenario.entrance(options, admission.among(share, number, len(self._scenarios))),
            )
            for number, scenario in enumerate(self._scenarios)
        }
        for generator in self._generators.values():
            generator.neighbours = tuple(other for other in self._generators.values() if other is not generator)

    def _settled_account(self) -> SwarmAccount:
        try:
            together([generator.settle for generator in self._generators.values()])
        except KeyboardInterrupt:  # the second one: what is there must do
            for generator in self._generators.values():
                generator.tell_what_is_left()
        return merge(self._named(one, generator.account()) for one, generator in self._generators.items())

    def _interim_account(self) -> SwarmAccount:
        """The deliveries so far."""
        return merge(
            self._named(one, SwarmAccount(tallies=generator.books.ledger.tallies))
            for one, generator in self._generators.items()
        )

    def _named(self, scenario: Scenario, account: SwarmAccount) -> SwarmAccount:
        """The account of a scenario: where there are several, each event with the name of its system."""
        return account if len(self._scenarios) == 1 else account.of_system(scenario.system)

    def _report(self, kind: str, name: str, seconds: float, problem: str) -> None:
        told = redacted_text(problem) if problem else ""
        self._environment.events.request.fire(
            request_type=kind,
            name=told if name == problem else redacted_text(name) if problem else name,
            response_time=seconds * 1e3,
            response_length=0,
            exception=Unexpected(told) if problem else None,
            context={},
        )


class Local(Node):
    """The only process: generates the load and concludes the run."""

    def __init__(
        self, environment: Any, runner: Any, scenarios: Sequence[Scenario], whole: Sequence[ObjectiveLine] = ()
    ) -> None:
        super().__init__(environment, runner, scenarios, whole)
        self._controller = Controller(environment.parsed_options, scenarios, whole, 1)

    def test_start(self, **_: Any) -> None:
        """Admit the test, and be ready for its users."""
        self._controller.admit(self._runner.target_user_count)
        self._start_generators(ProcessShare(), self._controller.target)
        super().test_start()

    def _conclude(self) -> None:
        accounts, users = [self._settled_account()], self._runner.target_user_count
        self._environment.process_exit_code = int(
            self._controller.conclude(accounts, users, interrupted=self._was_interrupted)
        )


class Worker(Node):
    """Generates its share of the load, and sends its account when it is asked for it."""

    def __init__(
        self, environment: Any, runner: Any, scenarios: Sequence[Scenario], whole: Sequence[ObjectiveLine] = ()
    ) -> None:
        super().__init__(environment, runner, scenarios, whole)
        self._share = _NOBODY
        runner.register_message(_SHARE, self._on_share)
        runner.register_message(_COLLECT, self._on_collect, concurrent=True)
        environment.events.report_to_master.add_listener(self._on_report)

    def test_start(self, **_: Any) -> None:
        """Be ready for the users of this process; the share came before."""
        self._start_generators(self._share, controller.target_of(self._environment.parsed_options))
        super().test_start()

    def _conclude(self) -> None:
        self._runner.send_message(_ACCOUNT, self._settled_account().to_json() | {_SECRETS: learnt()})

    def _on_share(self, msg: Any, **_: Any) -> None:
        self._share = ProcessShare(**msg.data["share"])
        vars(self._environment.parsed_options).update(msg.data["options"])

    def _on_collect(self, **_: Any) -> None:
        self._end(interrupted=False)

    def _on_report(self, data: dict[str, Any], **_: Any) -> None:
        """The deliveries so far, for the master's web UI."""
        if self._generators:
            data["eventproof"] = self._interim_account().to_json()


class Master(Node):
    """Generates nothing: deals out shares, collects accounts, concludes the run."""

    def __init__(
        self, environment: Any, runner: Any, scenarios: Sequence[Scenario], whole: Sequence[ObjectiveLine] = ()
    ) -> None:
        super().__init__(environment, runner, scenarios, whole)
        self._controller = Controller(
            environment.parsed_options, scenarios, whole, environment.parsed_options.expect_workers
        )
        self._workers: dict[str, str] = {}
        self._late: list[str] = []
        self._accounts: dict[str, SwarmAccount] = {}
        self._interim: dict[str, SwarmAccount] = {}
        runner.register_message(_ACCOUNT, self._on_account)
        environment.events.worker_connect.add_listener(self._on_connect)
        environment.events.worker_report.add_listener(self._on_report)

    def deliveries(self) -> tuple[Delivery, ...]:
        """The account of every event as the workers told it last."""
        return merge((self._interim | self._accounts).values()).delivery()

    def test_start(self, **_: Any) -> None:
        """Admit the test, and tell every worker which identities are its own: before Locust tells them to begin."""
        self._controller.admit(self._runner.target_user_count)
        super().test_start()
        workers = sorted(worker.id for worker in self._runner.clients.all if self._is_there(worker.id))
        self._workers = {worker: f"worker {index + 1}" for index, worker in enumerate(workers)}
        self._late, self._accounts, self._interim = [], {}, {}
        shape = {name: getattr(self._environment.parsed_options, name) for name in _SHAPE}
        for index, worker in enumerate(workers):
            share = {"index": index, "of": len(workers)}
            self._runner.send_message(_SHARE, {"share": share, "options": shape}, client_id=worker)

    def _conclude(self) -> None:
        missing = self._collect()
        names = [self._workers[worker] for worker in missing]
        self._environment.process_exit_code = int(
            self._controller.conclude(
                self._accounts.values(),
                self._runner.target_user_count,
                missing=names,
                late=self._late,
                interrupted=self._was_interrupted,
            )
        )

    def _collect(self) -> list[str]:
        """Wait for the last account of every worker; the workers whose did not come."""
        for worker in self._workers:
            if self._is_there(worker):
                self._runner.send_message(_COLLECT, client_id=worker)
        end = monotonic() + grace(self._environment.parsed_options.deadline) + _MARGIN
        while missing := [worker for worker in self._workers if worker not in self._accounts]:
            if monotonic() > end or not any(map(self._is_there, missing)):
                break
            sleep(_POLL)
        return missing

    def _is_there(self, worker: str) -> bool:
        client = self._runner.clients.get(worker)
        return client is not None and client.state != "missing"

    def _on_connect(self, client_id: str, **_: Any) -> None:
        if self._is_testing and client_id not in self._workers:
            self._late.append(f"worker {len(self._workers) + len(self._late) + 1}")

    def _on_account(self, msg: Any, **_: Any) -> None:
        # What was told to one process, a target may echo to another.
        learn(*msg.data.get(_SECRETS, ()))
        if msg.node_id in self._workers:
            self._accounts[msg.node_id] = SwarmAccount.from_json(msg.data)

    def _on_report(self, client_id: str, data: Mapping[str, Any], **_: Any) -> None:
        if "eventproof" in data:
            self._interim[client_id] = SwarmAccount.from_json(data["eventproof"])
