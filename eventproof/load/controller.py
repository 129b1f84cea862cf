"""The process of a swarm that decides and reports: admission before the run, the verdict and the results after it."""

import os
import shlex
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

from eventproof import machine, profile
from eventproof.catalog import ADMIN
from eventproof.errors import TargetUnavailable
from eventproof.history import History, Kind
from eventproof.report import folder as folders
from eventproof.report import formats, terminal
from eventproof.report.records import Run, Series
from eventproof.target import Target
from eventproof.verdict import ExitCode, exit_code

from . import admission, capacity, handover, objectives
from .account import Incident, SwarmAccount, merge
from .calls import LOGIN_WAITS, Calls
from .contracts import of_target
from .greenlets import Timeout
from .objectives import ObjectiveLine
from .outcome import Circumstances, LostWorker, conclude
from .probe import probe
from .residue import LEFT_BEHIND, Residue
from .scenario import Scenario

_SOFTWARE = ("locust", "gevent", "greenlet", "hdrhistogram")


def target_of(options: Any) -> Target:
    """The target that the options of a Locust run name; its contracts are those of this process. Raises UsageError."""
    named = options.target or str(profile.DEFAULT)
    is_url = "://" in named
    target = profile.for_url(named) if is_url else profile.load(named, options.target_environment or None)
    of_target(target)
    return target


def asked(defaults: Iterable[ObjectiveLine], given: Iterable[ObjectiveLine]) -> tuple[ObjectiveLine, ...]:
    """The objectives of a run: those given, and the scenario's about what no given one is about, each once."""
    given = tuple(given)
    about = {one.about for one in given}
    others = (one for one in defaults if one.about not in about)
    return (*dict.fromkeys(others), *given)


def asked_of(
    given: Sequence[str], target: Target, scenarios: Sequence[Scenario], whole: Sequence[ObjectiveLine]
) -> tuple[ObjectiveLine, ...]:
    """The objectives of a run of these scenarios. Raises UsageError where one of them can measure nothing in it.

    `whole` are those of all scenarios together.
    """
    own = (line for scenario in scenarios for line in scenario.objectives if _is_told(line, target))
    systems = tuple(scenario.system for scenario in scenarios)
    lines = asked(asked(own, whole), map(objectives.parse, given))
    for line in lines:
        objectives.fit(line, systems, has_steps=any(scenario.has_steps for scenario in scenarios))
    # Of one system alone there is one account, which is its own.
    return tuple(replace(line, scope="") if (line.scope,) == systems else line for line in lines)


class Controller:
    """Admits a run, and concludes it. `target` and `objectives` are what it is about."""

    def __init__(
        self, options: Any, scenarios: Sequence[Scenario], whole: Sequence[ObjectiveLine], processes: int
    ) -> None:
        """Admit a run of this many processes; raises EventproofError with the reason where it cannot be.

        `whole` are the objectives of all scenarios together.
        """
        self.target = target_of(options)
        self._scenarios, self._whole = tuple(scenarios), tuple(whole)
        self._options = options
        self._processes = processes
        self._folder: Path | None = None
        for scenario in self._scenarios:
            admission.about(self.target, scenario.system)
        self._ask()
        self._reach()
        if options.headless:
            self.admit(options.num_users or 1)

    def admit(self, users: int) -> None:
        """A test of so many users begins. Raises UsageError where there are too few identities, or no folder.

        What it is asked for is read anew: between two tests somebody may have typed something else.
        """
        self._ask()
        admission.admit(self.target, users, self._options.admins, self._processes, self._scenarios)
        if not self._options.master or self._options.processes:  # else others hold the connections
            room = capacity.capacity(capacity.here(), self.target.base_url, self._processes)
            capacity.require_room(room, users - self._options.admins, self._options.multi_device)
        if self._folder is None:
            results = self._options.results
            self._folder = folders.prepare(Path(results) if results else None, "swarm")
        self._users = users
        if self._residue is not None:
            self._residue.remember()
        self._started, self._began = datetime.now(UTC), monotonic()

    def asked(self, typed: str) -> tuple[ObjectiveLine, ...]:
        """What a test is asked for where somebody has typed these objectives. Raises UsageError as `asked_of` does."""
        given = [*self._options.objective, *objectives.separate(typed)]
        return asked_of(given, self.target, self._scenarios, self._whole)

    def _ask(self) -> None:
        self.objectives = self.asked(self._options.objectives)
        self._residue = Residue(self.target) if any(line.metric == LEFT_BEHIND for line in self.objectives) else None

    def conclude(
        self,
        accounts: Iterable[SwarmAccount],
        users: int,
        *,
        series: Series,
        missing: Sequence[LostWorker] = (),
        late: Sequence[str] = (),
        interrupted: bool = False,
        given_up: Sequence[ObjectiveLine] = (),
    ) -> ExitCode:
        """The test is over: write the results, print the summary, and say what the process is to return.

        `users` are those asked for last; it may have begun with another number. `series` is what happened when.
        """
        account, options = merge([*accounts, *map(_lost, missing)]), self._options
        if self._residue is not None:
            account = merge([account, self._residue.left()])
        conclusions = [concludes for scenario in self._scenarios for concludes in scenario.conclusions]
        account = merge([account, *(concludes(account, options) for concludes in conclusions)])
        run = conclude(
            account,
            Circumstances(
                target=self.target,
                systems=tuple(scenario.system for scenario in self._scenarios),
                objectives=self.objectives,
                started=self._started.isoformat(timespec="seconds").replace("+00:00", "Z"),
                seconds=monotonic() - self._began,
                seed=self._options.seed,
                command=os.environ.get(handover.COMMAND) or f"locust {shlex.join(sys.argv[1:])}",
                users=max(self._users, users),
                processes=self._processes,
                scenario=_named(self._options.locustfile),
                series=series,
                machine=machine.here(_SOFTWARE),
                missing=tuple(missing),
                late=tuple(late),
                interrupted=interrupted,
                given_up=tuple(given_up),
            ),
        )
        self._write(run, account)
        return exit_code(run.outcome)

    def _write(self, run: Run, account: SwarmAccount) -> None:
        times = iter([0.0, *(incident.at for incident in account.incidents)])
        history = History(lambda: next(times))
        for incident in account.incidents:
            history.add(Kind.NOTE, incident.who, name=incident.what)
        folder, self._folder = self._folder, None
        if folder is not None:
            formats.write_all(run, history, folder)
            terminal.print_summary(run, report=folder / "report.html")

    def _reach(self) -> None:
        """Raise where nobody listens, or who acts cannot log in: before thousands of users find that out."""
        for scenario in self._scenarios:
            probe(self.target, self.target.main(scenario.system))
        calls, patience = Calls(self.target), self.target.budgets.call
        further = {scenario.acting for scenario in self._scenarios} - {ADMIN} if not self.target.is_sessionless else ()
        for admin in (*self.target.admins, *(one for role in sorted(further) for one in self.target.people(role)[:1])):
            nothing = TargetUnavailable(
                f"{admin.name} cannot log in: {self.target.rest.url} did not answer within {patience:g} s"
            )
            with Timeout(patience + LOGIN_WAITS, nothing):
                calls.token_of(admin)
        calls.close()


def _lost(worker: LostWorker) -> SwarmAccount:
    """What is known of a worker without an account: for the history, the name of everyone it took along."""
    return SwarmAccount(incidents=tuple(Incident(0.0, user, f"was lost with {worker.name}") for user in worker.users))


def _named(locustfiles: str | None) -> str:
    """What the locustfiles of a run are called: `ban_storm`."""
    return ", ".join(Path(name.strip()).stem for name in (locustfiles or "").split(","))


def _is_told(line: ObjectiveLine, target: Target) -> bool:
    """Whether the target can tell what a scenario asks for: its memory, only where its profile names the gauge."""
    return not line.metric.startswith("memory") or (target.metrics is not None and target.metrics.memory is not None)
