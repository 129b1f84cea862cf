"""The stream of plans: who hears what, how it greets, and that it can be taken up where it was."""

import re
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from ...delivery.connections import Connection
from ...delivery.options import ChannelOptions
from ...refusals import Refusal

SYSTEM: Final = "plan-sync"
SUBSCRIBERS: Final = "plan-subscribers"
"""The room of every stream, whatever it carries."""
_PLANS: Final = "plans"
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


def room_of(plan_id: str) -> str:
    """The room of what concerns one plan; it lies in that of all plans."""
    return f"{_PLANS}/{plan_id}"


def options(clock: Callable[[], float] = time.time) -> dict[str, ChannelOptions]:
    """How plan-sync uses its streams, by the names of their channels; `clock` gives seconds of Unix time."""

    def greeting(_: Connection) -> dict[str, Any]:
        return {"type": "CONNECTED", "timestamp": milliseconds(clock())}

    def of_all(_: Mapping[str, str]) -> tuple[str, ...]:
        return SUBSCRIBERS, _PLANS

    def of_one(asked: Mapping[str, str]) -> tuple[str, ...]:
        if not _ID.fullmatch(asked["planId"]):
            raise Refusal("plan_not_found")
        return SUBSCRIBERS, room_of(asked["planId"])

    return {
        name: ChannelOptions(greeting=greeting, rooms=rooms, resumes=True)
        for name, rooms in (("plans", of_all), ("plan", of_one))
    }


def milliseconds(seconds: float) -> int:
    """A time, as the events of plan-sync have it."""
    return int(seconds * 1000)
