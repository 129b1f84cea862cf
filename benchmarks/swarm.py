"""Our swarm's client beside others, each on one core: `python benchmarks/swarm.py`; README.md says what is measured.

Clients take turns in each round, each in a new process against a new server, which does the same to all of them.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.clients.measuring import GROUP, MESSAGES
from benchmarks.serving.command import chosen, kept, machine, made, whole
from benchmarks.serving.contenders import ROOT
from benchmarks.serving.figures import Figure, Results, Row, table
from benchmarks.serving.process import NotStarted, running

_TAP: Final = (sys.executable, "-m", "benchmarks.peers.tap")
_NODE: Final = ROOT / "benchmarks" / "clients" / "node.mjs"
_SECONDS: Final = 120.0
"""That one client may take in one round."""
_INTERRUPTED: Final = 130


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of everything."""

    users: int = 2_000
    rate: float = 5_000
    seconds: float = 4.0


QUICK: Final = Sizes(users=60, rate=500, seconds=0.4)


@dataclass(frozen=True, slots=True)
class Client:
    """A client that is measured, and the wire that it speaks."""

    title: str
    module: str
    wire: str = "socket.io"

    def command(self, url: str, sizes: Sizes) -> list[str]:
        """What runs it. Raises NotStarted where it is not installed."""
        size = [f"--{name}={getattr(sizes, name):g}" for name in ("users", "rate", "seconds")]
        return [sys.executable, "-m", f"benchmarks.clients.{self.module}", "--url", url, "--wire", self.wire, *size]


class Node(Client):
    """Node's client."""

    __slots__ = ()

    def command(self, url: str, sizes: Sizes) -> list[str]:
        """What runs it. Raises NotStarted where it is not installed."""
        node = shutil.which("node")
        if node is None:
            raise NotStarted("Node is not installed")
        if not (ROOT / "tests" / "js" / "node_modules" / "socket.io-client").exists():
            raise NotStarted("its package is missing: run `npm ci` in tests/js")
        size = [f"{sizes.users}", f"{sizes.rate:g}", f"{sizes.seconds:g}"]
        return [node, "--expose-gc", str(_NODE), url, *size, MESSAGES["socket.io"], str(GROUP)]


CLIENTS: Final[dict[str, Client]] = {
    "swarm": Client("swarm, Socket.IO", "swarm"),
    "swarm-sse": Client("swarm, streams", "swarm", "sse"),
    "swarm-websocket": Client("swarm, WebSockets", "swarm", "websocket"),
    "hub": Client("hub alone", "hub"),
    "hub-sse": Client("hub alone, streams", "hub", "sse"),
    "hub-websocket": Client("hub alone, WebSockets", "hub", "websocket"),
    "locust": Client("Locust's SocketIOUser", "locust_user"),
    "python-socketio": Client("python-socketio", "python_socketio"),
    "node": Node("Node", ""),
}
"""The clients, by the names that `--clients` takes."""
BASE: Final = "swarm"
_USUAL: Final = "swarm,swarm-sse,swarm-websocket,hub,locust,python-socketio,node"


def rows(sizes: Sizes) -> list[Row]:
    """All of them, in the order of the table; the names are those of `Measured`."""
    return [
        Row("kilobytes", f"kB a connection, of {sizes.users:,}", digits=1),
        Row("connect", "processor seconds for 1,000 connects"),
        Row("message", f"processor µs a message, {sizes.rate:,.0f}/s", digits=1),
        Row("p50", "from sending to the client, p50 ms", digits=3),
        Row("p99", "… p99 ms"),
        Row("rate", "messages/s that came", more_is_better=True, digits=0),
    ]


def measure(results: Results, names: Sequence[str], rounds: int, sizes: Sizes, folder: Path) -> bool:
    """Each client in turn, in each round; gives whether it came to its end."""
    cores, first = sorted(os.sched_getaffinity(0)), results.next_round
    os.sched_setaffinity(0, {cores[1]})
    try:
        for round_ in range(first, first + rounds):
            for name in names:
                began, problem = time.monotonic(), _play(results, name, round_, sizes, folder, cores[0])
                spent = f"{time.monotonic() - began:.0f} s"
                print(f"round {round_ + 1}, {name}: {spent} {problem}".rstrip(), file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        return False
    finally:
        os.sched_setaffinity(0, cores)
    return True


def _play(results: Results, name: str, round_: int, sizes: Sizes, folder: Path, core: int) -> str:
    """One client in one round; what went wrong, which is noted for its rows, too."""
    problem, measured = "", None
    try:
        with running(_TAP, folder / "tap.log", checkout=ROOT, core=core) as tap:
            command = CLIENTS[name].command(tap.url, sizes)
            done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, cwd=ROOT, check=False)
        if done.returncode == 0:
            measured = json.loads(done.stdout)
        else:
            problem = (done.stderr.strip().splitlines() or ["it said nothing"])[-1][:300]
    except NotStarted as failure:
        problem = str(failure)
    except subprocess.TimeoutExpired:
        problem = f"it took more than {_SECONDS:.0f} s"
    for row in rows(sizes):
        if measured is not None:
            results.add(name, round_, Figure(row.name, measured[row.name], 0.0))
        else:
            results.fail(name, round_, [row.name], problem)
    return problem


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print. Who is interrupted prints what there is; the exit code is then 130."""
    parser = argparse.ArgumentParser(description=__doc__, usage=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=whole("rounds", 100), default=3, help="how often each is measured; 3")
    parser.add_argument("--clients", default=_USUAL, help=f"which of {', '.join(CLIENTS)}; {_USUAL}")
    parser.add_argument("--add-to", type=Path, metavar="FILE", help="keep the figures here, and show all of them")
    parser.add_argument("--quick", action="store_true", help="60 connections, one round: to see that it works")
    options = parser.parse_args(arguments)
    if len(os.sched_getaffinity(0)) < 2:
        parser.error("the server and the client need a core each: run it where there are two")
    names = chosen(parser, "client", options.clients, CLIENTS, exact=True)
    sizes = QUICK if options.quick else Sizes()
    results = kept(parser, options.add_to, made(quick=options.quick))
    with tempfile.TemporaryDirectory(prefix="eventproof-") as folder:
        ended = measure(results, names, 1 if options.quick else options.rounds, sizes, Path(folder))
    if options.add_to is not None:
        options.add_to.write_text(results.written(), encoding="utf-8")
    print(f"{machine()}\n")
    titles = {name: CLIENTS[name].title for name in names}
    print(table(results, rows(sizes), titles, BASE, shows_client=False))
    return 0 if ended else _INTERRUPTED


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
