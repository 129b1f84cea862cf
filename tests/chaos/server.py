"""The server that is attacked, killed, stopped and starved: a process of its own, whose log is read as it comes."""

import json
import os
import re
import secrets
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGTERM, Signals
from typing import IO, Any, Final

CREDENTIALS: Final = "credentials.ndjson"
READY: Final = "listening on "
START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 20.0
_RESIDENT: Final = re.compile(r"VmRSS:\s+(\d+)")
_TRACEBACK: Final = "Traceback (most recent call last)"
_RAISED: Final = re.compile(r"\\n(\w[\w.]*(?:Error|Exception|Group|Exit)\b[^\\\"]{0,100})")
"""The last line of a traceback, as a line of JSON has it."""
_KEPT: Final = 2_000
"""Lines of the log that are kept; tracebacks are counted in all of them."""


@dataclass(frozen=True, slots=True)
class Held:
    """What a process holds."""

    megabytes: float
    descriptors: int


class Server:
    """One server, on a port and a database that stay the same however often it is started again."""

    def __init__(self, folder: Path, port: int, users: int = 20, variables: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.database = folder / "server.db"
        self.log: deque[str] = deque(maxlen=_KEPT)
        self.tracebacks = 0
        self.raised = ""
        """What the last of them ended with."""
        self.secret = secrets.token_urlsafe(48)
        self._users = users
        self._variables = dict(variables or {})
        self._child: subprocess.Popen[str] | None = None

    def start(self, *options: str) -> None:
        """Start it, the first time with people; raises RuntimeError where it does not say that it is ready."""
        people = self.folder / CREDENTIALS
        seed = () if people.exists() else ("--seed", str(self._users), "--credentials", str(people))
        command = [
            *(sys.executable, "-m", "eventproof", "serve", "--attached", "--port", str(self.port)),
            *("--database-url", f"sqlite:///{self.database}", *seed, *options),
        ]
        secret = {"EVENTPROOF_JWT_SECRET": self.secret, "EVENTPROOF_WEBHOOK_SECRET": self.secret}
        self._child = subprocess.Popen(
            command,
            cwd=self.folder,
            env={**os.environ, **secret, **self._variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        assert self._child.stdout is not None
        assert self._child.stderr is not None
        threading.Thread(target=self._read, args=(self._child.stderr,), daemon=True).start()
        killer = threading.Timer(START_SECONDS, self._child.kill)
        killer.start()
        ready = self._child.stdout.readline()
        killer.cancel()
        if not ready.startswith(READY):
            raise RuntimeError(f"the server did not start: {list(self.log)[-3:]}")

    def people(self, role: str) -> list[dict[str, Any]]:
        """Those of a role, with their tokens."""
        lines = (self.folder / CREDENTIALS).read_text("utf-8").splitlines()
        return [person for line in lines if (person := json.loads(line))["role"] == role]

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended."""
        return self._child is not None and self._child.poll() is None

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._child is not None
        return self._child.pid

    def held(self) -> Held:
        """What it holds now; nothing where it has ended."""
        try:
            of_it = Path(f"/proc/{self.pid}")
            resident = _RESIDENT.search((of_it / "status").read_text())
            return Held(int(resident[1]) / 1024 if resident else 0.0, len(list((of_it / "fd").iterdir())))
        except OSError:
            return Held(0.0, 0)

    def falls_to(self, descriptors: int, seconds: float) -> Held:
        """What it holds once it has so few descriptors, or when the time is over."""
        until = time.monotonic() + seconds
        while (held := self.held()).descriptors > descriptors and self.is_alive and time.monotonic() < until:
            time.sleep(0.1)
        return held

    def signal(self, number: Signals) -> None:
        """Send it a signal."""
        if self.is_alive:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """No time to say goodbye."""
        self._end(SIGKILL)

    def stop(self) -> None:
        """Tell it to end, and wait; harmless where it has ended."""
        self.signal(SIGCONT)
        self._end(SIGTERM)

    def _end(self, number: Signals) -> None:
        if self._child is None:
            return
        self.signal(number)
        try:
            self._child.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                pipe.close()
        self._child = None

    def _read(self, log: IO[str]) -> None:
        with log:
            for line in log:
                self.log.append(line)
                if found := line.count(_TRACEBACK):
                    self.tracebacks += found
                    self.raised = next(reversed(_RAISED.findall(line)), "")
