"""Admins ban and promote users in a crowd: who hears of it, how soon they are out, who hears what is not for them.

locust -f loadtests/ban_storm.py --target eventproof.toml
eventproof swarm ban_storm --users 1000 --spawn-rate 100 --run-time 1m
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from eventproof import layout
from eventproof.load import plugin
from eventproof.load.generator import Generator
from eventproof.load.users import Act, ActingUser, ConnectedUser
from eventproof.target import Identity

if TYPE_CHECKING:
    from loadtests.user_state import administering
    from loadtests.user_state.app_user import AppUser
else:
    administering = layout.loadtests("user_state.administering")
    AppUser = layout.loadtests("user_state.app_user").AppUser

plugin.system("user-state")
plugin.latency("ban_to_answer", "from the ban's intended time to the answer of its call")
plugin.latency("ban_to_event", "from the ban's intended time to user.banned, each session")
plugin.latency("ban_to_closed", "from the ban's intended time to the end of the connection, each session")
plugin.latency("ban_to_logout", "from the ban's intended time to the end of the user's last connection")
plugin.latency("ban_to_refused", "from the ban's intended time to the first call refused with the old token")
plugin.latency("tier_to_event", "from the tier update's intended time to user.tier.updated, each session")
plugin.count("bans", "bans that were answered", of="bans")
plugin.count("stragglers", "sessions and tokens that outlived their ban", of="bans")
plugin.objectives(
    "ban_to_logout: p(99) < 1s",
    "lost == 0",
    "leaked == 0",
    "out_of_order == 0",
    "unexplained == 0",
    "stragglers == 0",
    "dropped == 0",
    "failed == 0",
)

plugin.option("--ban-rate", least=0, type=float, default=4.0, help="Bans a second, of all admins together.")
plugin.option("--tier-rate", least=0, type=float, default=4.0, help="Tier updates a second, of all admins together.")


class Crowd(ConnectedUser):
    """Everybody: on one device, or on two or three."""

    def actor(self, generator: Generator, identity: Identity) -> AppUser:
        """Somebody who does what the server says, and nothing else."""
        return AppUser(generator, identity, self.devices())


class Moderator(ActingUser):
    """Bans and promotes, each at a steady rate."""

    def rates(self) -> Mapping[Act, float]:
        """Bans and tier updates a second."""
        options = self.environment.parsed_options
        return {self.ban: options.ban_rate / self.fixed_count, self.update_tier: options.tier_rate / self.fixed_count}

    def ban(self, user: AppUser, intended: float) -> None:
        """Ban somebody, and bring them back."""
        administering.ban(self.generator, user, intended)

    def update_tier(self, user: AppUser, intended: float) -> None:
        """Give somebody another tier."""
        administering.update_tier(self.generator, user, intended)
