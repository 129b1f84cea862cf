"""Servers that a swarm is sent to: each a profile to reach it by, and a command in it that replaces the server."""

import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Final

from eventproof import reference, restarts

from .contenders import ENVIRONMENT, ROOT, Person, made_up
from .process import Process, started, stop

__all__ = ["ADMINS", "HOSTS", "SYSTEM"]

SYSTEM: Final = "shield"
"""What they all serve: whoever is away there is due to be told on their return, where that is claimed."""
ADMINS: Final = 1
_STOCK: Final = (sys.executable, "-m", "benchmarks.peers.stock_shield")
_PROFILE: Final = """\
base_url = {url}
restart = {restart}
systems = ["shield"]
allow_load = true
capabilities = ["metrics"]

[identities]
file = "credentials.ndjson"

[metrics]
gauges = ["process_open_fds"]
memory = "process_resident_memory_bytes"
"""


@contextmanager
def _ours(users: int) -> Iterator[Path]:
    with reference.start(
        systems=("user-state", SYSTEM),
        seed_users=users + ADMINS,
        quick=False,
        options=("--log-level", "warning"),
        restartable=True,
    ) as running:
        yield running.profile


@contextmanager
def _stock(users: int) -> Iterator[Path]:
    """It knows nobody, and believes every token that is signed with the secret: so it says that it replays nothing."""
    with tempfile.TemporaryDirectory(prefix="eventproof-") as name:
        folder = Path(name)
        people, place = made_up(users), folder / "restart"
        lines = [_line(people.admin, "admin"), *(_line(one, "user") for one in people.users)]
        (folder / "credentials.ndjson").write_text("".join(lines), encoding="utf-8")
        with closing(_Replaceable(folder / "server.log")) as server, restarts.listening(place, server.replace):
            restart = json.dumps(restarts.command(place))
            profile = folder / "eventproof.toml"
            profile.write_text(_PROFILE.format(url=json.dumps(server.url), restart=restart), encoding="utf-8")
            yield profile


def _line(person: Person, role: str) -> str:
    known = {"id": person.id, "email": f"{person.id}@example.com", "token": person.token, "role": role}
    return f"{json.dumps(known)}\n"


class _Replaceable:
    """The stock server, which can be replaced by a new one at the same address. Raises NotStarted."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._process = self._started()

    @property
    def url(self) -> str:
        """Where it is."""
        return self._process.url

    def replace(self) -> None:
        """End it as one is asked to end, and start a new one where it was."""
        stop(self._process.child)
        self._process = self._started(self.url.rpartition(":")[2])

    def close(self) -> None:
        """End it."""
        stop(self._process.child)

    def _started(self, *port: str) -> Process:
        return started([*_STOCK, *port], self._log, environment=ENVIRONMENT, checkout=ROOT)


HOSTS: Final[Mapping[str, Callable[[int], AbstractContextManager[Path]]]] = {"ours": _ours, "stock": _stock}
"""Each with so many users, until the block ends."""
