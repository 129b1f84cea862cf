"""What a receipt says, to tell a repetition from news."""

import json
from typing import Any

from eventproof.history import Record


def content(record: Record) -> tuple[str, str]:
    """The event's name and its data, without the envelope: what is sent again may carry another timestamp."""
    payload: Any = record.payload
    if isinstance(payload, dict) and "data" in payload and payload.get("event") == record.name:
        payload = payload["data"]
    return record.name, whole(payload)


def whole(payload: Any) -> str:
    """A payload as text, the same for equal payloads."""
    return json.dumps(payload, sort_keys=True, default=repr)
