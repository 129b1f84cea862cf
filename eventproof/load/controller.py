"""The process of a swarm that decides and reports: admission before the run, the verdict and the results after it."""

import os
import shlex
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

from eventproof import profile
from eventproof.errors import TargetUnavailable
from eventproof.history import History, Kind
from eventproof.report import folder as folders
from eventproof.report import formats, terminal
from eventproof.report.records import Run
from eventproof.target import Target
from eventproof.verdict import ExitCode, exit_code

from . import admission, floor, handover, objectives
from .account import SwarmAccount, merge
from .calls import LOGIN_WAITS, Calls
from .contracts import contracts
from .greenlets import Timeout
from .objectives import ObjectiveLine
from .outcome import Circumstances, conclude
from .probe import probe
from .scenario import Scenario


def target_of(options: Any) -> Target:
    """The target that the options of a Locust run name. Raises UsageError."""
    named = options.target or str(profile.DEFAULT)
    if "://" in named:
        return profile.for_url(named, catalog=contracts())
    return profile.load(named, options.target_environment or None, catalog=contracts())


def asked(defaults: Iterable[ObjectiveLine], expressions: Iterable[str]) -> tuple[ObjectiveLine, ...]:
    """The objectives of a run: those given, and the scenario's about what no given one is about."""
    given = tuple(map(objectives.parse, expressions))
    about = {(one.metric, one.selector, one.percent) for one in given}
    return (*(one for one in defaults if (one.metric, one.selector, one.percent) not in about), *given)


class Controller:
    """Admits a run, and concludes it. `target` and `objectives` are what it is about."""

    def __init__(self, options: Any, scenario: Scenario, processes: int) -> None:
        """Admit a run of this many processes; raises EventproofError with the reason where it cannot be."""
        self.objectives = asked(scenario.objectives, options.objective)
        self.target = target_of(options)
        self._system = scenario.system
        self._options = options
        self._processes = processes
        self._folder: Path | None = None
        admission.about(self.target, self._system)
        self._reach()
        if options.headless:
            self.admit(options.num_users or 1)
        self._floor = floor.measure()

    def admit(self, users: int) -> None:
        """A test of so many users begins. Raises UsageError where there are too few identities, or no folder."""
        admission.admit(self.target, users, self._options.admins, self._processes)
        if self._folder is None:
            results = self._options.results
            self._folder = folders.prepare(Path(results) if results else None, "swarm")
        self._users = users
        self._started, self._began = datetime.now(UTC), monotonic()

    def conclude(
        self,
        accounts: Iterable[SwarmAccount],
        users: int,
        *,
        missing: Sequence[str] = (),
        late: Sequence[str] = (),
        interrupted: bool = False,
    ) -> ExitCode:
        """The test is over: write the results, print the summary, and say what the process is to return.

        `users` are those asked for last; it may have begun with another number.
        """
        account = merge(accounts)
        run = conclude(
            account,
            Circumstances(
                target=self.target,
                system=self._system,
                objectives=self.objectives,
                started=self._started.isoformat(timespec="milliseconds"),
                seconds=monotonic() - self._began,
                seed=self._options.seed,
                command=os.environ.get(handover.COMMAND) or f"locust {shlex.join(sys.argv[1:])}",
                users=max(self._users, users),
                processes=self._processes,
                floor=(self._floor,),
                missing=tuple(missing),
                late=tuple(late),
                interrupted=interrupted,
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
        """Raise where nobody listens, or an admin cannot log in: before thousands of users find that out."""
        probe(self.target, self.target.main(self._system))
        calls, patience = Calls(self.target), self.target.budgets.call
        for admin in self.target.admins:
            nothing = TargetUnavailable(
                f"{admin.name} cannot log in: {self.target.rest.url} did not answer within {patience:g} s"
            )
            with Timeout(patience + LOGIN_WAITS, nothing):
                calls.token_of(admin)
        calls.close()
