"""What runs have to share before they are compared, and what else differs between them."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from eventproof.errors import Inconclusive, UsageError
from eventproof.report.digest import number, seconds
from eventproof.report.records import Contract, Load, Machine, Run
from eventproof.verdict import Outcome

from .comparison import Fact, Side

__all__ = ["facts", "must_be_alike", "other_load", "unbelievable"]

_USERS: Final = 0.1
_RATE: Final = 0.25
"""The shares by which the users, and what they are sent a second, may differ: a little is chance."""
_AND_MORE: Final = 3


def must_be_alike(sides: Sequence[Side]) -> None:
    """Raise UsageError where the runs are of different kinds, Inconclusive where they cannot be compared, with why."""
    runs = [(side, run) for side in sides for run in side.runs]
    first, reference = runs[0]
    for side, run in runs:
        if run.kind != reference.kind:
            raise UsageError(
                f"{first.name} is a {reference.kind} and {side.name} a {run.kind}: only what is alike can be compared"
            )
    for side, run in runs:
        if run.outcome is Outcome.INTERRUPTED:
            raise Inconclusive(f"{side.name} was interrupted: nobody knows what it would have found; run it again")
        if run.outcome is Outcome.ERROR:
            why = run.notes[0] if run.notes else "it ended with an error"
            raise Inconclusive(f"{side.name} has nothing to compare: {why}; run it again")
    for side, run in runs:
        for what, of in _SAME.items():
            if of(run) != of(reference):
                raise Inconclusive(
                    f"{first.name} and {side.name} cannot be compared, for their {what} differ: "
                    f"{of(reference) or 'none'}, and {of(run) or 'none'}; make the baseline anew"
                )


def _contracts(run: Run) -> str:
    return ", ".join(_edition(one) for one in run.contracts)


def _edition(contract: Contract) -> str:
    return f"{contract.system} {contract.version} ({contract.digest})"


def _scenario(run: Run) -> str:
    return run.load.scenario if run.load else ""


_SAME: Final[dict[str, Callable[[Run], str]]] = {
    "systems": lambda run: ", ".join(sorted(run.systems)),
    "scenarios": _scenario,
    "contracts": _contracts,
}
"""What two runs have in common, or tell of different things."""


def facts(sides: Sequence[Side]) -> tuple[Fact, ...]:
    """What there is to know of the runs of each side."""
    counted = Fact("runs", tuple(str(len(side.runs)) for side in sides))
    lines = [Fact(name, tuple(_told(map(of, side.runs)) for side in sides)) for name, of in _FACTS.items()]
    several = any(len(side.runs) > 1 for side in sides)
    return (*([counted] if several else ()), *(fact for fact in lines if any(fact.of_sides)))


def unbelievable(side: Side) -> str:
    """Why the figures of a swarm are not to be believed; empty where they are."""
    for run in side.runs:
        if run.load is not None and run.outcome is Outcome.INVALID:
            return run.load.saturated or (run.notes[0] if run.notes else "the run is invalid")
    return ""


def other_load(before: Side, after: Side) -> str:
    """Why one side's latencies are those of another load than the other's; empty where they are not."""
    users = _mean(before, lambda load, _: load.users), _mean(after, lambda load, _: load.users)
    if _apart(*users, _USERS):
        return f"{users[0]:,.0f} users, and {users[1]:,.0f}"
    rates = _mean(before, _rate), _mean(after, _rate)
    if _apart(*rates, _RATE):
        return f"{rates[0]:,.1f} events were due a second, and {rates[1]:,.1f}"
    processes = {run.load.processes for side in (before, after) for run in side.runs if run.load}
    return "another number of processes" if len(processes) > 1 else ""


def _rate(load: Load, run: Run) -> float:
    return sum(account.expected for account in run.delivery) / load.seconds if load.seconds else 0.0


def _mean(side: Side, of: Callable[[Load, Run], float]) -> float:
    figures = [of(run.load, run) for run in side.runs if run.load is not None]
    return sum(figures) / len(figures) if figures else 0.0


def _apart(one: float, other: float, share: float) -> bool:
    return abs(one - other) > share * max(one, other)


def _told(values: Iterable[str]) -> str:
    """What the runs of a side have, each thing once."""
    distinct = list(dict.fromkeys(value for value in values if value))
    shown = distinct[:_AND_MORE]
    return "; ".join(shown if len(shown) == len(distinct) else [*shown, f"and {len(distinct) - len(shown)} more"])


def _of_load(told: Callable[[Load], str]) -> Callable[[Run], str]:
    return lambda run: told(run.load) if run.load is not None else ""


def _of_machine(told: Callable[[Machine], str]) -> Callable[[Run], str]:
    return lambda run: told(run.machine) if run.machine is not None else ""


_FACTS: Final[dict[str, Callable[[Run], str]]] = {
    "verdict": lambda run: run.outcome.value,
    "started": lambda run: run.started,
    "target": lambda run: run.target,
    "scenario": _scenario,
    "users": _of_load(lambda load: f"{load.users:,}"),
    "connections": _of_load(lambda load: f"{load.connections:,}"),
    "processes": _of_load(lambda load: f"{load.processes:,}"),
    "under load for": _of_load(lambda load: seconds(load.seconds)),
    "stragglers": _of_load(lambda load: number(len(load.stragglers), "session") if load.stragglers else ""),
    "contracts": _contracts,
    "seed": lambda run: str(run.seed),
    "tool": lambda run: run.tool,
    "machine": _of_machine(lambda machine: f"{machine.processor}, {number(machine.cores, 'core')}, {machine.system}"),
    "software": _of_machine(lambda machine: ", ".join(machine.software)),
}
