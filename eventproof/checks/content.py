"""What a receipt says, to tell a repetition from news."""

import json
from typing import Any, Protocol


class Told(Protocol):
    """An event as it was received, in a history or by a client."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def payload(self) -> Any:
        """Its argument."""


def content(told: Told) -> tuple[str, str]:
    """The event's name and its data, without the envelope: what is sent again may carry another timestamp."""
    payload = told.payload
    if isinstance(payload, dict) and "data" in payload and payload.get("event") == told.name:
        payload = payload["data"]
    return told.name, whole(payload)


def whole(payload: Any) -> str:
    """A payload as text, the same for equal payloads."""
    return json.dumps(payload, sort_keys=True, default=repr)
