"""Several runs as one: the demo's check and its swarm."""

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace

from eventproof.verdict import SEVERITY, worst

from .records import Contract, Delivery, Load, RequirementResult, Run

__all__ = ["merge"]


def merge(runs: Sequence[Run], *, command: str = "") -> Run:
    """One run that says what all of them say; its outcome is the worst of theirs.

    A requirement that several runs report has the gravest verdict of those that asked for it, and all checks; accounts
    of the same event are added up; latencies and objectives stand side by side. What happened when is told of the first
    run that tells it. Raises ValueError without a run.
    """
    if not runs:
        raise ValueError("there is no run to merge")
    return replace(
        min(runs, key=lambda run: run.started),
        kind="demo",
        target=", ".join(_unique(run.target for run in runs)),
        systems=_unique(system for run in runs for system in run.systems),
        seconds=sum(run.seconds for run in runs),
        outcome=worst(run.outcome for run in runs),
        command=command or " && ".join(_unique(run.command for run in runs)),
        requirements=_requirements(requirement for run in runs for requirement in run.requirements),
        objectives=tuple(objective for run in runs for objective in run.objectives),
        delivery=_delivery(delivery for run in runs for delivery in run.delivery),
        latency=tuple(latency for run in runs for latency in run.latency),
        series=next((run.series for run in runs if run.series), None),
        machine=max((run.machine for run in runs if run.machine), key=lambda one: len(one.software), default=None),
        load=_least_trusted([run.load for run in runs if run.load]),
        notes=_unique(note for run in runs for note in run.notes),
        contracts=_contracts(contract for run in runs for contract in run.contracts),
    )


def _requirements(results: Iterable[RequirementResult]) -> tuple[RequirementResult, ...]:
    merged: dict[str, RequirementResult] = {}
    for result in results:
        known = merged.get(result.id, result)
        grave = min(known, result, key=lambda one: (not one.selected, SEVERITY.index(one.verdict)))
        merged[result.id] = grave if known is result else replace(grave, checks=known.checks + result.checks)
    return tuple(merged.values())


def _delivery(accounts: Iterable[Delivery]) -> tuple[Delivery, ...]:
    merged: dict[str, Delivery] = {}
    for account in accounts:
        known = merged.get(account.event)
        merged[account.event] = _sum(known, account) if known else account
    return tuple(merged.values())


def _sum(one: Delivery, other: Delivery) -> Delivery:
    columns = [field.name for field in fields(Delivery) if field.name != "event"]
    return Delivery(one.event, **{column: getattr(one, column) + getattr(other, column) for column in columns})


def _least_trusted(loads: Sequence[Load]) -> Load | None:
    return max(loads, key=lambda load: bool(load.saturated), default=None)


def _contracts(contracts: Iterable[Contract]) -> tuple[Contract, ...]:
    return tuple(dict.fromkeys(contracts))


def _unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
