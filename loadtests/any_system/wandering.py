"""Who is away now and then: how often, and for how long."""

from typing import Any

from eventproof.load import plugin
from eventproof.load.actor import Actor
from eventproof.load.outages import Outages

__all__ = ["away_at_times"]

plugin.count("outages", "times that somebody was away", of="outages")
plugin.option("--away-for", above=0, most=600, type=float, default=3.0, help="Seconds that somebody is away, about.")
plugin.option("--away-every", above=0, type=float, default=10.0, help="Seconds between two absences, about.")


def away_at_times(member: Actor, options: Any) -> Actor:
    """Somebody whose absences are planned as the options say."""
    member.generator.one(Outages).plan(member, options.away_every, options.away_for)
    return member
