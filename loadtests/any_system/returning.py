"""How people come back who lost their connections all at once, and what is measured of that."""

from typing import Any

from eventproof.load import plugin
from eventproof.load.actor import Actor

__all__ = ["patiently"]

_AT_ONCE = 0.02
"""Seconds of a pause that is none: a client that is refused does not try again in the same moment."""

plugin.latency("all_back", "from the loss of many connections until the last session is open again, in each process")
plugin.latency("caught_up", "from that loss until nothing is missing of what was caused by the return of the last one")
plugin.count("still_away", "sessions that were not open again in time", of="sessions")
plugin.option("--first-pause", least=0, type=float, default=1.0, help="Seconds before coming back; 0: at once.")
plugin.option("--longest-pause", least=0, type=float, default=5.0, help="The most seconds between two attempts.")
plugin.option("--back-within", above=0, most=600, type=float, default=30.0, help="Seconds until all must be back.")


def patiently(member: Actor, options: Any) -> Actor:
    """Somebody who comes back as the options say."""
    member.first_pause = max(options.first_pause, _AT_ONCE)
    member.longest_pause = max(options.longest_pause if options.first_pause else 0.0, _AT_ONCE)
    return member
