"""Trials: the suite against a server that misbehaves in one way. Several run at a time, each worker a process."""

from dataclasses import dataclass
from typing import Final

from eventproof import catalog, layout, profile, reference
from eventproof.conform import run
from eventproof.report.records import Run

FAULTS: Final = layout.reference_server("faults").FAULTS
SYSTEMS: Final = reference.SYSTEMS

WAITING: Final = frozenset(
    {"ALL-REST-1", "SHD-HB-1", "SHD-HB-2", "SHD-ACK-6", "SHD-ACK-7", "SHD-CONN-4", "SHD-ERR-3", "SHD-ORD-1"}
)
"""Their cases wait for seconds, or make thousands of calls: left out where the fault does not concern them."""

PLAIN: Final = ("UST-CONN-1", "UST-BAN-1", "UST-TIER-1", "UST-UNBAN-1")
"""What is tried beside the broken requirement where the fault is slowness, for the same sake."""

SLUGGISH: Final = ("connecting-survives-ban", "slow-close")
PATIENT: Final = ("UST-BAN-8",)
"""What cannot be told from a connection that does not close at all where nobody waits for it."""

IMPATIENT: Final = '[budgets]\nevent_arrival = "1s"\nclose = "{close}"\nconnect = "3s"\ncleanup = "1s"\n'


@dataclass(frozen=True, slots=True)
class Trial:
    """One fault on one system."""

    fault: str
    system: str

    def __str__(self) -> str:
        return f"{self.fault}-{self.system}"


def trials() -> list[Trial]:
    """Every fault on the system whose requirement it breaks; on each where all of them share it."""
    of = {line.id: line.system for line in catalog.load().requirements()}
    return [
        Trial(fault.name, system)
        for fault in FAULTS.values()
        for system in ((of[fault.breaks],) if of[fault.breaks] in SYSTEMS else SYSTEMS)
    ]


def hold(trial: Trial) -> Run:
    """Check the system on a server of its own that has the fault."""
    fault = FAULTS[trial.fault]
    concerned = {fault.breaks, *fault.implies}
    known = [line.id for line in catalog.load().requirements([trial.system])]
    only = [line for line in known if line not in WAITING or line in concerned]
    if trial.fault in SLUGGISH:
        only = [line for line in known if line in concerned or line in PLAIN]
    settings = IMPATIENT.format(close="3s" if fault.breaks in PATIENT else "1s")
    quiet = ("--log-level", "warning")
    with reference.start(systems=[trial.system], fault=trial.fault, options=quiet, settings=settings) as running:
        return run.check(profile.load(running.profile), only=only)
