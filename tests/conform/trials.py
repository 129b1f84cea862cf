"""Trials: the suite against a server that misbehaves in one way.

The server is a fork of the process that tries it, so it waits for no import and loads no contracts, and is killed when
the trial is over: each trial has a server and a database of its own.

A trial checks what its fault concerns and a share of the rest (`shares.py`).
"""

import asyncio
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from eventproof import profile, reference
from eventproof.conform import run
from eventproof.report.records import Run
from reference_server.faults import FAULTS, conduct_of
from reference_server.logs import configure
from reference_server.refusals import contracts
from reference_server.run import People, running
from reference_server.settings import load
from reference_server.systems.marketplace.signature import SECRET_VARIABLE as WEBHOOK_VARIABLE
from reference_server.tokens import SECRET_VARIABLE
from tests.conform.shares import in_share

SYSTEMS: Final = reference.SYSTEMS
USERS: Final = 200
START_SECONDS: Final = 60.0

IMPATIENT: Final = '[budgets]\nevent_arrival = "1s"\nclose = "3s"\nconnect = "3s"\ncleanup = "1s"\n'
"""`close` is longer than the slowest server takes that closes at all: slow is told from never."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One fault on one system."""

    fault: str
    system: str

    def __str__(self) -> str:
        return f"{self.fault}-{self.system}"


def trials() -> list[Trial]:
    """Every fault on the system whose requirement it breaks; where all of them share it, on each that it shows on.

    Those that it takes load to see are for the scenarios to show.
    """
    of = {line.id: line.system for line in contracts().requirements()}
    return [
        Trial(fault.name, system)
        for fault in FAULTS.values()
        if not fault.scenario
        for system in ((of[fault.breaks],) if of[fault.breaks] in SYSTEMS else fault.systems or SYSTEMS)
    ]


def checked(trial: Trial, share: int | None) -> list[str]:
    """The requirements that a trial checks."""
    fault = FAULTS[trial.fault]
    known = [line.id for line in contracts().requirements([trial.system])]
    return [line for line in known if line in (fault.breaks, *fault.implies) or in_share(f"{trial} {line}", share)]


def hold(trial: Trial, share: int | None) -> Run:
    """Check the system on a server of its own that has the fault."""
    with serving(trial) as place:
        return run.check(profile.load(place, catalog=contracts()), only=checked(trial, share), catalog=contracts())


@contextmanager
def serving(trial: Trial) -> Iterator[Path]:
    """The profile of a server that runs until the block ends."""
    forks = get_context("fork")
    ours, theirs = forks.Pipe()
    secret = secrets.token_urlsafe(48)
    with tempfile.TemporaryDirectory(prefix="eventproof-trial-") as name, ours:
        folder = Path(name)
        server = forks.Process(target=_serve, args=(trial, folder, secret, ours, theirs))
        server.start()
        theirs.close()
        try:
            assert ours.poll(START_SECONDS), f"the server of {trial} did not start"
            place = folder / "eventproof.toml"
            place.write_text(reference.profile_text(ours.recv(), secret, [trial.system], settings=IMPATIENT), "utf-8")
            yield place
        finally:
            server.kill()
            server.join()


def _serve(trial: Trial, folder: Path, secret: str, theirs: Connection, ours: Connection) -> None:
    theirs.close()
    with (folder / "server.log").open("wb") as log:
        os.dup2(log.fileno(), 2)
    os.environ |= {SECRET_VARIABLE: secret, WEBHOOK_VARIABLE: secret}
    configure("warning")
    asyncio.run(_serve_until_hung_up(trial, folder, ours))


async def _serve_until_hung_up(trial: Trial, folder: Path, ours: Connection) -> None:
    config = folder / "server.toml"
    config.write_text(reference.QUICK, "utf-8")
    settings = load({"port": 0, "systems": [trial.system], "database_url": f"sqlite:///{folder / 'server.db'}"}, config)
    people = People(users=USERS, credentials=folder / "credentials.ndjson")
    async with running(settings, people, conduct_of(trial.fault)) as server:
        ours.send(server.url)
        gone = asyncio.Event()
        asyncio.get_running_loop().add_reader(ours.fileno(), gone.set)
        await gone.wait()
