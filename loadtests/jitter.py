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
from eventproof.load.outages import Outages
from eventproof.target import Identity

if TYPE_CHECKING:
    from loadtests.any_system import people
else:
    people = layout.loadtests("any_system.people")

plugin.count("outages", "times that somebody was away", of="outages")
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

plugin.option("--away-for", above=0, most=600, type=float, default=3.0, help="Seconds that somebody is away, about.")
plugin.option("--away-every", above=0, type=float, default=10.0, help="Seconds between two absences, about.")
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
        member, options = super().actor(generator, identity), self.environment.parsed_options
        generator.one(Outages).plan(member, options.away_every, options.away_for)
        return member


class Teller(people.Teller):
    """Tells members something, whether they are there or not."""
