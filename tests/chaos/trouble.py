"""What happens to a server that is nobody's attack: the disk, the database, the scheduler, the clock, the power.

Each lets a block run in the trouble, and takes it away again.
"""

import resource
import shutil
import signal
import sqlite3
import struct
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.chaos.server import Server

__all__ = ["TROUBLES", "Clock", "Trouble", "of_clock"]

_BACK: Final = -1800
"""Seconds, within what a server has to bear: its limit is an hour."""
_AHEAD: Final = 50
"""Shorter than any session lasts."""


Makes = Callable[[Server], AbstractContextManager[None]]
"""Makes trouble for a server while the block runs."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """`refuses` are what the witness may be refused meanwhile: what writes cannot be done."""

    name: str
    makes: Makes
    seconds: float
    refuses: tuple[str, ...] = ()
    is_long: bool = False
    """Whether the short form does without it."""


def _no_file_beyond(size: int) -> Makes:
    @contextmanager
    def limited(server: Server) -> Iterator[None]:
        before = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (size, before[1]))
        try:
            yield
        finally:
            resource.prlimit(server.pid, resource.RLIMIT_FSIZE, before)

    return limited


@contextmanager
def _stopped(server: Server) -> Iterator[None]:
    server.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        server.signal(signal.SIGCONT)


@contextmanager
def _locked(server: Server) -> Iterator[None]:
    other = sqlite3.connect(server.database, timeout=10.0, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        yield
    finally:
        other.close()


TROUBLES: Final = (
    Trouble("the process is stopped", _stopped, 1.5),
    Trouble("somebody else holds the database for a second", _locked, 1.0, ("caused",)),
    Trouble("somebody else holds the database for long", _locked, 8.0, ("caused",), is_long=True),
    Trouble("the disk is full", _no_file_beyond(64 * 1024), 1.5, ("caused",)),
    Trouble("the disk takes nothing", _no_file_beyond(0), 1.5, ("caused",)),
)


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock on the wall that can be moved: `variables` are for the environment of a server that follows it."""

    library: Path
    file: Path

    @classmethod
    def made(cls, folder: Path) -> "Clock | None":
        """One in this folder; None where the machine has no compiler."""
        compiler = shutil.which("cc")
        if compiler is None:
            return None
        library, file = folder / "clock.so", folder / "clock"
        source = Path(__file__).with_name("clock.c")
        command = [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"]
        if subprocess.run(command, capture_output=True, check=False).returncode != 0:
            return None
        clock = cls(library, file)
        clock.move(0)
        return clock

    @property
    def variables(self) -> dict[str, str]:
        """What a server is started with."""
        return {"LD_PRELOAD": str(self.library), "CHAOS_CLOCK": str(self.file)}

    def move(self, seconds: int) -> None:
        """So far from the clock of the machine."""
        with self.file.open("r+b" if self.file.exists() else "wb") as file:
            file.write(struct.pack("q", seconds))


def _jumping(clock: Clock, by: int) -> Makes:
    """The clock jumps by so many seconds, and back."""

    @contextmanager
    def jumped(_server: Server) -> Iterator[None]:
        clock.move(by)
        try:
            yield
        finally:
            clock.move(0)

    return jumped


def of_clock(clock: Clock | None) -> Iterator[Trouble]:
    """The troubles that a clock can make."""
    if clock is not None:
        yield Trouble("the clock steps back half an hour", _jumping(clock, _BACK), 1.0)
        yield Trouble("the clock leaps ahead 50 seconds", _jumping(clock, _AHEAD), 1.0)
