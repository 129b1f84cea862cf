"""What a swarm measures, by name: the words an objective may use, and what each stands for.

A latency is a distribution of seconds; a count is a number of things, with the count that it is a share of. The name
of an event is a latency, too, and a scenario enters its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from eventproof.catalog import Catalog, Direction

from .contracts import contracts

_STEP: Final = "step "
COMMON_LATENCIES: Final[Mapping[str, str]] = {
    "connect": "from the wish to connect to the answer of the CONNECT packet, each session",
    "reconnect": "from a lost connection, or the end of an absence, to the answer of the next CONNECT, pauses included",
    "join": "from a request for a room to its acknowledgement",
    "send_lag": "how late the load generator sent an action",
    "loop_lag": "how late the load generator's event loop ran a timer",
}
"""Those of every scenario."""
LATENCIES: dict[str, str] = dict(COMMON_LATENCIES)
"""And those that the scenarios of this process have entered."""


def latencies() -> Mapping[str, str]:
    """Every latency with what it stands for: those of `LATENCIES`, and one for each event that a server sends."""
    return {**_of_events(contracts()), **LATENCIES}


def scoped(metric: str, scope: str) -> str:
    """The name under which a metric of one system, or of one step, is kept."""
    return f"{metric}[{scope}]" if scope else metric


def of_step(name: str) -> str:
    """The scope of a step."""
    return _STEP + name


def is_of_step(scope: str) -> bool:
    """Whether a scope is a step: it has a name."""
    return scope.startswith(_STEP) and scope != _STEP


def systems_of(event: str) -> tuple[str, ...]:
    """The systems whose servers send an event of this name; none where it is no event."""
    return _senders(contracts()).get(event, ())


def events() -> tuple[str, ...]:
    """The names of all events that a server sends."""
    return tuple(_senders(contracts()))


@lru_cache(maxsize=1)
def _of_events(known: Catalog) -> Mapping[str, str]:
    return {event: f"from the intended time of its cause to {event}, each session" for event in _senders(known)}


@lru_cache(maxsize=1)
def _senders(known: Catalog) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, system in known.systems.items():
        for event in dict.fromkeys(event.name for event in system.events if event.direction is Direction.SEND):
            found[event] = (*found.get(event, ()), name)
    return found


@dataclass(frozen=True, slots=True)
class Count:
    """What a count counts, and the name of the count of all that could have been counted."""

    what: str
    of: str


COMMON_COUNTS: Final[Mapping[str, Count]] = {
    "sessions": Count("sessions opened", "sessions"),
    "actions": Count("actions of those who act", "actions"),
    "expected": Count("events that recipients were to receive", "expected"),
    "delivered": Count("those received in time", "expected"),
    "lost": Count("those not received in time", "expected"),
    "late": Count("those received after their time was over; they are among the lost", "expected"),
    "caused": Count("events caused for anybody, also without a connection", "caused"),
    "away": Count("events caused for somebody without a connection, to whom they need not be sent later", "caused"),
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
    "dropped": Count("sessions ended by the target that nothing was to end", "sessions"),
    "cut": Count("connections that we cut, as one that is lost", "sessions"),
    "failed": Count("actions that were refused, or whose outcome never became known", "actions"),
    "unanswered": Count("actions without an answer, whose outcome was read afterwards", "actions"),
    "unopened": Count("sessions that could not be opened", "sessions"),
    "unjoined": Count("requests for rooms that were refused, or not answered in time", "sessions"),
    "memory": Count("kB of memory that the target held at the beginning, by its own gauge", "memory"),
    "memory_most": Count("kB that it held at most", "memory_most"),
    "memory_grown": Count("kB that it held more at the end", "memory"),
    "gauges": Count("gauges of the target that were read before the run", "gauges"),
    "left_behind": Count("those that did not return to what they were when everybody had left", "gauges"),
    "gone": Count("sessions that were lost, and could not be opened again", "sessions"),
}
"""Those of every scenario."""
COUNTS: dict[str, Count] = dict(COMMON_COUNTS)
"""And those that the scenarios of this process have entered."""
