"""Everybody is away now and then, for a stated time: what they are told meanwhile reaches them when they are back.

Where the target claims to send again what somebody missed, it is due on the return; else it is counted as away. Who is
away when is the same in every run of a seed.

locust -f loadtests/jitter.py --target eventproof.toml --system shield
eventproof swarm jitter --users 1000 --spawn-rate 200 --run-time 1m --option system=shield --option away-for=3
"""

from typing import TYPE_CHECKING, Any

from eventproof import layout
from eventproof.load import plugin
from eventproof.load.account import SwarmAccount
from eventproof.load.actor import Actor
from eventproof.load.generator import Generator
from eventproof.target import Identity

if TYPE_CHECKING:
    from loadtests.any_system import people, wandering
else:
    people = layout.loadtests("any_system.people")
    wandering = layout.loadtests("any_system.wandering")

plugin.objectives(
    "told: p(99) < 1s",
    "outages >= 1",
    "lost == 0",
    "leaked == 0",
    "out_of_order == 0",
    "unexplained == 0",
    "dropped == 0",
    "failed == 0",
)

plugin.default("--multi-device", 0.0)


def _delivery(account: SwarmAccount, _options: Any) -> SwarmAccount:
    """How much of all that was caused was delivered."""
    caused, delivered, away = (account.count(name) for name in ("caused", "delivered", "away"))
    if not caused:
        return SwarmAccount()
    rest = f"; {away} were caused for somebody who was away, and are not sent again" if away else ""
    return SwarmAccount(notes=(f"delivery: {delivered * 100 / caused:.4g} % of {caused} events{rest}",))


plugin.conclusion(_delivery)


class Wanderer(people.Member):
    """Somebody who is away now and then."""

    def actor(self, generator: Generator, identity: Identity) -> Actor:
        """A member, whose absences are planned."""
        return wandering.away_at_times(super().actor(generator, identity), self.environment.parsed_options)


class Teller(people.Teller):
    """Tells members something, whether they are there or not."""
