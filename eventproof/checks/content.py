"""Payloads as texts, to tell a repetition from news."""

import json
from typing import Any

from eventproof.catalog import Event


def content(event: Event, payload: Any) -> tuple[str, str]:
    """The event's name and what it says, without the envelope of its channel."""
    return event.name, whole(event.content(payload))


def whole(payload: Any) -> str:
    """A payload as text, the same for equal payloads."""
    return json.dumps(payload, sort_keys=True, default=repr)
