"""What a swarm measures, by name: the words an objective may use, and what each stands for.

A latency is a distribution of seconds; a count is a number of things, with the count that it is a share of. The name
of an event is a latency, too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from eventproof.catalog import Direction

from .contracts import contracts

LATENCIES: Mapping[str, str] = {
    "connect": "from the wish to connect to the answer of the CONNECT packet, each session",
    "reconnect": "from the loss of a connection to the answer of the CONNECT packet of the next, pauses included",
    "ban_to_answer": "from the ban's intended time to the answer of its call",
    "ban_to_event": "from the ban's intended time to user.banned, each session",
    "ban_to_closed": "from the ban's intended time to the end of the connection, each session",
    "ban_to_logout": "from the ban's intended time to the end of the user's last connection",
    "ban_to_refused": "from the ban's intended time to the first call refused with the old token",
    "tier_to_event": "from the tier update's intended time to user.tier.updated, each session",
    "to_first": "from the intended time of an action to the first who was told of it",
    "to_median": "from the intended time of an action until half of those whom it is for were told",
    "to_last": "from the intended time of an action to the last who was told of it",
    "poll": "from the poll of somebody without a connection to its answer",
    "send_lag": "how late the load generator sent an action",
    "loop_lag": "how late the load generator's event loop ran a timer",
}


@cache
def latencies() -> Mapping[str, str]:
    """Every latency with what it stands for: those of `LATENCIES`, and one for each event that a server sends."""
    of_events = {
        event.name: f"from the intended time of its cause to {event.name}, each session"
        for system in contracts().systems.values()
        for event in system.events
        if event.direction is Direction.SEND
    }
    return {**of_events, **LATENCIES}


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
    "away": Count("events caused for somebody without a connection, to whom they need not be sent later", "away"),
    "acknowledged": Count("events that their recipients acknowledged", "delivered"),
    "duplicate": Count("events received once more than they were caused", "expected"),
    "retried": Count("duplicates that came before their acknowledgement can have arrived", "expected"),
    "explained": Count("duplicates that a retry or a new connection explains", "duplicate"),
    "unexplained": Count("duplicates that neither a retry nor a new connection explains", "expected"),
    "out_of_order": Count("events received after what a later action on the same subject caused", "expected"),
    "leaked": Count("events received by someone whom they were not for, or after logout", "expected"),
    "invalid": Count("events received with a payload that does not fit the contract", "expected"),
    "unknown": Count("events received under a name that no contract has", "sessions"),
    "violations": Count("connections on which the target broke its protocol", "sessions"),
    "errors": Count("error events that somebody was sent", "sessions"),
    "stragglers": Count("sessions and tokens that outlived their ban", "bans"),
    "dropped": Count("sessions ended by the target without a ban", "sessions"),
    "cut": Count("sessions that we cut between an event and its acknowledgement", "sessions"),
    "conflicts": Count("edits of a version that was not the last any more, and was refused", "actions"),
    "polls": Count("polls of those without a connection", "polls"),
    "stale": Count("polls that showed what had been changed before", "polls"),
    "claims": Count("claims that were submitted", "claims"),
    "paid": Count("claims that were paid", "claims"),
    "denied": Count("claims that were denied", "claims"),
    "unfinished": Count("claims that were neither paid nor denied when the run ended", "claims"),
    "failed": Count("actions that were refused, or whose outcome never became known", "actions"),
    "unanswered": Count("actions without an answer, whose outcome was read afterwards", "actions"),
    "unopened": Count("sessions that could not be opened", "sessions"),
    "gone": Count("sessions that were lost, and could not be opened again", "sessions"),
}
