"""What a client costs, measured in its own process: memory a connection, processor a connect and a message, latency.

The parts are the same for all clients; how they connect, and what they do with a message, is theirs.
"""

import argparse
import gc
import json
import os
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.peers.tap import due_at
from benchmarks.serving.figures import percentile

__all__ = ["GROUP", "MESSAGES", "Measured", "Pour", "Taken", "options", "stamp_of", "started", "told"]

GROUP: Final = 50
"""So many recipients hear of the same change: messages in a row are about one thing."""
_SOON: Final = 1.0
"""Seconds until the first message: so that what it is about can be entered before."""
_TIMESTAMP: Final = "2026-03-14T09:26:53.589Z"
_ORDER: Final = {
    "orderId": "ord_$k",
    "productId": "prd_5b0c81",
    "sellerId": "usr_7f3c9a2e",
    "buyerId": "usr_b41d06c8",
    "quantity": 2,
    "total": 49,
    "status": "pending",
    "trackingNumber": "$at",
    "timestamp": _TIMESTAMP,
}
_PLAN: Final = {
    "type": "UPDATE",
    "planId": "ord_$k",
    "planData": {"id": "pln_5b0c81", "name": "$at", "roi": 2.5, "duration": 90, "minAmount": 500, "maxAmount": 25000},
    "timestamp": 1773480413589,
    "adminEmail": "ada@example.com",
}
MESSAGES: Final = {
    "socket.io": "42" + json.dumps(["order:updated", _ORDER]),
    "websocket": json.dumps({"type": "order_updated", **_ORDER}),
    "sse": f"data: {json.dumps(_PLAN)}\n\n",
}
"""What is poured on each wire: an event of the bundled contracts, of 230 to 250 bytes."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One client in one round."""

    kilobytes: float
    """Resident memory that each connection added."""
    connect: float
    """Processor seconds for 1,000 connects."""
    message: float
    """Processor microseconds for each message."""
    p50: float
    """Milliseconds from the sending of a message to when the client has it."""
    p99: float
    rate: float
    """Messages that the tap sent a second: fewer than asked where it was kept from it."""


@dataclass(frozen=True, slots=True)
class Pour:
    """What is asked of the tap."""

    url: str
    wire: str
    rate: float
    seconds: float
    began: float
    """When its first message is due, on the monotonic clock."""

    @property
    def messages(self) -> int:
        """How many there are."""
        return int(self.rate * self.seconds)

    def due(self, number: int) -> float:
        """When a message is due."""
        return due_at(self.began, number, self.rate)

    def run(self) -> float:
        """Have it poured; returns when all is sent, with how many messages a second that were."""
        address = f"{self.url}/pour?rate={self.rate}&seconds={self.seconds}&group={GROUP}&from={self.began}"
        request = urllib.request.Request(address, data=MESSAGES[self.wire].encode(), method="POST")  # noqa: S310 - ours
        with urllib.request.urlopen(request, timeout=self.seconds + 60) as answer:  # noqa: S310 - our own server
            said = json.load(answer)
        assert said["sent"] == self.messages  # noqa: S101 - else nothing was measured
        return float(said["rate"])


class Taken:
    """What the process took since this was made."""

    def __init__(self) -> None:
        gc.collect()
        self._memory, self._processor = _memory(), time.process_time()

    @property
    def processor(self) -> float:
        """Seconds."""
        return time.process_time() - self._processor

    @property
    def memory(self) -> float:
        """Bytes."""
        gc.collect()
        return _memory() - self._memory


def _memory() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def stamp_of(payload: Any) -> float:
    """When a message that was poured was sent."""
    return float(payload["trackingNumber"] if "trackingNumber" in payload else payload["planData"]["name"])


def options() -> argparse.Namespace:
    """What every client is told."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--wire", default="socket.io", choices=MESSAGES)
    parser.add_argument("--users", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    return parser.parse_args()


def started(asked: argparse.Namespace) -> Pour:
    """A pour that begins soon."""
    return Pour(asked.url, asked.wire, asked.rate, asked.seconds, time.monotonic() + _SOON)


def told(
    asked: argparse.Namespace, connected: tuple[float, float], pouring: float, rate: float, latencies: Sequence[float]
) -> None:
    """Print what was measured: `connected` is the processor and the memory of connecting, `pouring` the processor of
    all messages, in seconds and bytes; `rate` what the tap sent a second.
    """
    processor, memory = connected
    measured = Measured(
        kilobytes=memory / asked.users / 1024,
        connect=processor * 1000 / asked.users,
        message=pouring * 1e6 / len(latencies),
        p50=percentile(latencies, 0.5) * 1e3,
        p99=percentile(latencies, 0.99) * 1e3,
        rate=rate,
    )
    print(json.dumps(asdict(measured)))
