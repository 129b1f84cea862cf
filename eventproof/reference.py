"""The bundled reference server as a child process: started on a free port, reached through a profile, stopped again.

Used where a command takes `--reference` in place of a target, and by our own tests. The child lives in a
temporary folder with its database, its credentials and its log, and leaves nothing behind.
"""

import json
import os
import secrets
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import restarts
from .errors import TargetUnavailable, UsageError
from .interruption import HEEDED

_READY = "listening on "
_START_SECONDS = 60.0
_STOP_SECONDS = 15.0
_GLANCE = 0.5
_SETTINGS = Path(__file__).with_name("reference.toml")
_OF_SYSTEMS = {"user-state": Path(__file__).with_name("reference.user-state.toml")}
"""What the profile says of the systems that have a say of their own."""

SYSTEMS = ("user-state", "shield", "plan-sync", "studyspot", "marketplace")
"""The systems that the server serves where none are named."""

QUICK = """
test_controls = true

[limits]
ping_interval = 1.5
ping_timeout = 4.0
ack_first = 0.4
ack_within = 4.0
stream_comment = 1.0
"""
"""How the server is told to wait less, so that a check that waits for it does not take minutes."""

_QUICK_BUDGETS = """\
heartbeat_interval = "1500ms"
heartbeat_timeout = "5.5s"
ack_retry = "2s"
ack_retries_end = "4s"
stream_comment = "3s"
"""
"""The same for the profile, as the systems' specifications count."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A running reference server: where it answers, the profile that reaches it, where its files are."""

    url: str
    profile: Path
    log: Path
    pid: int


@contextmanager
def start(
    *,
    systems: Sequence[str] = SYSTEMS,
    fault: str | None = None,
    seed_users: int = 200,
    quick: bool = True,
    options: Sequence[str] = (),
    settings: str = "",
    restartable: bool = False,
) -> Iterator[Reference]:
    """Run the reference server until the block ends.

    `fault` names one of its misbehaviours, `seed_users` how many identities it holds, `options` are added to
    its command line, and `settings` (TOML) to the profile. With `quick` its heartbeats and
    retries come within seconds, which the profile says too; where it is `restartable`, the profile says how.
    Raises UsageError where the server refuses its options, TargetUnavailable where it does not start within a minute.
    """
    with tempfile.TemporaryDirectory(prefix="eventproof-") as name:
        folder = Path(name)
        credentials, log, config = folder / "credentials.ndjson", folder / "server.log", folder / "server.toml"
        config.write_text(QUICK if quick else "", encoding="utf-8")
        secret = secrets.token_urlsafe(48)
        command = [
            *(sys.executable, "-m", "eventproof", "serve", "--attached"),
            *("--database-url", f"sqlite:///{folder / 'server.db'}"),
            *("--systems", ",".join(systems), "--config", str(config)),
            *(("--fault", fault) if fault else ()),
            *options,
        ]
        variables = {"EVENTPROOF_JWT_SECRET": secret, "EVENTPROOF_WEBHOOK_SECRET": secret}
        server = _Server(command, log, variables)
        place = folder / "restart"
        try:
            url = server.start("--port", "0", "--seed", str(seed_users), "--credentials", str(credentials))
            with restarts.listening(place, server.restart):
                profile = folder / "eventproof.toml"
                known = f"restart = {json.dumps(restarts.command(place))}\n" if restartable else ""
                text = profile_text(url, secret, systems, quick=quick, settings=settings)
                profile.write_text(f"{known}{text}", encoding="utf-8")
                yield Reference(url, profile, log, server.pid)
        finally:
            server.stop()


class _Server:
    """The server as a child process, which can be replaced by another one at the same address."""

    def __init__(self, command: Sequence[str], log: Path, variables: Mapping[str, str]) -> None:
        self._command, self._log, self._variables = command, log, variables
        self._child: subprocess.Popen[bytes] | None = None
        self._port = ""

    @property
    def pid(self) -> int:
        """That of the child."""
        assert self._child is not None  # noqa: S101 - it was started
        return self._child.pid

    def start(self, *options: str) -> str:
        """Start it, and wait until it listens: its URL."""
        with self._log.open("ab") as stderr:
            # A session of its own, so that Ctrl-C reaches us alone and the server outlives the last case.
            self._child = subprocess.Popen(  # noqa: S603 - our own command
                [*self._command, *options],
                stdout=subprocess.PIPE,
                stderr=stderr,
                stdin=subprocess.PIPE,
                env={**os.environ, **self._variables},
                start_new_session=True,
            )
        url = _await_ready(self._child, self._log)
        self._port = url.rpartition(":")[2]
        return url

    def restart(self) -> None:
        """End it as one is asked to end, and start another one where it was, with what it kept."""
        self.stop()
        self.start("--port", self._port)

    def stop(self) -> None:
        """End it."""
        if self._child is not None:
            _stop(self._child)


def _await_ready(child: "subprocess.Popen[bytes]", log: Path) -> str:
    assert child.stdout is not None  # noqa: S101 - Popen was given a pipe
    deadline = time.monotonic() + _START_SECONDS
    pending = b""
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        while (left := deadline - time.monotonic()) > 0:
            ready = selector.select(min(left, _GLANCE))
            HEEDED.heed()
            if not ready:
                continue
            chunk = os.read(child.stdout.fileno(), 4096)
            if not chunk:
                break
            pending += chunk
            *lines, _unfinished = pending.decode(errors="replace").split("\n")
            for line in lines:
                if line.startswith(_READY):
                    return line.removeprefix(_READY).strip()
    code = child.poll() if child.poll() is not None else _stop(child)
    said = log.read_text(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
    sentence = said[0].removeprefix("eventproof: ")
    if code == 2:
        raise UsageError(sentence)
    raise TargetUnavailable(f"the reference server did not start: {sentence}")


def _stop(child: "subprocess.Popen[bytes]") -> int:
    child.terminate()
    try:
        code = child.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        code = child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            pipe.close()
    return code


def profile_text(url: str, secret: str, systems: Sequence[str], *, quick: bool = True, settings: str = "") -> str:
    """The profile of a server at this address, whose tokens and webhooks are signed so; the rest as for `start`."""
    # What is known only now comes first, as TOML wants its top level.
    known = f"base_url = {json.dumps(url)}\nsystems = {json.dumps(list(systems))}\n"
    own = [path.read_text("utf-8") for system, path in _OF_SYSTEMS.items() if system in systems]
    parts = [known, _SETTINGS.read_text("utf-8"), _signed(secret), *own]
    if quick:
        # A table stands once in a file.
        head = "[budgets]\n"
        before, found, after = settings.partition(head)
        settings = f"{before}{head}{_QUICK_BUDGETS}{after}" if found else f"{settings}\n{head}{_QUICK_BUDGETS}"
    return "\n".join([*parts, settings])


def _signed(secret: str) -> str:
    return "".join(f"[{table}]\nsecret = {json.dumps(secret)}\n" for table in ("jwt", "webhooks"))
