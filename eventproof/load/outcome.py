"""From the account of a swarm to its `Run`: what holds, what does not, and whether the figures can be believed.

What a contract forbids fails every run, whatever its objectives are; how much may be lost, come twice or come late is
the objectives' to say.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from eventproof import __version__
from eventproof.report import records
from eventproof.report.contracts import contracts_of
from eventproof.report.records import Load, Machine, Run, Series
from eventproof.target import Target
from eventproof.verdict import Outcome, Verdict, outcome

from .account import SwarmAccount
from .floor import FLOOR, WHAT
from .metrics import COUNTS
from .objectives import ObjectiveLine, judge
from .saturation import late_by_chance, saturated

_BREACHES = ("leaked", "invalid", "unknown", "violations")
"""What no contract allows: a single one fails the run."""
_DEFINITE = frozenset({"duplicate", "unexplained", "out_of_order", *_BREACHES})
"""What a slow generator cannot make up: these fail whatever else is wrong."""
_LOSSES = frozenset({"lost", "late", "expected", "delivered", "acknowledged"})
"""What comes out wrong where something that was received is not judged."""
_NAMED = 5
_OMITTED_SHARE = 0.05
"""The share of the intended actions that may be left out before the others say too little."""
_ENOUGH = 10
"""Of so many intended actions, a single one that was left out says nothing."""


@dataclass(frozen=True, slots=True)
class LostWorker:
    """A worker whose last account did not come."""

    name: str
    users: tuple[str, ...] = ()
    """As whom it acted, as far as it had told."""

    def __str__(self) -> str:
        if not self.users:
            return f"{self.name}, of whose users nobody knows"
        named, more = ", ".join(self.users[:_NAMED]), len(self.users) - _NAMED
        return f"{self.name}, and with it {len(self.users)} users: {named}{f' and {more} more' if more > 0 else ''}"


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the master knows of a run beside the accounts."""

    target: Target
    systems: tuple[str, ...]
    """Those that the swarm is about."""
    objectives: Sequence[ObjectiveLine]
    started: str
    seconds: float
    seed: int
    command: str
    users: int
    """How many were asked for at most, the admins among them."""
    processes: int
    scenario: str = ""
    """The names of the locustfiles."""
    series: Series | None = None
    machine: Machine | None = None
    missing: tuple[LostWorker, ...] = ()
    late: tuple[str, ...] = ()
    """Workers that joined when the identities had been dealt out."""
    interrupted: bool = False
    given_up: tuple[ObjectiveLine, ...] = ()
    """Those that were missed for so long that the run was ended."""


def conclude(account: SwarmAccount, at: Circumstances) -> Run:
    """The run: incomplete, saturated or empty is INVALID; a definite failure outweighs that, an interruption all."""
    too_busy, was_late = saturated(account.gauges), late_by_chance(account.gauges)
    judged = tuple(
        _ended_by(objective, one) if objective in at.given_up else one
        for objective, one in zip(at.objectives, judge(at.objectives, account), strict=True)
    )
    if too_busy:
        judged = tuple(map(_doubted, at.objectives, judged))
    elif was_late:
        judged = tuple(map(_excused, at.objectives, judged))
    if account.count("overflowed"):
        judged = tuple(map(_forgotten, at.objectives, judged))
    if too_few := _omits_too_much(account):
        judged = tuple(map(_unproven, judged))
    judged = (*judged, *_breaches(account, at.objectives, judged))
    reasons = tuple(_reasons(account, at, too_busy))
    floor = account.samples(FLOOR)
    return Run(
        kind="swarm",
        target=at.target.base_url,
        systems=at.systems,
        started=at.started,
        seconds=round(at.seconds, 3),
        seed=at.seed,
        tool=f"eventproof {__version__}",
        outcome=_outcome(account, at, judged, bool(reasons) or too_few),
        command=at.command,
        objectives=judged,
        delivery=account.delivery(),
        latency=(*account.latency(), *([floor.latency(FLOOR, WHAT, floor=True)] if len(floor) else ())),
        load=Load(
            users=account.users,
            connections=account.connections,
            seconds=round(account.seconds, 3),
            processes=at.processes,
            saturated=too_busy,
            stragglers=account.stragglers,
            gauges=account.gauges,
            scenario=at.scenario,
        ),
        series=at.series,
        machine=at.machine,
        notes=(
            *_forbidden(account),
            *_ended(at),
            *reasons,
            *_lateness(was_late),
            *_omissions(account, too_few),
            *account.notes,
            *_incidents(account),
        ),
        contracts=contracts_of(at.target.catalog, at.systems),
    )


def _ended_by(objective: ObjectiveLine, judged: records.Objective) -> records.Objective:
    """It may be met again when the last events have come: the run failed it all the same."""
    observed = f"{judged.observed}; missed for {objective.abort_after:g} s, which ended the run"
    return replace(judged, verdict=Verdict.FAIL, observed=observed)


def _ended(at: Circumstances) -> Iterable[str]:
    for objective in at.given_up:
        yield f"ended early: {objective.expression} was missed for {objective.abort_after:g} s"


def _breaches(
    account: SwarmAccount, asked: Iterable[ObjectiveLine], judged: Iterable[records.Objective]
) -> Iterable[records.Objective]:
    """What is forbidden and happened, where no objective says so."""
    said = {objective.metric for objective, one in zip(asked, judged, strict=True) if one.verdict is Verdict.FAIL}
    for metric in _BREACHES:
        if (number := account.count(metric)) and metric not in said:
            yield records.Objective(f"{metric} == 0", Verdict.FAIL, f"{number}; no run passes with any")


def _forbidden(account: SwarmAccount) -> Iterable[str]:
    for metric in _BREACHES:
        if number := account.count(metric):
            yield f"failed: {COUNTS[metric].what}: {number}"


def _outcome(
    account: SwarmAccount, at: Circumstances, judged: Iterable[records.Objective], is_invalid: bool
) -> Outcome:
    if at.interrupted:
        return Outcome.INTERRUPTED
    verdicts = [objective.verdict for objective in judged]
    if account.count("faults") or (account.count("unopened") and not account.count("sessions")):
        verdicts.append(Verdict.HARNESS_ERROR)
    if is_invalid:
        verdicts.append(Verdict.INCONCLUSIVE)
    return outcome(verdicts)


def _doubted(objective: ObjectiveLine, judged: records.Objective) -> records.Objective:
    is_definite = objective.metric in _DEFINITE and judged.verdict is Verdict.FAIL
    if is_definite or judged.verdict is Verdict.NOT_APPLICABLE:
        return judged
    return replace(judged, verdict=Verdict.INCONCLUSIVE, observed=f"{judged.observed}; the generator was saturated")


def _excused(objective: ObjectiveLine, judged: records.Objective) -> records.Objective:
    """Lateness only adds to what is measured: what is met is met in spite of it, what is missed may be its doing."""
    if judged.verdict is not Verdict.FAIL or objective.metric in _DEFINITE:
        return judged
    return replace(judged, verdict=Verdict.INCONCLUSIVE, observed=f"{judged.observed}; the generator was late itself")


def _lateness(was_late: str) -> Iterable[str]:
    if was_late:
        yield (
            f"the load generator was late now and then ({was_late}), in too few samples to be called saturated: "
            "what is met is met in spite of that, what is missed is not judged; run it longer to know more"
        )


def _forgotten(objective: ObjectiveLine, judged: records.Objective) -> records.Objective:
    """What was received and could not be remembered may be what seems to be lost."""
    if objective.metric not in _LOSSES or judged.verdict is not Verdict.FAIL:
        return judged
    return replace(judged, verdict=Verdict.INCONCLUSIVE, observed=f"{judged.observed}; not all receipts were judged")


def _unproven(judged: records.Objective) -> records.Objective:
    """Actions are left out where the target is slow, and flatter it: what fails without them fails all the same."""
    if judged.verdict is not Verdict.PASS:
        return judged
    return replace(judged, verdict=Verdict.INCONCLUSIVE, observed=f"{judged.observed}; too many actions were left out")


def _omits_too_much(account: SwarmAccount) -> bool:
    omitted = account.count("omitted")
    intended = omitted + account.count("actions")
    return omitted > max(intended * _OMITTED_SHARE, 1 if intended >= _ENOUGH else 0)


def _omissions(account: SwarmAccount, too_few: bool) -> Iterable[str]:
    if omitted := account.count("omitted"):
        intended = omitted + account.count("actions")
        yield (
            f"{'invalid: ' if too_few else ''}{omitted} of {intended} actions were left out, "
            "for nobody was ready when their time came: the target was slow, or the users are too few for the rate"
        )


def _reasons(account: SwarmAccount, at: Circumstances, too_busy: str) -> Iterable[str]:
    if at.interrupted:
        yield "interrupted: the figures are those of the time before"
    if at.missing:
        missing = "; ".join(map(str, at.missing))
        yield f"incomplete: no last account came from {len(at.missing)} of {at.processes} workers ({missing})"
    if at.late:
        yield f"incomplete: {', '.join(at.late)} joined when the run had begun; no identities were left to act as"
    asked = at.users - account.count("admins")
    if account.users < asked:
        yield f"incomplete: {account.users} of the {asked} users asked for were ever connected"
    if too_busy:
        yield (
            f"invalid: the load generator was saturated ({too_busy}); "
            "use more processes, fewer users or a machine with less to do"
        )
    if unopened := account.count("unopened"):
        yield f"invalid: {unopened} sessions never opened"
    if cancelled := account.count("cancelled"):
        yield f"incomplete: {cancelled} actions were not over when the run had to end, and were cancelled"
    if absent := account.count("absent"):
        yield f"incomplete: {absent} of the admins could not come in"
    if overflowed := account.count("overflowed"):
        yield (
            f"invalid: {overflowed} events and acknowledgements were more than the load generator can remember, "
            "and were not judged"
        )
    if untold := account.count("untold"):
        yield (
            f"invalid: of {untold} calls the target does not say for whom all is that they cause, so that neither a "
            "leak nor a loss of it is told: see what is to be mapped"
        )
    if gone := account.count("gone"):
        yield f"invalid: {gone} sessions were lost and could not be opened again: nobody knows what they missed"
    if not account.count("actions"):
        yield "invalid: nobody did anything; run it longer"


def _incidents(account: SwarmAccount) -> Iterable[str]:
    for incident in account.incidents[:_NAMED]:
        yield f"{incident.at:.3f} s: {incident.who}: {incident.what}"
    if len(account.incidents) > _NAMED:
        yield f"and {len(account.incidents) - _NAMED} more; history.ndjson has them"
