"""The contracts, loaded: folders of documents in, frozen values out, validators compiled once.

`load()` reads them; `Catalog` finds things in what was read. A message is found by (channel, direction, event name),
never by trying schemas in turn.
"""

from .channel import Channel, Heartbeat, Opening, Wire
from .effects import Cause, Effect, effects
from .event import Ack, AckLevel, Counterexample, Direction, Event, Retry
from .loading import load
from .model import Catalog, ErrorCode, Requirement, System
from .operation import ADMIN, ANYONE, CALLER, USER, Ends, OfSession, Operation, Undoing
from .placeholders import filled
from .schema import Problem

__all__ = [
    "ADMIN",
    "ANYONE",
    "CALLER",
    "USER",
    "Ack",
    "AckLevel",
    "Catalog",
    "Cause",
    "Channel",
    "Counterexample",
    "Direction",
    "Effect",
    "Ends",
    "ErrorCode",
    "Event",
    "Heartbeat",
    "OfSession",
    "Opening",
    "Operation",
    "Problem",
    "Requirement",
    "Retry",
    "System",
    "Undoing",
    "Wire",
    "effects",
    "filled",
    "load",
]
