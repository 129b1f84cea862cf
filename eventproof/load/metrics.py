"""What a swarm measures, by name: the words an objective may use, and what each stands for.

A latency is a distribution of seconds; a count is a number of things, with the count that it is a share of.
"""

from collections.abc import Mapping
from dataclasses import dataclass

LATENCIES: Mapping[str, str] = {
    "connect": "from the wish to connect to the answer of the CONNECT packet, each session",
    "ban_to_answer": "from the ban's intended time to the answer of its call",
    "ban_to_event": "from the ban's intended time to user.banned, each session",
    "ban_to_closed": "from the ban's intended time to the end of the connection, each session",
    "ban_to_logout": "from the ban's intended time to the end of the user's last connection",
    "ban_to_refused": "from the ban's intended time to the first call refused with the old token",
    "tier_to_event": "from the tier update's intended time to user.tier.updated, each session",
    "send_lag": "how late the load generator sent an action",
    "loop_lag": "how late the load generator's event loop ran a timer",
}


@dataclass(frozen=True, slots=True)
class Count:
    """What a count counts, and the name of the count of all that could have been counted."""

    what: str
    of: str


COUNTS: Mapping[str, Count] = {
    "sessions": Count("sessions opened", "sessions"),
    "bans": Count("bans that were answered", "bans"),
    "actions": Count("actions of admins", "actions"),
    "expected": Count("events that recipients were to receive", "expected"),
    "delivered": Count("those received in time", "expected"),
    "lost": Count("those not received in time", "expected"),
    "late": Count("those received after their time was over; they are among the lost", "expected"),
    "duplicate": Count("events received once more than they were caused", "expected"),
    "unexplained": Count("duplicates that no retry explains", "expected"),
    "reordered": Count("events received after a later one", "expected"),
    "leaked": Count("events received by someone whom they were not for, or after logout", "expected"),
    "stragglers": Count("sessions and tokens that outlived their ban", "bans"),
    "dropped": Count("sessions ended by the target without a ban", "sessions"),
    "failed": Count("actions that were refused or not answered", "actions"),
    "unopened": Count("sessions that could not be opened", "sessions"),
}
