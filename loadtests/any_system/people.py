"""Who takes part in a scenario of any system: members who are told, and those who cause it; and how it is chosen."""

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

__all__ = ["Member", "Teller", "of_any_system", "with_pauses"]

_PATIENCE = 15.0
"""Seconds that an event may wait for its cause: what a call causes is entered when it is answered."""

_AT_ONCE = 0.02
"""Seconds of a pause that is none: a client that is refused does not try again in the same moment."""


def of_any_system(usual: str = "user-state", rate: float = 4.0) -> None:
    """The scenario that is being read is about the system that `--system` names, where so much a second is told."""
    plugin.system(usual, patience=_PATIENCE, recurs=True)
    plugin.latency("told", "from the intended time of an action to what it causes, at each session that is told")
    plugin.option("--system", default=usual, help="The system that it is about.")
    plugin.option("--tell-rate", above=0, type=float, default=rate, help="Actions a second that tell something.")
    scenario = plugin.current()

    def choose(options: Any) -> None:
        kind_of(options.system)
        scenario.system = options.system

    plugin.check(choose)


def with_pauses() -> None:
    """Whoever lost the connection comes back as `--first-pause` and `--longest-pause` say; see `Member.patiently`."""
    plugin.option("--first-pause", least=0, type=float, default=1.0, help="Seconds before coming back; 0: at once.")
    plugin.option("--longest-pause", least=0, type=float, default=5.0, help="The most seconds between two attempts.")


class Member(ConnectedUser):
    """Somebody who is connected and is told."""

    abstract = True

    def actor(self, generator: Generator, identity: Identity) -> Actor:
        """As the traffic of the system has it."""
        return traffic_of(generator).member(identity, self.devices())

    def patiently(self, member: Actor) -> Actor:
        """The same, who comes back as the options of `with_pauses` say."""
        options = self.environment.parsed_options
        member.first_pause = max(options.first_pause, _AT_ONCE)
        member.longest_pause = max(options.longest_pause if options.first_pause else 0.0, _AT_ONCE)
        return member


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
