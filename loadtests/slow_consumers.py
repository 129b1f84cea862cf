"""Some never read what they are sent: the others are told as fast as before, and the target's memory stays bounded.

Who is slow is connected and reads nothing; further actions are aimed at those alone (`--press-rate`). Where a system
tells everybody of everything, as plan-sync does, all actions are.

locust -f loadtests/slow_consumers.py --target eventproof.toml --system plan-sync
eventproof swarm slow_consumers --users 1000 --run-time 2m --option slow-share=0.2 --option press-rate=200
"""

from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from eventproof import layout
from eventproof.load import plugin
from eventproof.load.acknowledging import chosen
from eventproof.load.actor import Actor
from eventproof.load.generator import Generator
from eventproof.load.target_memory import TargetMemory
from eventproof.load.users import Act
from eventproof.target import Identity

if TYPE_CHECKING:
    from loadtests.any_system import people
else:
    people = layout.loadtests("any_system.people")

RUN_TIME: Final = 60.0

plugin.count("slow", "members who read nothing", of="slow")
plugin.objectives(
    "slow >= 1",
    "told: p(99) < 500ms",
    "memory_grown <= 25%",
    "lost == 0",
    "leaked == 0",
    "unexplained == 0",
    "dropped == 0",
    "failed == 0",
)

plugin.option("--slow-share", least=0, most=1, type=float, default=0.1, help="The share of members who read nothing.")
plugin.option("--press-rate", least=0, type=float, default=20.0, help="Actions a second aimed at these alone.")
plugin.default("--multi-device", 0.0)


class Slow:
    """Those of one process, in turn."""

    def __init__(self, generator: Generator) -> None:
        self._generator = generator
        self._members: deque[Actor] = deque()

    def add(self, member: Actor) -> None:
        """One more."""
        member.stall()
        self._members.append(member)
        self._generator.books.count("slow")

    def next(self) -> Actor | None:
        """The next one in turn who is connected."""
        for _ in range(len(self._members)):
            self._members.rotate()
            if any(device.connections for device in self._members[0].devices):
                return self._members[0]
        self._generator.books.count("omitted")
        return None


class Reader(people.Member):
    """Somebody who reads what they are sent, or nothing."""

    def actor(self, generator: Generator, identity: Identity) -> Actor:
        """A member; of any many in a row, a share is slow."""
        generator.one(TargetMemory)
        member = super().actor(generator, identity)
        if chosen(generator.entered, ((True, self.environment.parsed_options.slow_share),), False):
            generator.one(Slow).add(member)
        return member


class Teller(people.Teller):
    """Tells those who read something."""


class Presser(people.Teller):
    """Tells those who read nothing."""

    def rates(self) -> Mapping[Act, float]:
        """So much a second."""
        return {self.tell: self.environment.parsed_options.press_rate / self.fixed_count}

    def aim(self) -> Any:
        """The next of them; where everybody is told of everything, it makes no difference."""
        aim = self.generator.one(Slow).next()
        return aim if aim is None or self.traffic.is_of_one else self.traffic.aim()
