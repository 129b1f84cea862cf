"""The stream of plans: who hears what, how it greets, and that it can be taken up where it was."""

import re
import time
from collections.abc import Callable, Mapping
from typing import Final

from ...delivery.connections import Connection
from ...delivery.manners import Manners, Said
from ...refusals import Refusal

SUBSCRIBERS: Final = "plan-subscribers"
"""The room of every stream, whatever it carries."""
_PLANS: Final = "plans"
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


def room_of(plan_id: str) -> str:
    """The room of what concerns one plan; it lies in that of all plans."""
    return f"{_PLANS}/{plan_id}"


def rooms(query: Mapping[str, str]) -> tuple[str, ...]:
    """A stream's rooms: of all plans, or of the one that `?planId=` names. Raises Refusal."""
    plan_id = query.get("planId")
    if plan_id is not None and not _ID.fullmatch(plan_id):
        raise Refusal("plan_not_found")
    return SUBSCRIBERS, _PLANS if plan_id is None else room_of(plan_id)


def manners(clock: Callable[[], float] = time.time) -> Manners:
    """How the channel `plans` behaves; `clock` gives seconds of Unix time."""

    def greeting(_: Connection) -> Said:
        return "CONNECTED", {"type": "CONNECTED", "timestamp": milliseconds(clock())}

    return Manners(greets=greeting, rooms=rooms, resumes=True)


def milliseconds(seconds: float) -> int:
    """A time, as the events of plan-sync have it."""
    return int(seconds * 1000)
