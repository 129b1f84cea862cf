"""python-socketio's asyncio client, as it comes."""

import asyncio
from time import monotonic
from typing import Any

import socketio

from .measuring import Taken, options, stamp_of, started, told

_WARM, _AT_ONCE = 50, 64


async def _main() -> None:
    asked = options()
    latencies: list[float] = []
    clients: list[Any] = []

    def received(data: dict[str, Any]) -> None:
        latencies.append(monotonic() - stamp_of(data))

    async def come_in(tokens: list[str]) -> None:
        for start in range(0, len(tokens), _AT_ONCE):
            fresh = [socketio.AsyncClient(reconnection=False) for _ in tokens[start : start + _AT_ONCE]]
            for client in fresh:
                client.on("order:updated", received)
            await asyncio.gather(
                *(
                    client.connect(asked.url, auth={"token": token}, transports=["websocket"])
                    for client, token in zip(fresh, tokens[start:], strict=False)
                )
            )
            clients.extend(fresh)

    await come_in([f"warm-{number}" for number in range(_WARM)])
    taken = Taken()
    await come_in([f"crowd-{number}" for number in range(asked.users)])
    connected = taken.processor, taken.memory
    taken, pour = Taken(), started(asked)
    rate = await asyncio.to_thread(pour.run)
    while len(latencies) < pour.messages:  # noqa: ASYNC110 - an event would be one more thing a message
        await asyncio.sleep(0.01)
    told(asked, connected, taken.processor, rate, latencies)
    for client in clients:
        await client.eio.http.close()


if __name__ == "__main__":
    asyncio.run(_main())
