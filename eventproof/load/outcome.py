"""From the account of a swarm to its `Run`: what holds, what does not, and whether the figures can be believed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from eventproof import __version__
from eventproof.report import records
from eventproof.report.records import Latency, Load, Run
from eventproof.target import Target
from eventproof.verdict import Outcome, Verdict, outcome

from .account import Account
from .objectives import Objective, judge
from .saturation import saturated

_DEFINITE = frozenset({"leaked", "duplicate", "unexplained", "reordered"})
"""What a slow generator cannot make up: these fail whatever else is wrong."""
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the master knows of a run beside the accounts."""

    target: Target
    objectives: Sequence[Objective]
    started: str
    seconds: float
    seed: int
    command: str
    processes: int
    floor: tuple[Latency, ...] = ()
    missing: tuple[str, ...] = ()
    """Workers whose last account did not come."""
    interrupted: bool = False


def conclude(account: Account, at: Circumstances) -> Run:
    """The run: incomplete, saturated or empty is INVALID; a definite failure outweighs that, an interruption all."""
    too_busy = saturated(account.gauges)
    judged = judge(at.objectives, account)
    if too_busy:
        judged = tuple(map(_doubted, at.objectives, judged))
    reasons = tuple(_reasons(account, at, too_busy))
    return Run(
        kind="swarm",
        target=at.target.base_url,
        systems=at.target.systems,
        started=at.started,
        seconds=round(at.seconds, 3),
        seed=at.seed,
        tool=f"eventproof {__version__}",
        outcome=_outcome(account, at, judged, bool(reasons)),
        command=at.command,
        objectives=judged,
        delivery=account.delivery(),
        latency=(*account.latency(), *at.floor),
        load=Load(
            users=account.users,
            connections=account.connections,
            seconds=round(account.seconds, 3),
            processes=at.processes,
            saturated=too_busy,
            stragglers=account.stragglers,
            gauges=account.gauges,
        ),
        notes=(*reasons, *account.notes, *_incidents(account)),
    )


def _outcome(account: Account, at: Circumstances, judged: Iterable[records.Objective], is_invalid: bool) -> Outcome:
    if at.interrupted:
        return Outcome.INTERRUPTED
    verdicts = [objective.verdict for objective in judged]
    if account.count("faults") or (account.count("unopened") and not account.count("sessions")):
        verdicts.append(Verdict.HARNESS_ERROR)
    if is_invalid:
        verdicts.append(Verdict.INCONCLUSIVE)
    return outcome(verdicts)


def _doubted(objective: Objective, judged: records.Objective) -> records.Objective:
    if objective.metric in _DEFINITE and judged.verdict is Verdict.FAIL:
        return judged
    return replace(judged, verdict=Verdict.INCONCLUSIVE, observed=f"{judged.observed}; the generator was saturated")


def _reasons(account: Account, at: Circumstances, too_busy: str) -> Iterable[str]:
    if at.interrupted:
        yield "interrupted: the figures are those of the time before"
    if at.missing:
        missing = ", ".join(at.missing)
        yield f"incomplete: no last account came from {len(at.missing)} of {at.processes} workers ({missing})"
    if too_busy:
        yield (
            f"invalid: the load generator was saturated ({too_busy}); "
            "use more processes, fewer users or a machine with less to do"
        )
    if unopened := account.count("unopened"):
        yield f"invalid: {unopened} sessions never opened"
    if not account.count("actions"):
        yield "invalid: no admin did anything; run it longer"


def _incidents(account: Account) -> Iterable[str]:
    for incident in account.incidents[:_NAMED]:
        yield f"{incident.at:.3f} s: {incident.who}: {incident.what}"
    if len(account.incidents) > _NAMED:
        yield f"and {len(account.incidents) - _NAMED} more; history.ndjson has them"
