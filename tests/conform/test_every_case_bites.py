"""A case that never failed proves nothing: the suite against a server that misbehaves in each of the named ways."""

import pytest

from eventproof import catalog, layout, profile, reference
from eventproof.conform import run
from eventproof.conform.listing import collected
from eventproof.report.records import Run
from eventproof.verdict import Level, Outcome, Verdict

FAULTS = layout.reference_server("faults").FAULTS
SLOW = "ALL-REST-1"
"""Left out where the fault does not concern it, for the sake of time."""

PLAIN = ("UST-CONN-1", "UST-BAN-1", "UST-TIER-1", "UST-UNBAN-1")
"""What is tried beside the broken requirement where the fault is slowness, for the same sake."""

SLUGGISH = ("connecting-survives-ban", "slow-close")
IMPATIENT = '[budgets]\nevent_arrival = "1500ms"\nclose = "{close}"\nconnect = "3s"\ncleanup = "1s"\n'


def checked(
    fault: str | None, only: tuple[str, ...] = (), settings: str = "", systems: tuple[str, ...] = reference.SYSTEMS
) -> Run:
    with reference.start(fault=fault, settings=settings) as running:
        return run.check(profile.load(running.profile), only=only, systems=systems)


def systems_of(requirement_id: str) -> tuple[str, ...]:
    """The system whose requirement it is; all of them where they share it."""
    system = catalog.load().requirement(requirement_id).system
    return (system,) if system in reference.SYSTEMS else reference.SYSTEMS


def test_the_reference_server_passes_every_requirement() -> None:
    ran = checked(None)
    assert ran.outcome is Outcome.PASS
    assert {line.id: line.reason for line in ran.requirements if line.verdict is not Verdict.PASS} == {}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_fails_the_requirement_that_it_breaks_and_no_other(name: str) -> None:
    breaks, implied = FAULTS[name].breaks, set(FAULTS[name].implies)
    systems = systems_of(breaks)
    requirements = catalog.load().requirements(systems)
    wide = tuple(line.id for line in requirements if line.id != SLOW or SLOW in {breaks, *implied})
    only = (breaks, *implied, *PLAIN) if name in SLUGGISH else wide
    ran = checked(name, only, IMPATIENT.format(close="3s" if breaks == "UST-BAN-8" else "1s"), systems)
    verdicts = {line.id: line.verdict for line in ran.requirements}
    level = next(line.level for line in requirements if line.id == breaks)
    assert verdicts[breaks] is (Verdict.WARN if level is Level.SHOULD else Verdict.FAIL)
    assert ran.outcome is (Outcome.PASS if level is Level.SHOULD else Outcome.FAIL)
    broken = {line for line, verdict in verdicts.items() if verdict in (Verdict.FAIL, Verdict.WARN)}
    assert broken - {breaks} <= implied, {line.id: line.reason for line in ran.requirements if line.id in broken}
    assert Verdict.HARNESS_ERROR not in verdicts.values()


def test_every_requirement_has_a_case_and_a_fault_that_it_catches() -> None:
    requirements = catalog.load().requirements(reference.SYSTEMS)
    proved = {line for case in collected(reference.SYSTEMS) for line in case.requirements}
    broken = {fault.breaks for fault in FAULTS.values()}
    wanted = {line.id for line in requirements if line.excluded is None}
    assert wanted <= proved
    assert wanted <= broken
