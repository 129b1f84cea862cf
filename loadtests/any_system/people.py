"""Who takes part in a scenario of any system: members who are told, and those who cause it; and how it is chosen.

Whoever takes this in is about the system that `--system` names.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from eventproof import layout
from eventproof.load import plugin
from eventproof.load.actor import Actor
from eventproof.load.generator import Generator
from eventproof.load.users import Act, ActingUser, ConnectedUser
from eventproof.target import Identity

if TYPE_CHECKING:
    from loadtests.any_system.traffic import kind_of, traffic_of
else:
    kind_of = layout.loadtests("any_system.traffic").kind_of
    traffic_of = layout.loadtests("any_system.traffic").traffic_of

__all__ = ["Member", "Teller"]

_PATIENCE = 15.0
"""Seconds that an event may wait for its cause: what a call causes is entered when it is answered."""

plugin.system("user-state", patience=_PATIENCE, recurs=True)
plugin.latency("told", "from the intended time of an action to what it causes, at each session that is told")
plugin.option("--system", default="user-state", help="The system that it is about.")
plugin.option("--tell-rate", above=0, type=float, default=10.0, help="Actions a second that tell something.")
_SCENARIO = plugin.current()


def _choose(options: Any) -> None:
    kind_of(options.system).choose(_SCENARIO, options)


plugin.check(_choose)


class Member(ConnectedUser):
    """Somebody who is connected and is told."""

    abstract = True

    def actor(self, generator: Generator, identity: Identity) -> Actor:
        """As the traffic of the system has it."""
        return traffic_of(generator).member(identity, self.devices())


class Teller(ActingUser):
    """Causes what is told, at a steady rate."""

    abstract = True

    def enter(self) -> None:
        """Make what is needed for that."""
        self.traffic = traffic_of(self.generator)
        self.traffic.begin()

    def rates(self) -> Mapping[Act, float]:
        """So much a second, of all of them together."""
        return {self.tell: self.environment.parsed_options.tell_rate / self.fixed_count}

    def aim(self) -> Any:
        """As the traffic of the system has it."""
        return self.traffic.aim()

    def tell(self, aim: Any, intended: float) -> None:
        """Cause something that is told."""
        self.traffic.tell(aim, intended)
