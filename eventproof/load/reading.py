"""What a payload says of itself: what it is about, and which of several events about that it is.

Shield's events name their claim where the contract's `x-order-by` says, and the status that a claim has reached under
`newStatus`. What names no subject is known by all that it says.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import orjson

from eventproof import actions
from eventproof.catalog import Event

__all__ = ["Reading", "read", "tells_status"]

_STATUS = "/data/newStatus"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a ledger wants to know of a payload."""

    subject: Hashable = None
    key: Hashable = None
    mark: Hashable = None


def read(event: Event, payload: Any) -> Reading:
    """What this payload of an event says; whatever it is, and whether or not it fits the contract."""
    subject = None if event.order_by is None else actions.at(payload, event.order_by)
    if not isinstance(subject, str | int):
        return Reading(mark=orjson.dumps(payload))
    status = actions.at(payload, _STATUS) if tells_status(event) else None
    return Reading(subject, status if isinstance(status, str) else None)


def tells_status(event: Event) -> bool:
    """Whether its payloads say which status their subject has reached."""
    return "newStatus" in event.schema.get("properties", {}).get("data", {}).get("properties", {})
