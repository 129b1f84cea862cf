"""All lose the connection at once, again and again: how long until the last one is back, and nothing is missing.

Clients come back after a pause that doubles with each attempt, as Socket.IO's do, or at once (`--first-pause 0`).

locust -f loadtests/reconnect_storm.py --target eventproof.toml --first-pause 0
eventproof swarm reconnect_storm --users 5000 --spawn-rate 500 --run-time 2m --option storm-every=30
"""

from time import monotonic
from typing import TYPE_CHECKING, Final

from eventproof import layout
from eventproof.load import plugin
from eventproof.load.actor import Actor
from eventproof.load.generator import Generator
from eventproof.load.greenlets import sleep
from eventproof.load.recovery import Recovery, devices_of
from eventproof.target import Identity

if TYPE_CHECKING:
    from loadtests.any_system import people, returning
else:
    people = layout.loadtests("any_system.people")
    returning = layout.loadtests("any_system.returning")

RUN_TIME: Final = 60.0
_GLANCE: Final = 0.1

plugin.count("storms", "times that all connections of a process were lost at once", of="storms")
plugin.objectives(
    "storms >= 1",
    "all_back: max < 15s",
    "caught_up: max < 20s",
    "still_away == 0",
    "lost == 0",
    "leaked == 0",
    "unexplained == 0",
    "dropped == 0",
    "failed == 0",
)

plugin.option("--storm-every", least=1, type=float, default=20.0, help="Seconds from one storm to the next.")
plugin.default("--multi-device", 0.0)


class Storms:
    """Those of one process: the first one after half of the time that lies between two."""

    def __init__(self, generator: Generator) -> None:
        self._generator = generator

    def plan(self, every: float, within: float) -> None:
        """From when everybody is there, for good."""
        self._generator.spawn(self._run, every, within)

    def _run(self, every: float, within: float) -> None:
        generator = self._generator
        while not generator.books.seconds:
            sleep(_GLANCE)
        due = monotonic() + every / 2
        while not generator.stopping.wait(max(due - monotonic(), 0)):
            devices = [device for device in devices_of(generator) if device.is_open]
            generator.books.count("storms")
            began = monotonic()
            for device in devices:
                device.cut()
            generator.one(Recovery).follow(devices, began, within)
            due = max(due + every, monotonic())


class Castaway(people.Member):
    """Somebody who loses the connection when all do."""

    def actor(self, generator: Generator, identity: Identity) -> Actor:
        """A member, who comes back as the options say; with the first one, the storms are planned."""
        options = self.environment.parsed_options
        if not generator.entered:
            generator.one(Storms).plan(options.storm_every, options.back_within)
        return returning.patiently(super().actor(generator, identity), options)


class Teller(people.Teller):
    """Tells members something, in a storm as at any time."""
