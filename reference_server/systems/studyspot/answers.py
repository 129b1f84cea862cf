"""How the calls of studyspot are answered, and what they have in common: `{"success": true, "data"}`, ids, the time."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from ...transport.rest import Answer

Clock = Callable[[], datetime]
"""Tells the time, in UTC."""


def done(data: Any, status: int = 200) -> Answer:
    """The call was accepted."""
    return Answer(status, {"success": True, "data": data})


def new_id(kind: str) -> str:
    """An id that nobody has and nobody can guess: `lib_…`."""
    return f"{kind}_{uuid4().hex}"


def utc() -> datetime:
    """The time now."""
    return datetime.now(UTC)
