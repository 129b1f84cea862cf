"""The contracts, loaded: folders of documents in, frozen values out, validators compiled once.

`load()` reads them; `Catalog` finds things in what was read. A message is found by (channel, direction, event name),
never by trying schemas in turn.
"""

from .effects import Cause, Effect, effects
from .loading import load
from .model import (
    ADMIN,
    ANYONE,
    CALLER,
    USER,
    Ack,
    AckLevel,
    Catalog,
    Channel,
    Counterexample,
    Direction,
    Ends,
    ErrorCode,
    Event,
    Heartbeat,
    OfSession,
    Opening,
    Operation,
    Requirement,
    Retry,
    System,
    Undoing,
    Wire,
    filled,
)
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
