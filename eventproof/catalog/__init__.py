"""The contracts, loaded: folders of documents in, frozen values out, validators compiled once.

`load()` reads them; `Catalog` finds things in what was read. A message is found by (channel, direction, event name),
never by trying schemas in turn.
"""

from .audience import EVERYONE, Audience, Untold, is_of_role, of_role, of_user, rooms_of, told
from .channel import Channel, ClientLimits, Heartbeat, Opening, Wire
from .effects import Cause, Effect, effects
from .event import Ack, AckLevel, Counterexample, Direction, Event, Retry
from .guide import Guide
from .loading import load, pack, packs
from .model import Catalog, ErrorCode, Requirement, System
from .operation import ADMIN, ANYONE, CALLER, USER, Ends, OfSession, Operation, Undoing
from .placeholders import filled
from .schema import Problem
from .states import States

__all__ = [
    "ADMIN",
    "ANYONE",
    "CALLER",
    "EVERYONE",
    "USER",
    "Ack",
    "AckLevel",
    "Audience",
    "Catalog",
    "Cause",
    "Channel",
    "ClientLimits",
    "Counterexample",
    "Direction",
    "Effect",
    "Ends",
    "ErrorCode",
    "Event",
    "Guide",
    "Heartbeat",
    "OfSession",
    "Opening",
    "Operation",
    "Problem",
    "Requirement",
    "Retry",
    "States",
    "System",
    "Undoing",
    "Untold",
    "Wire",
    "effects",
    "filled",
    "is_of_role",
    "load",
    "of_role",
    "of_user",
    "pack",
    "packs",
    "rooms_of",
    "told",
]
