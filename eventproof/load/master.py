"""The master of a swarm: deals out identities, passes on what one worker causes at the users of others, concludes.

Before it ends it waits for the last account of every worker, with a deadline.
"""

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any, Final

from locust import runners
from locust.runners import WORKER_REPORT_INTERVAL

from eventproof.redaction import learn
from eventproof.verdict import ExitCode

from . import admission
from .account import SwarmAccount, merge
from .generator import grace
from .greenlets import sleep
from .messages import ACCOUNT, CAUSE, CLOCK, COLLECT, NEWS, POINT, REFUSED, REPORT, SECRETS, SHARE
from .node import Judge
from .objectives import ObjectiveLine
from .outcome import LostWorker
from .scenario import Scenario
from .share import ProcessShare
from .tables import strike_secrets
from .timeline import Timeline

__all__ = ["Master"]

_MARGIN: Final = 5.0
"""Seconds that a busy worker has to answer, beyond those that it takes to end its part."""
_POLL: Final = 0.05
_SHAPE: Final = ("num_users", "spawn_rate", "run_time")
"""The options that Locust keeps to its master, and by which every process knows when its users come in."""
_SILENT: Final = 15
"""Heartbeats, one a second, that a worker may miss before it counts as lost. After the three that Locust allows, a
machine that is busy for a moment ends a run in which nobody died."""
_CSV: Final = 1.1
"""Seconds until Locust has written its tables once more."""


class Master(Judge):
    """Generates nothing: deals out shares, collects accounts, concludes the run."""

    _behind = WORKER_REPORT_INTERVAL + 1.0

    def __init__(
        self, environment: Any, runner: Any, scenarios: Sequence[Scenario], whole: Sequence[ObjectiveLine] = ()
    ) -> None:
        super().__init__(environment, runner, scenarios, whole, environment.parsed_options.expect_workers)
        runners.HEARTBEAT_LIVENESS = _SILENT
        self._workers: dict[str, str] = {}
        self._late: list[str] = []
        self._accounts: dict[str, SwarmAccount] = {}
        self._interim: dict[str, SwarmAccount] = {}
        self._entered: dict[str, Mapping[str, int]] = {}
        self._measuring: dict[str, float] = {}
        """By worker: since when everybody of it has been measured."""
        self._reached: dict[str, set[str]] = {}
        """By point of the end: the workers that are there."""
        runner.register_message(ACCOUNT, self._on_account)
        runner.register_message(REFUSED, self._on_refused, concurrent=True)
        runner.register_message(CLOCK, self._on_clock)
        runner.register_message(CAUSE, self._on_cause)
        runner.register_message(POINT, self._on_point)
        environment.events.worker_connect.add_listener(self._on_connect)
        environment.events.worker_report.add_listener(self._on_report)

    def test_start(self, **_: Any) -> None:
        """Admit the test, and tell every worker which identities are its own: before Locust tells them to begin."""
        self._controller.admit(self._runner.target_user_count)
        super().test_start()
        workers = sorted(worker.id for worker in self._runner.clients.all if self._is_there(worker.id))
        self._workers = {worker: f"worker {index + 1}" for index, worker in enumerate(workers)}
        self._late, self._accounts, self._interim, self._entered = [], {}, {}, {}
        self._measuring, self._reached = {}, {}
        shape = {name: getattr(self._environment.parsed_options, name) for name in _SHAPE}
        fingerprint = admission.fingerprint(self._controller.target, self._scenarios)
        for index, worker in enumerate(workers):
            share = {"index": index, "of": len(workers), "fingerprint": fingerprint, "options": shape}
            self._runner.send_message(SHARE, share, client_id=worker)

    def measured(self) -> float:
        """That of the worker that began last; one that is lost is not waited for."""
        now = monotonic()
        return min((now - self._measuring.get(one, now) for one in self._workers if self._is_there(one)), default=0.0)

    def spawning_complete(self, **_: Any) -> None:
        """Every user is there: of each worker it is known from now on how many it has."""
        super().spawning_complete()
        classes = self._runner.user_classes_by_name
        for client in self._runner.clients.all:
            entered: Counter[str] = Counter()
            for name, number in client.user_classes_count.items():
                entered[classes[name].scenario.system] += 0 if getattr(classes[name], "acts", False) else number
            self._entered[client.id] = entered

    def _interim_account(self, metrics: frozenset[str] = frozenset()) -> SwarmAccount:  # noqa: ARG002 - they know them
        """What the workers told last."""
        return merge((self._interim | self._accounts).values())

    def _conclude(self) -> None:
        missing = [self._lost(worker) for worker in self._collect()]
        strike_secrets(self._runner.stats)
        if self._environment.parsed_options.csv_prefix:
            sleep(_CSV)
        self._judged([*self._accounts.values(), SwarmAccount(notes=self._idle())], missing, self._late)

    def _idle(self) -> tuple[str, ...]:
        """A note where some act, and not in every worker."""
        idle = [self._workers[worker] for worker, account in self._accounts.items() if not account.count("admins")]
        if not 0 < len(idle) < len(self._accounts):
            return ()
        names = ", ".join(sorted(idle))
        return (f"nobody acted on the users of {names}: there are fewer who act than workers (--admins)",)

    def _lost(self, worker: str) -> LostWorker:
        share = ProcessShare(list(self._workers).index(worker), len(self._workers))
        entered = self._entered.get(worker, {})
        users = admission.users_of(self._controller.target, self._scenarios, share, entered)
        return LostWorker(self._workers[worker], users)

    def _collect(self) -> list[str]:
        """Wait for the last account of every worker; the workers whose did not come."""
        for worker in self._workers:
            if self._is_there(worker):
                self._runner.send_message(COLLECT, client_id=worker)
        end = monotonic() + grace(self._environment.parsed_options.deadline) + _MARGIN
        while missing := [worker for worker in self._workers if worker not in self._accounts]:
            if monotonic() > end or not any(map(self._is_there, missing)):
                break
            self._tell_of_points()
            sleep(_POLL)
        return missing

    def _tell_of_points(self) -> None:
        """Where every worker that is there has reached a point of its end, tell all of them."""
        there = [worker for worker in self._workers if self._is_there(worker)]
        for point in [point for point, reached in self._reached.items() if reached.issuperset(there)]:
            del self._reached[point]
            for worker in there:
                self._runner.send_message(POINT, {"point": point}, client_id=worker)

    def _is_there(self, worker: str) -> bool:
        client = self._runner.clients.get(worker)
        return client is not None and client.state != "missing"

    def _on_connect(self, client_id: str, **_: Any) -> None:
        if self._is_testing and client_id not in self._workers:
            self._late.append(f"worker {len(self._workers) + len(self._late) + 1}")

    def _on_account(self, msg: Any, **_: Any) -> None:
        # What was told to one process, a target may echo to another.
        learn(*msg.data.get(SECRETS, ()))
        if msg.node_id in self._workers:
            self._accounts[msg.node_id] = SwarmAccount.from_json(msg.data)
            self._timeline.add(Timeline.from_json(msg.data[NEWS]))

    def _on_refused(self, msg: Any, **_: Any) -> None:
        name = self._workers.get(msg.node_id, "a worker")
        print(f"eventproof: {name} cannot take part: {msg.data['why']}", file=sys.stderr, flush=True)
        self._is_testing = False
        self._environment.process_exit_code = int(ExitCode(msg.data["code"]))
        (self._runner.quit if self._environment.parsed_options.headless else self._runner.stop)()

    def _on_clock(self, msg: Any, **_: Any) -> None:
        received = monotonic()
        answer = {"sent": msg.data["sent"], "received": received, "answered": monotonic()}
        self._runner.send_message(CLOCK, answer, client_id=msg.node_id)

    def _on_cause(self, msg: Any, **_: Any) -> None:
        for worker in self._workers:
            if worker != msg.node_id and self._is_there(worker):
                self._runner.send_message(CAUSE, msg.data, client_id=worker)

    def _on_point(self, msg: Any, **_: Any) -> None:
        self._reached.setdefault(msg.data["point"], set()).add(msg.node_id)

    def _on_report(self, client_id: str, data: Mapping[str, Any], **_: Any) -> None:
        if told := data.get(REPORT):
            learn(*told.get(SECRETS, ()))
            self._entered[client_id] = told["entered"]
            if told["measured"]:
                self._measuring.setdefault(client_id, monotonic() - told["measured"])
            self._interim[client_id] = SwarmAccount.from_json(told)
            self._timeline.add(Timeline.from_json(told[NEWS]))
        strike_secrets(self._runner.stats)
