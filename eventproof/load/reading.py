"""What a payload says of itself: what it is about, and which of several events about that it is.

An event names its subject where the contract's `x-order-by` says, else where its `x-correlate` does; and what tells it
from others about that where the scenario says. What names no subject is known by all that it says.
"""

from collections.abc import Hashable
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson

from eventproof import actions
from eventproof.catalog import Event

__all__ = ["Reading", "key_of", "read"]

_LONGEST = 200
"""A text that is longer is known by its digest: what is remembered must stay small whatever is sent."""


class Reading(NamedTuple):
    """What a ledger wants to know of a payload."""

    subject: Hashable = None
    key: Hashable = None
    mark: Hashable = None


def read(event: Event, payload: Any, key_at: str | None = None) -> Reading:
    """What this payload of an event says; whatever it is, and whether or not it fits the contract.

    `key_at` is where its key stands (a JSON pointer). An id is a text, also where it came as a number.
    """
    place = event.order_by or event.correlate
    subject = None if place is None else actions.at(payload, place)
    if not isinstance(subject, str | int):
        return Reading(mark=_mark(payload))
    if isinstance(subject, int):
        subject = str(subject)
    elif len(subject) > _LONGEST:
        subject = blake2b(subject.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    return Reading(subject, None if key_at is None else key_of(actions.at(payload, key_at)))


def key_of(value: Any) -> str | None:
    """What an id tells things apart by, a text or a number; None where it is neither."""
    return str(value)[:_LONGEST] if isinstance(value, str | int) else None


def _mark(payload: Any) -> bytes:
    """The same for the same payload; one for all that have no plain form: nested 255 deep, half a surrogate pair."""
    try:
        plain = orjson.dumps(payload)
    except (TypeError, RecursionError):
        return b"unreadable"
    return plain if len(plain) <= _LONGEST else blake2b(plain, digest_size=16).digest()
