"""The target is replaced under load, one node after the other: what was caused meanwhile reaches everybody.

The profile's `restart` is run once a node, with its number, from 1, in EVENTPROOF_NODE; it returns when that node
answers again, and no other one is touched before. Calls that fail meanwhile are counted and told, and are no objective:
a target of one node is away.

locust -f loadtests/deploy.py --target eventproof.toml --system shield --nodes 2
eventproof swarm deploy --reference --users 500 --run-time 1m --option system=shield --option nodes=2
"""

import subprocess
from collections.abc import Mapping
from itertools import count
from typing import TYPE_CHECKING, Final

from eventproof import layout
from eventproof.errors import Inconclusive, TargetUnavailable, UsageError
from eventproof.load import plugin
from eventproof.load.actor import Actor
from eventproof.load.generator import Generator
from eventproof.load.greenlets import BoundedSemaphore
from eventproof.load.program import Overflow, run
from eventproof.load.recovery import Recovery
from eventproof.load.users import Act, ActingUser
from eventproof.target import Identity

if TYPE_CHECKING:
    from loadtests.any_system import people, returning
else:
    people = layout.loadtests("any_system.people")
    returning = layout.loadtests("any_system.returning")

RUN_TIME: Final = 60.0
_NODE: Final = "EVENTPROOF_NODE"

plugin.count("replaced", "nodes that were replaced", of="replaced")
plugin.objectives(
    "replaced >= 1",
    "all_back: max < 30s",
    "still_away == 0",
    "lost == 0",
    "leaked == 0",
    "unexplained == 0",
)

plugin.option("--nodes", least=1, most=1000, type=int, default=1, help="How many nodes are replaced, one by one.")
plugin.option("--node-every", above=0, type=float, default=15.0, help="Seconds from one to the next, at least.")
plugin.option("--node-within", above=0, most=3600, type=float, default=60.0, help="Seconds that one may take.")
plugin.default("--back-within", 45.0)
plugin.default("--multi-device", 0.0)


class Resident(people.Member):
    """Somebody who is connected while nodes come and go."""

    def actor(self, generator: Generator, identity: Identity) -> Actor:
        """A member; with the first one, it is watched what becomes of the connections."""
        if not generator.entered:
            generator.spawn(generator.one(Recovery).watch, self.environment.parsed_options.back_within)
        return returning.patiently(super().actor(generator, identity), self.environment.parsed_options)


class Teller(people.Teller):
    """Tells members something, all the time."""


class Operator(ActingUser):
    """Replaces the nodes, one after the other."""

    acts_alone = True

    def enter(self) -> None:
        """Know how. Raises UsageError where the profile does not say it."""
        target = self.generator.target
        if target.restart is None:
            raise UsageError(
                f'{target.source}: name the program that replaces a node: restart = ["./manage", "restart"]'
            )
        self.command, self.numbers, self.turn = target.restart, count(1), BoundedSemaphore(1)

    def rates(self) -> Mapping[Act, float]:
        """One node after the other."""
        return {self.replace: 1 / self.environment.parsed_options.node_every}

    def most(self) -> float:
        """Each node once."""
        nodes: int = self.environment.parsed_options.nodes
        return nodes

    def aim(self) -> int:
        """The next node."""
        return next(self.numbers)

    def replace(self, node: int, intended: float) -> None:  # noqa: ARG002 - it takes as long as it takes
        """Replace it, and wait for it. Raises what says why it is not there again."""
        with self.turn:
            self._replace(f"restart of node {node}", {_NODE: str(node)})

    def _replace(self, what: str, variables: Mapping[str, str]) -> None:
        generator, seconds = self.generator, self.environment.parsed_options.node_within
        generator.books.count("actions")
        try:
            code, _ = run(self.command, folder=generator.target.folder, timeout=seconds, variables=variables)
        except subprocess.TimeoutExpired as late:
            raise TargetUnavailable(f"the {what} did not end within {seconds:g} s: see --node-within") from late
        except (OSError, Overflow) as failure:
            raise Inconclusive(f"the {what} cannot be run: {failure}") from failure
        if code:
            raise TargetUnavailable(f"the {what} failed with exit code {code}")
        generator.books.count("replaced")
