"""Hours of the same: members are told something, come and go, and the target does not grow.

Its memory is read from the gauge that the profile names (`memory` under [metrics]): how much it grew from the first
quarter of the run to the last one. When everybody has left, its gauges return to what they were before.

locust -f loadtests/soak.py --target eventproof.toml -t 8h
eventproof swarm soak --users 500 --run-time 4h
"""

from typing import TYPE_CHECKING, Final

from eventproof import layout
from eventproof.load import plugin
from eventproof.load.actor import Actor
from eventproof.load.generator import Generator
from eventproof.load.target_memory import TargetMemory
from eventproof.target import Identity

if TYPE_CHECKING:
    from loadtests.any_system import people, wandering
else:
    people = layout.loadtests("any_system.people")
    wandering = layout.loadtests("any_system.wandering")

RUN_TIME: Final = 3600.0

plugin.objectives(
    "memory_grown <= 10%",
    "left_behind == 0",
    "told: p(99) < 1s",
    "lost == 0",
    "leaked == 0",
    "unexplained == 0",
    "dropped == 0",
    "failed == 0",
)

plugin.default("--away-for", 2.0)
plugin.default("--away-every", 60.0)


class Regular(people.Member):
    """Somebody who comes and goes."""

    def actor(self, generator: Generator, identity: Identity) -> Actor:
        """A member, who is away now and then."""
        generator.one(TargetMemory)
        return wandering.away_at_times(super().actor(generator, identity), self.environment.parsed_options)


class Teller(people.Teller):
    """Tells members something, for hours."""
