"""Our hub alone, on Socket.IO, a stream or a native WebSocket: what arrives is decoded, and nothing of it checked."""

from typing import Any

import gevent

from eventproof.client.hub import Hub
from eventproof.client.hub_connection import HubConnection

from .measuring import Taken, options, stamp_of, started, told

_WARM = 50


class Everyone:
    """Who hears of all connections."""

    def __init__(self) -> None:
        self.opened_so_far = 0
        self.latencies: list[float] = []

    def opened(self, *_: object) -> None:
        """One is there."""
        self.opened_so_far += 1

    def received(self, _connection: object, event: Any, at: float) -> None:
        """Something came."""
        self.latencies.append(at - stamp_of(event.args[0]))

    def acknowledged(self, *_: object) -> None:
        """Nothing is sent that asks for it."""

    def disconnected(self, *_: object) -> None:
        """The end follows."""

    def closed(self, _connection: object, how: object, _at: float) -> None:
        """None may end."""
        raise SystemExit(f"a connection ended: {how}")


def _open(hub: Hub, everyone: Everyone, wire: str, token: str) -> HubConnection:
    headers = (("Authorization", f"Bearer {token}"),)
    match wire:
        case "sse":
            return hub.stream(everyone, "/stream", name_at="/type", headers=headers)
        case "websocket":
            return hub.websocket(everyone, "/ws", name_at="/type", headers=headers)
    return hub.open(everyone, {"token": token})


def main() -> None:
    """Measure, and print it."""
    asked = options()
    hub, everyone = Hub(asked.url), Everyone()

    def come_in(tokens: list[str]) -> None:
        wanted = everyone.opened_so_far + len(tokens)
        for token in tokens:
            _open(hub, everyone, asked.wire, token)
        while everyone.opened_so_far < wanted:
            gevent.sleep(0.01)

    come_in([f"warm-{number}" for number in range(_WARM)])
    taken = Taken()
    come_in([f"crowd-{number}" for number in range(asked.users)])
    connected = taken.processor, taken.memory
    taken, pour = Taken(), started(asked)
    rate = gevent.get_hub().threadpool.spawn(pour.run).get()
    while len(everyone.latencies) < pour.messages:
        gevent.sleep(0.01)
    told(asked, connected, taken.processor, rate, everyone.latencies)


if __name__ == "__main__":
    main()
