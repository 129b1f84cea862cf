"""One run of the cases inside pytest: chooses them, keeps what each showed, ends with a `Run`."""

import shlex
import time
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from eventproof import __version__, machine
from eventproof.catalog import Catalog, Requirement, System
from eventproof.effort import PAYLOADS
from eventproof.errors import ContractViolation, EventproofError, Inconclusive, UsageError
from eventproof.interruption import HEEDED
from eventproof.redaction import redacted_text
from eventproof.report import formats
from eventproof.report.contracts import contracts_of
from eventproof.report.listener import Listener
from eventproof.report.records import Check, RequirementResult, Run
from eventproof.settings import nearest
from eventproof.target import Target
from eventproof.verdict import ExitCode, Outcome, Verdict, exit_code

from .case import Case
from .check_run import CheckRun
from .evidence import frames_of, shown, told
from .marks import LONG, capabilities_of, kind_of, name_of, requirements_of, runs_last, waits_of
from .remedies import remedies_of
from .verdicts import NotApplicable, outcome_of, result_of, verdict_of

__all__ = ["Options", "Suite"]

_SOFTWARE = ("pytest", "aiohttp")
_SHARED = "all"
"""What stands for the system in a requirement that every system shares."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a run is made: `only` holds ids of requirements and names of cases, `command` is what a person typed."""

    seed: int
    only: tuple[str, ...] = ()
    results: Path | None = None
    command: str = "eventproof check"
    prefix: str = "--"
    """What its options begin with."""
    slow: bool = False
    """Whether the cases run that wait for long."""
    hostile: bool = False
    """Whether attacks are made with full force."""
    payloads: int = PAYLOADS
    """How many good payloads, and how many bad ones, an event of a client is tried with."""


class Suite:
    """A pytest plugin that lives for one run; `run` is its result once pytest has ended."""

    def __init__(self, target: Target, catalog: Catalog, options: Options, listener: Listener) -> None:
        self.run: Run | None = None
        self.error: Exception | None = None
        """What kept the run from its end, where something of ours did."""
        self.catalog = catalog
        self.check_run = CheckRun(target, catalog, options.seed, hostile=options.hostile, payloads=options.payloads)
        self._target = target
        self._options = options
        self._listener = listener
        self._requirements = {line.id: line for line in catalog.requirements(target.systems)}
        self._contracts = contracts_of(catalog, target.systems)
        self._selected = dict.fromkeys(self._requirements, not options.only)
        self._checks: list[Check] = []
        self._kinds: dict[str, str] = {}
        """What of a contract a case follows from, by its name."""
        self._notes: Counter[str] = Counter()
        """What is worth telling, and in how many cases it was."""
        self._raised: dict[str, BaseException] = {}
        self._views: dict[str, Case] = {}
        self._seconds: dict[str, float] = {}
        self._interrupted = False
        self._foreign_failed = False
        """Whether something in the session that is no case of ours failed: a team's own test beside the cases."""
        self._started = datetime.now(UTC)
        self._began = time.monotonic()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Leave the cases of the systems under test that were asked for, those that judge the whole run last."""
        chosen = [item for item in items if self._is_chosen(item)]
        left_out = [item for item in items if item not in set(chosen)]
        self._mark_selected(chosen, items)
        self._kinds = {name_of(item.nodeid): kind_of(item) for item in chosen}
        items[:] = sorted(chosen, key=runs_last)
        if left_out:
            config.hook.pytest_deselected(items=left_out)
        self._listener.started(len(items))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """A case starts, unless somebody wants the run to end, which may have been lost on its way."""
        HEEDED.heed()
        self._listener.case_started(name_of(nodeid))

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Leave out what binds only targets that claim more than this one does, and what nobody wants to wait for."""
        for name in capabilities_of(item):
            if name not in self._target.capabilities:
                raise NotApplicable(f'the profile does not claim the capability "{name}"')
        seconds, what = waits_of(item, self._target.budgets)
        if seconds > LONG and not self._options.slow:
            raise NotApplicable(
                f"it waits {seconds:g} s for {what}; to run it: {self._repeat([name_of(item.nodeid)], slow=True)}"
            )

    def case(self, request: pytest.FixtureRequest) -> Generator[Case, None, None]:
        """The fixture: a case that is cleared when the case is over."""
        node: pytest.Item = request.node
        seconds, _ = waits_of(node, self._target.budgets)
        case = self.check_run.case(name_of(node.nodeid), self._system_of(node), waits=seconds)
        self._views[node.nodeid] = case
        yield case
        self._notes.update(dict.fromkeys(case.leave(), 1))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Keep what a case raised; when it is over, judge it."""
        report = yield
        report.sections = [(title, redacted_text(text)) for title, text in report.sections]
        if not requirements_of(item):
            self._foreign_failed |= report.failed
            return report
        self._seconds[item.nodeid] = self._seconds.get(item.nodeid, 0.0) + call.duration
        if call.excinfo is not None and item.nodeid not in self._raised:
            self._raised[item.nodeid] = call.excinfo.value
            check = self._judged(item)
            if check.verdict is Verdict.NOT_APPLICABLE:
                report.outcome, report.longrepr = "skipped", (str(item.path), 0, check.reason)
            elif check.verdict is Verdict.HARNESS_ERROR:
                report.longrepr = redacted_text(report.longreprtext)
            else:
                report.longrepr = shown(check, (self._requirements[line].sentence for line in check.requirements))
        if call.when == "teardown":
            check = self._judged(item)
            self._checks.append(check)
            self._views.pop(item.nodeid, None)
            self._listener.case_finished(check)
        return report

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file of cases that cannot be read is our fault."""
        if report.failed:
            self.error = self.error or EventproofError(f"{report.nodeid} cannot be read: {report.longreprtext}")

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Ctrl-C: what was found so far is still written."""
        self._interrupted = isinstance(excinfo.value, KeyboardInterrupt)
        HEEDED.accept()

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
        """Something of ours broke pytest's own work; whoever made this suite tells it."""
        self.error = self.error or EventproofError(f"the suite failed: {excinfo.typename}: {excinfo.value}")
        return True

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Make the `Run`, write its results, and let its outcome be the exit code."""
        self.check_run.close()
        if self.error is not None and not self._checks:
            return
        self.run = self._result()
        if self._options.results is not None:
            formats.write_all(self.run, self.check_run.history, self._options.results)
        code = int(exit_code(self.run.outcome) or self._foreign_failed)
        session.exitstatus = ExitCode.INTERRUPTED if HEEDED.was_asked else code

    def _result(self) -> Run:
        results = tuple(map(self._result_of, self._requirements.values()))
        outcome = Outcome.ERROR if self.error else outcome_of(results, self._selected, self._interrupted)
        return Run(
            kind="check",
            target=self._target.base_url,
            systems=self._target.systems,
            started=self._started.isoformat(timespec="seconds").replace("+00:00", "Z"),
            seconds=time.monotonic() - self._began,
            seed=self._options.seed,
            tool=f"eventproof {__version__}",
            outcome=outcome,
            command=self._repeat(self._options.only),
            requirements=results,
            judged=tuple(_judged_share(self.check_run.systems)),
            machine=machine.here(_SOFTWARE),
            notes=(
                *_unjudged(self.check_run.systems),
                *(said if cases == 1 else f"{said} (in {cases} cases)" for said, cases in self._notes.items()),
                *self.check_run.left_behind(),
                *(_left_out(results) if outcome is Outcome.PASS else ()),
            ),
            contracts=self._contracts,
        )

    def _result_of(self, line: Requirement) -> RequirementResult:
        checks = [check for check in self._checks if line.id in check.requirements]
        result = result_of(
            line,
            checks,
            claimed=line.capability is None or line.capability in self._target.capabilities,
            selected=self._selected[line.id],
            known_failures=self._target.known_failures,
        )
        return replace(result, remedies=remedies_of(line, checks, self._kinds, self._target.wires))

    def _judged(self, item: pytest.Item) -> Check:
        error = self._raised.get(item.nodeid)
        verdict = verdict_of(error)
        name, case = name_of(item.nodeid), self._views.get(item.nodeid)
        reason, expected, observed = ("", "", "") if error is None else told(error)
        if verdict is Verdict.HARNESS_ERROR:
            reason = f"a fault of ours: {type(error).__name__}: {reason}"
        telling = verdict not in (Verdict.PASS, Verdict.NOT_APPLICABLE) and case is not None
        return Check(
            name=name,
            requirements=tuple(line for line in requirements_of(item) if line in self._requirements),
            verdict=verdict,
            seconds=self._seconds.get(item.nodeid, 0.0),
            reason=reason,
            expected=expected,
            observed=observed,
            waits_for=error.waits_for if isinstance(error, Inconclusive) else (),
            breaks=error.breaks if isinstance(error, ContractViolation) else (),
            frames=frames_of(case.records, error, case.whole_run) if telling and case is not None else (),
            repeat=self._repeat([name]) if verdict is not Verdict.PASS else "",
        )

    def _system_of(self, item: pytest.Item) -> str | None:
        """The system that a case is about: its parameter of that name, or the one whose requirement it proves."""
        given = _parameter(item, "system")
        owners = (self._requirements[line].system for line in requirements_of(item) if line in self._requirements)
        return given or next((owner for owner in owners if owner in self._target.systems), None)

    def _is_chosen(self, item: pytest.Item) -> bool:
        ids = requirements_of(item)
        if not ids:
            return True
        if not any(line in self._requirements for line in ids):
            return False
        system = _parameter(item, "system")
        if (system or self._target.systems[0]) not in self._target.systems:
            return False
        if system is not None and not self._binds(system, ids):
            return False
        only = self._options.only
        return not only or name_of(item.nodeid) in only or any(line in only for line in ids)

    def _binds(self, system: str, ids: Iterable[str]) -> bool:
        """Whether one of these requirements is a system's, or one that every system shares and that binds it."""
        lines = [self._requirements[line] for line in ids if line in self._requirements]
        known = self.catalog.system(system)
        return any(line.system != _SHARED or known.shares(line) for line in lines)

    def _mark_selected(self, chosen: Iterable[pytest.Item], items: Iterable[pytest.Item]) -> None:
        only, names = self._options.only, {name_of(item.nodeid) for item in items}
        for wanted in only:
            if wanted not in names and wanted not in self._requirements:
                hint = nearest(wanted, names | set(self._requirements))
                self.error = UsageError(f'no requirement and no case is called "{wanted}"{hint}')
                pytest.exit(str(self.error), returncode=int(ExitCode.USAGE))
        named = {line for item in chosen if name_of(item.nodeid) in only for line in requirements_of(item)}
        for line in self._selected:
            self._selected[line] = self._selected[line] or line in only or line in named

    def _repeat(self, only: Iterable[str], *, slow: bool = False) -> str:
        prefix = self._options.prefix
        parts = [self._options.command, f"{prefix}seed {self._options.seed}"]
        parts += [f"{prefix}slow"] if slow or self._options.slow else []
        parts += [f"{prefix}hostile"] if self._options.hostile else []
        parts += [f"{prefix}payloads {self._options.payloads}"] if self._options.payloads != PAYLOADS else []
        return " ".join([*parts, *(f"{prefix}only {shlex.quote(name)}" for name in only)])


def _parameter(item: pytest.Item, name: str) -> str | None:
    """The text that a case is parametrized with under this name."""
    callspec = getattr(item, "callspec", None)
    found = callspec.params.get(name) if callspec is not None else None
    return found if isinstance(found, str) else None


def _judged_share(systems: Iterable[System]) -> Iterator[str]:
    """How much of what their contracts could promise is judged, of those that are somebody's own."""
    for system in systems:
        if system.reading is not None:
            yield f"{system.reading.share} things of {system.name}"


def _unjudged(systems: Iterable[System]) -> Iterator[str]:
    """What is not judged for want of a word in a contract."""
    for system in systems:
        if system.reading is not None and system.reading.lacks:
            listed = ", ".join(lack.what.removeprefix(f"{system.name}/") for lack in system.reading.lacks)
            yield (
                f"{system.name}: not judged, for want of a word in the contract: {listed}; "
                "`eventproof contract lint` tells the lines to add"
            )


def _left_out(results: Iterable[RequirementResult]) -> Iterator[str]:
    """The cases of what holds that did not run: there is less behind such a verdict than could be."""
    for line in results:
        if line.verdict is Verdict.PASS:
            for check in line.checks:
                if check.verdict is Verdict.NOT_APPLICABLE:
                    yield f"{line.id} holds without {check.name}: {check.reason}"
