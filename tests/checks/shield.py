"""Records of Shield's events, as its contract's examples have them."""

import json
from typing import Any

from eventproof import catalog, checks
from eventproof.history import Kind, Record

SYSTEM = catalog.load().system("shield")
KNOWN = checks.known_events([SYSTEM])
ROOMS = {
    "user-1": frozenset({"user:1", "role:user", "everyone"}),
    "user-2": frozenset({"user:2", "role:user", "everyone"}),
    "admin-1": frozenset({"user:9", "role:admin", "everyone"}),
}
ADDRESS = SYSTEM.channels[0].address


def called(at: float, actor: str, name: str, **parameters: Any) -> Record:
    return Record(at, Kind.CALLED, actor, name=name, payload=parameters)


def opened(at: float, actor: str, line: str = "a") -> Record:
    return Record(at, Kind.OPENED, actor, f"{actor}/{line}", ADDRESS)


def received(at: float, actor: str, name: str, *, line: str = "a", timestamp: str | None = None, **data: Any) -> Record:
    """An event's example with these fields of its data changed."""
    payload = json.loads(json.dumps(KNOWN[ADDRESS, name].examples[0]))
    if data:
        payload["data"].update(data)
    if timestamp:
        payload["timestamp"] = timestamp
    return Record(at, Kind.RECEIVED, actor, f"{actor}/{line}", ADDRESS, name, payload)


def acknowledged(at: float, receipt: Record) -> Record:
    """The acknowledgement that its recipient sends for a receipt."""
    event = KNOWN[ADDRESS, receipt.name]
    assert event.ack
    answer = event.acknowledgement(receipt.payload)
    return Record(at, Kind.SENT, receipt.actor, receipt.connection, ADDRESS, event.ack.by, answer)
