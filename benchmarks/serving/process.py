"""A server as a process of its own: started, pinned to a core, watched from outside, and ended."""

import os
import selectors
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["READY", "NotStarted", "Process", "running", "started", "stop"]

READY: Final = "listening on "
"""With this and its address, a server says on standard output that it is ready."""
_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 10.0


class NotStarted(Exception):
    """The server did not start; says what it said last."""


@dataclass(frozen=True, slots=True)
class Process:
    """A server that listens at `url`."""

    child: "subprocess.Popen[bytes]"
    url: str

    @property
    def memory(self) -> int:
        """Bytes that are resident."""
        return int(Path(f"/proc/{self.child.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    @property
    def processor(self) -> float:
        """Seconds of processor that all of its threads have used."""
        tasks = Path(f"/proc/{self.child.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9

    @property
    def descriptors(self) -> int:
        """How many files and sockets are open."""
        folder = Path(f"/proc/{self.child.pid}/fd")
        return folder.stat().st_size or sum(1 for _ in folder.iterdir())  # Linux tells it from 6.2 on.


def started(
    command: Sequence[str],
    log: Path,
    *,
    environment: Mapping[str, str] | None = None,
    checkout: Path | None = None,
    core: int | None = None,
) -> Process:
    """Start a server that prints where it listens, and wait until it has. Raises NotStarted.

    What it says on standard error is added to the `log`. It ends with its standard input. Where it is of a `checkout`,
    it imports what is there, whatever is installed.
    """
    mine = os.sched_getaffinity(0)
    with log.open("ab") as stderr:
        if core is not None:
            os.sched_setaffinity(0, {core})  # A child has the cores of its parent, in all of its threads.
        try:
            child = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env={**os.environ, **({"PYTHONPATH": str(checkout)} if checkout else {}), **(environment or {})},
                cwd=checkout,  # The module that is run is looked for here first.
            )
        finally:
            os.sched_setaffinity(0, mine)
    url = _address(child)
    if url is None:
        stop(child)
        said = log.read_text(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
        raise NotStarted(f"it did not start: {said[0][:300]}")
    return Process(child, url)


def _address(child: "subprocess.Popen[bytes]") -> str | None:
    assert child.stdout is not None  # noqa: S101 - it is a pipe
    until, said = time.monotonic() + _START_SECONDS, b""
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        while (left := until - time.monotonic()) > 0:
            if not selector.select(left):
                continue
            chunk = os.read(child.stdout.fileno(), 4096)
            said += chunk
            for line in said.decode(errors="replace").split("\n")[:-1]:
                if line.startswith(READY):
                    return line.removeprefix(READY).strip()
            if not chunk:
                return None
    return None


def stop(child: "subprocess.Popen[bytes]") -> None:
    """End it, gently first."""
    child.terminate()
    try:
        child.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
    child.communicate()


@contextmanager
def running(
    command: Sequence[str],
    log: Path,
    *,
    environment: Mapping[str, str] | None = None,
    checkout: Path | None = None,
    core: int | None = None,
) -> Iterator[Process]:
    """A server, as `started` has it, until the block ends."""
    process = started(command, log, environment=environment, checkout=checkout, core=core)
    try:
        yield process
    finally:
        stop(process.child)
