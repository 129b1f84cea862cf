"""Runs the command line on a target that means harm, and tells how it ended."""

import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ADMIN_PASSWORD", "MOST_MEMORY", "SECRET", "Ended", "profile", "ran"]

SECRET = "a-key-that-signs-the-tokens-of-the-hostile-server"
ADMIN_PASSWORD = "correct-horse-battery-staple"
MOST_MEMORY = 256
"""Megabytes."""
_HIGHEST = re.compile(r"VmHWM:\s+(\d+) kB")
_PAUSE = 0.02
_PROFILE = """
base_url = "{url}"
systems = ["user-state"]
other_channels = []
[budgets]
call = "1s"
connect = "1s"
event_arrival = "1s"
close = "1s"
[jwt]
secret = "{secret}"
claims = {{ sub = "{{id}}", nonce = "{{nonce}}" }}
[[identities.admins]]
id = "admin-1"
email = "admin-1@seed.example"
password = "{password}"
[[identities.users]]
id = "user-{{n}}"
email = "user-{{n}}@seed.example"
password = "{password}"
count = 6
"""


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that came to its end; `memory` is the most it held, in megabytes."""

    code: int
    seconds: float
    memory: float
    output: str
    results: Path

    @property
    def written(self) -> str:
        """All that it said and wrote."""
        files = self.results.rglob("*") if self.results.is_dir() else ()
        return self.output + "".join(file.read_text("utf-8", "replace") for file in files if file.is_file())


def profile(folder: Path, url: str) -> Path:
    """A profile in this folder that reaches the server at this URL with tokens of its own making."""
    file = folder / "eventproof.toml"
    file.write_text(_PROFILE.format(url=url, secret=SECRET, password=ADMIN_PASSWORD), encoding="utf-8")
    return file


def ran(
    folder: Path,
    arguments: Sequence[str],
    *,
    most_seconds: float,
    interrupted_after: str | None = None,
) -> Ended:
    """Run `eventproof` with these arguments; its results go into the folder.

    Ctrl-C is pressed once, at the first line that has the given text; the seconds count from there. A command that
    takes longer than it may is killed, which its code tells.
    """
    results = folder / "results"
    command = [sys.executable, "-m", "eventproof", *arguments, "--results", str(results)]
    began = time.monotonic()
    with (
        (folder / "output").open("w+b") as output,
        subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE) as child,
    ):
        assert child.stderr is not None
        killer = threading.Timer(most_seconds, child.kill)
        killer.start()
        peak = _Peak(child.pid)
        said = []
        for line in child.stderr:
            said.append(line)
            if interrupted_after is not None and interrupted_after.encode() in line:
                began, interrupted_after = time.monotonic(), None
                child.send_signal(signal.SIGINT)
        child.wait()
        killer.cancel()
        output.seek(0)
        text = (output.read() + b"".join(said)).decode(errors="replace")
    return Ended(child.returncode, time.monotonic() - began, peak.megabytes, text, results)


class _Peak:
    """The most memory that a process has held, looked at until it is gone.

    What `wait4` tells counts what we held when it was forked.
    """

    def __init__(self, pid: int) -> None:
        self.megabytes = 0.0
        self._status = Path(f"/proc/{pid}/status")
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while found := _HIGHEST.search(self._read()):
            self.megabytes = int(found[1]) / 1024
            time.sleep(_PAUSE)

    def _read(self) -> str:
        try:
            return self._status.read_text()
        except OSError:  # it is gone
            return ""
