"""Admins ban and promote users in a crowd: who hears of it, how soon they are out, who hears what is not for them.

locust -f loadtests/ban_storm.py --target eventproof.toml
eventproof swarm ban_storm --users 1000 --spawn-rate 100 --run-time 1m
"""

from collections.abc import Mapping

from eventproof.load import plugin
from eventproof.load.users import Act, Admin, Member

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


class Crowd(Member):
    """Everybody: on one device, or on two or three."""


class Moderator(Admin):
    """Bans and promotes, each at a steady rate."""

    def rates(self) -> Mapping[Act, float]:
        """Bans and tier updates a second."""
        options = self.environment.parsed_options
        return {self.ban: options.ban_rate / options.admins, self.update_tier: options.tier_rate / options.admins}
