"""The reference server beside others, each on one core: `python benchmarks/server.py`; README.md says what is measured.

Servers take turns in each round, each new for each scene; one client on another core does the same to all of them.
"""

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from benchmarks.serving.client import Failed
from benchmarks.serving.command import chosen, kept, machine, made, whole
from benchmarks.serving.contenders import ROOT, Contender, Ours, floor_peer, node_peer, stock_peer
from benchmarks.serving.figures import Results, table
from benchmarks.serving.process import NotStarted
from benchmarks.serving.scenes import SCENES, rows
from benchmarks.serving.stage import Sizes

QUICK: Final = Sizes(crowd=20, few=10, many=20, most=20, bans=5, broadcasts=3, outstanding=8, seconds=0.2, settle=0.1)
SERVERS: Final[dict[str, Callable[[int, Path], Contender]]] = {
    "ours": lambda users, folder: Ours("ours", ROOT, users, folder / "ours"),
    "node": node_peer,
    "stock": stock_peer,
    "floor": floor_peer,
}
"""The servers, by the names that `--servers` takes."""
BASE: Final = "node"
_INTERRUPTED: Final = 130


def measure(results: Results, contenders: dict[str, Contender], wanted: set[str], rounds: int, sizes: Sizes) -> bool:
    """Each scene that gives a wanted row, on each server in turn, in each round; gives whether it came to its end."""
    cores, first = sorted(os.sched_getaffinity(0)), results.next_round
    os.sched_setaffinity(0, {cores[1]})
    try:
        for round_ in range(first, first + rounds):
            for name, scene in SCENES.items():
                if wanted.isdisjoint(row.name for row in scene.rows(sizes)):
                    continue
                for server, contender in contenders.items():
                    _play(results, server, contender, name, round_, wanted, sizes, cores[0])
    except KeyboardInterrupt:
        return False
    finally:
        os.sched_setaffinity(0, cores)
    return True


def _play(
    results: Results,
    server: str,
    contender: Contender,
    name: str,
    round_: int,
    wanted: set[str],
    sizes: Sizes,
    core: int,
) -> None:
    """One scene on one server, as far as it is wanted; what goes wrong is noted for the rows that it costs."""
    scene = SCENES[name]
    lacking = {row.name: contender.lacks(row.name) for row in scene.rows(sizes) if row.name in wanted}
    left = {row for row, reason in lacking.items() if reason is None}
    for row, reason in lacking.items():
        if reason is not None:
            results.lack(server, row, reason)
    if not left:
        return
    began, problem = time.monotonic(), ""
    try:
        with contender.serve(core) as (process, people):
            for figure in scene.figures(process, people, sizes):
                if figure.row in wanted:
                    results.add(server, round_, figure)
                left.discard(figure.row)
                if not left:
                    break
    except (Failed, NotStarted, OSError) as failure:
        problem = str(failure)
        results.fail(server, round_, left, problem)
    print(
        f"round {round_ + 1}, {name}, {server}: {time.monotonic() - began:.0f} s {problem}", file=sys.stderr, flush=True
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit code is 1 where a figure is missing that a server should have.

    Who is interrupted prints what there is; the exit code is then 130.
    """
    parser = argparse.ArgumentParser(description=__doc__, usage=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=whole("rounds", 100), default=3, help="how often each is measured; 3")
    parser.add_argument("--rows", help="only the scenes that give these rows, or rows that begin so: memory,ban; all")
    parser.add_argument("--servers", help=f"which of {', '.join(SERVERS)}; all")
    parser.add_argument(
        "--checkout",
        action="append",
        default=[],
        metavar="NAME=FOLDER",
        help="one more server: ours of another checkout",
    )
    parser.add_argument(
        "--add-to", type=Path, metavar="FILE", help="keep the figures here, and show all that were kept here"
    )
    parser.add_argument("--quick", action="store_true", help="20 connections, one round: to see that it works")
    options = parser.parse_args(arguments)
    if len(os.sched_getaffinity(0)) < 2:
        parser.error("the server and the client need a core each: run it where there are two")
    sizes = QUICK if options.quick else Sizes()
    known = [row.name for row in rows(sizes)]
    wanted = set(chosen(parser, "row", options.rows, known)) if options.rows else set(known)
    with tempfile.TemporaryDirectory(prefix="eventproof-") as folder:
        contenders = _contenders(parser, options, sizes, Path(folder))
        results = kept(parser, options.add_to, _made(contenders, options))
        known_to_fail = {key: dict(rounds) for key, rounds in results.failed.items()}
        ended = measure(results, contenders, wanted, 1 if options.quick else options.rounds, sizes)
        if options.add_to is not None:
            options.add_to.write_text(results.written(), encoding="utf-8")
        shown = [row for row in rows(sizes) if row.name in wanted]
        print(f"{machine()}\n")
        print(table(results, shown, {name: one.title for name, one in contenders.items()}, BASE))
    if not ended:
        return _INTERRUPTED
    return 0 if results.failed == known_to_fail else 1


def _made(contenders: dict[str, Contender], options: argparse.Namespace) -> dict[str, str]:
    """What the figures will be of; those of something else are not to be mixed with them."""
    return made(quick=options.quick) | {name: contender.version for name, contender in contenders.items()}


def _contenders(
    parser: argparse.ArgumentParser, options: argparse.Namespace, sizes: Sizes, folder: Path
) -> dict[str, Contender]:
    contenders: dict[str, Contender] = {}
    for name in chosen(parser, "server", options.servers or ",".join(SERVERS), list(SERVERS), exact=True):
        try:
            contenders[name] = SERVERS[name](sizes.users, folder)
        except NotStarted as problem:
            if options.servers:
                parser.error(f"--servers {options.servers}: {name} cannot be measured: {problem}")
            print(f"{name} is left out: {problem}", file=sys.stderr)
    for given in options.checkout:
        name, _, path = given.partition("=")
        if not name or not (Path(path) / "eventproof").is_dir():
            parser.error(f"--checkout {given}: write it like before=/path/to/a/checkout")
        contenders[name] = Ours(name, Path(path).resolve(), sizes.users, folder / name)
    return contenders


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
