"""Who is measured: how each server is started, and whose tokens it takes. All speak the same calls and events."""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, Final, Protocol

import jwt

from .process import NotStarted, Process, running

__all__ = [
    "ENVIRONMENT",
    "ROOT",
    "Contender",
    "Ours",
    "Peer",
    "People",
    "Person",
    "commit",
    "floor_peer",
    "made_up",
    "node_peer",
    "said",
    "stock_peer",
]

ROOT: Final = Path(__file__).parents[2]
_FLOOR: Final = (sys.executable, "-m", "benchmarks.peers.floor")
"""The command that serves with bare aiohttp."""
_STOCK: Final = (sys.executable, "-m", "benchmarks.peers.stock")
_NODE: Final = ROOT / "benchmarks" / "peers" / "node.mjs"
_SECRET: Final = "a secret of benchmarks alone, as long as HS256 wants it"
_STREAMS: Final = ("streams", "streams-cpu", "streams-first", "streams-last")
ENVIRONMENT: Final = {"EVENTPROOF_JWT_SECRET": _SECRET}
"""What every server is told."""
_HEARTBEAT: Final = 120
"""Seconds; so long that none falls into what is measured."""
_SETTINGS: Final = f"""\
[limits]
ping_interval = {_HEARTBEAT}
events_a_second = 1000000
"""
"""Of our server; the limit on events is what the benchmark would measure otherwise."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a session."""

    id: str
    token: str


@dataclass(frozen=True, slots=True)
class People:
    """Whose tokens a server takes."""

    users: Sequence[Person]
    admin: Person
    seller: Person


class Contender(Protocol):
    """A server that can be started again and again, each time as if for the first."""

    title: str
    version: str
    """Which it is, so that figures of another one are not taken for its own."""

    def lacks(self, row: str) -> str | None:
        """Why it cannot have this row, or None."""

    def serve(self, core: int) -> AbstractContextManager[tuple[Process, People]]:
        """A new server, pinned to this core."""


def said(*command: str) -> str:
    """What a command says in one line, nothing where it cannot be run."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def commit(checkout: Path) -> str:
    """The commit of a checkout, `-dirty` where its files differ; nothing where it is none."""
    return said("git", "-C", str(checkout), "describe", "--always", "--dirty", "--exclude", "*")


class Ours:
    """The reference server of a checkout, with all its systems, on a database with seeded users."""

    def __init__(self, title: str, checkout: Path, users: int, folder: Path) -> None:
        self.title = title
        self._folder = folder
        self._settings = folder / "server.toml"
        self._checkout = checkout
        self._users = users
        self._people: People | None = None
        self.version = commit(checkout) or str(checkout)

    def lacks(self, row: str) -> str | None:
        """It has all."""

    @contextmanager
    def serve(self, core: int) -> Iterator[tuple[Process, People]]:
        """On a copy of the database that was seeded once. Raises NotStarted."""
        people = self._people or self._seed()
        with tempfile.TemporaryDirectory(dir=self._folder) as name:
            database = Path(name) / "server.db"
            for part in self._folder.glob("seeded.db*"):
                shutil.copy(part, Path(name) / part.name.replace("seeded", "server"))
            with self._running(database, core=core) as process:
                yield process, people

    def _seed(self) -> People:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._settings.write_text(_SETTINGS, encoding="utf-8")
        credentials = self._folder / "credentials.ndjson"
        with self._running(
            self._folder / "seeded.db", "--seed", str(self._users), "--credentials", str(credentials), core=None
        ):
            pass
        by_role: dict[str, list[Person]] = {}
        for line in credentials.read_text().splitlines():
            entry = json.loads(line)
            by_role.setdefault(entry["role"], []).append(Person(entry["id"], entry["token"]))
        self._people = People(by_role["user"], by_role["admin"][0], by_role["seller"][0])
        return self._people

    @contextmanager
    def _running(self, database: Path, *options: str, core: int | None) -> Iterator[Process]:
        command = [
            *(sys.executable, "-m", "eventproof", "serve", "--attached", "--port", "0", "--log-level", "warning"),
            *("--database-url", f"sqlite:///{database}", "--config", str(self._settings), *options),
        ]
        with running(
            command, self._folder / "server.log", environment=ENVIRONMENT, checkout=self._checkout, core=core
        ) as process:
            yield process


class Peer:
    """Another server, which knows nobody and believes every token that is signed with the secret."""

    def __init__(
        self,
        title: str,
        version: str,
        command: Sequence[str],
        users: int,
        folder: Path,
        lacking: Mapping[str, str] | None = None,
    ) -> None:
        self.title = title
        self.version = version
        self._command = command
        self._log = folder / f"{title}.log"
        self._lacking = lacking or {}
        self._users = users

    def lacks(self, row: str) -> str | None:
        """Why it cannot have this row, or None."""
        return self._lacking.get(row)

    @contextmanager
    def serve(self, core: int) -> Iterator[tuple[Process, People]]:
        """A new one. Raises NotStarted."""
        with running(self._command, self._log, environment=ENVIRONMENT, checkout=ROOT, core=core) as process:
            yield process, made_up(self._users)


@cache
def made_up(users: int) -> People:
    """So many users, an admin and a seller, whom every peer believes."""
    persons = [_person(f"usr_{number:032x}", "user") for number in range(users)]
    return People(persons, _person("usr_admin", "admin"), _person("usr_seller", "seller"))


def _person(user_id: str, role: str) -> Person:
    now = int(time.time())
    claims: dict[str, Any] = {"sub": user_id, "jti": user_id, "iat": now, "exp": now + 86400, "epoch": 0, "role": role}
    return Person(user_id, jwt.encode(claims, _SECRET, algorithm="HS256"))


def node_peer(users: int, folder: Path) -> Peer:
    """Node's socket.io, tuned. Raises NotStarted where Node or the package is not there."""
    node = shutil.which("node")
    if node is None:
        raise NotStarted("Node is not installed")
    package = ROOT / "tests" / "js" / "node_modules" / "socket.io" / "package.json"
    if not package.exists():
        raise NotStarted("its package is missing: run `npm ci` in tests/js")
    version = f"{said(node, '--version')}, socket.io {json.loads(package.read_text())['version']}"
    return Peer("Node", version, [node, str(_NODE)], users, folder)


def stock_peer(users: int, folder: Path) -> Peer:
    """python-socketio as it comes."""
    lacking = dict.fromkeys(_STREAMS, "python-socketio has no streams")
    return Peer("stock", f"python-socketio {metadata.version('python-socketio')}", _STOCK, users, folder, lacking)


def floor_peer(users: int, folder: Path) -> Peer:
    """Bare aiohttp."""
    return Peer("floor", f"aiohttp {metadata.version('aiohttp')}", _FLOOR, users, folder)
