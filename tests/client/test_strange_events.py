"""Whatever a server puts into an event, it is an event or the server's violation; both clients agree which."""

import asyncio
from typing import Any

import pytest
from aiohttp import web

from eventproof.client.aio import Ending, SocketIOClient
from eventproof.client.hub import Hub
from eventproof.client.hub_connection import ClosureReason
from eventproof.errors import ProtocolViolation
from eventproof.history import History, Kind
from eventproof.report import ndjson
from tests.client.hub_peer import Heard, beside
from tests.report import samples

_EVENTS = {
    "half a pair": (r'42["x","\ud800"]', True),
    "half a pair as a key": (r'42["x",{"\udfff":1}]', True),
    "half a pair as a name": (r'42["\ud800",1]', True),
    "NUL": (r'42["x","\u0000"]', True),
    "a name of NUL": (r'42["\u0000"]', True),
    "twice the same key": ('42["x",{"a":1,"a":2}]', True),
    "98 deep": ('42["x",' + "[" * 98 + "]" * 98 + "]", True),
    "900 deep": ('42["x",' + "[" * 900 + "]" * 900 + "]", False),
    "3,000 deep": ('42["x",' + "[" * 3000 + "]" * 3000 + "]", False),
    "900 deep objects": ('42["x",' + '{"a":' * 900 + "1" + "}" * 900 + "]", False),
    "a number of 4,000 digits": ('42["x",' + "9" * 4000 + "]", True),
    "a number of 5,000 digits": ('42["x",' + "9" * 5000 + "]", False),
    "a number beyond all": ('42["x",1e999]', True),
    "NaN": ('42["x",NaN]', False),
    "Infinity": ('42["x",Infinity]', False),
    "an id of 16 digits": ('429999999999999999["x"]', True),
    "an id of 5,000 digits": ("42" + "9" * 5000 + '["x"]', False),
    "no name": ("42[]", False),
    "nothing": ("42", False),
}


@pytest.mark.parametrize("name", _EVENTS)
async def test_an_event_is_one_or_a_violation(serving: Any, name: str) -> None:
    message, is_event = _EVENTS[name]

    async def handle(request: web.Request) -> web.StreamResponse:
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        await websocket.send_str('0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000}')
        await websocket.receive()
        await websocket.send_str('40{"sid":"a"}')
        await websocket.send_str(message)
        await websocket.send_str('42["after"]')
        await websocket.receive()
        return websocket

    application = web.Application()
    application.router.add_get("/socket.io/", handle)
    history = History(asyncio.get_running_loop().time)

    def work(hub: Hub, heard: Heard) -> Any:
        hub.open(heard)
        assert heard.next()[0] == "opened"
        return heard.next()

    async with serving(application) as url:
        async with SocketIOClient(url, history=history) as client:
            if is_event:
                await client.expect("after", 5)
            else:
                with pytest.raises(ProtocolViolation):
                    await client.expect("after", 5)
                assert (await client.closed(5)).ending is Ending.VIOLATION
            assert len(client.received) == (2 if is_event else 0)
        kind, told, *_ = await beside(url, work)
    assert kind == ("received" if is_event else "closed")
    assert is_event or told.reason is ClosureReason.VIOLATION
    assert ndjson.render(samples.run(), history).encode()
    assert [record for record in history if record.kind is Kind.RECEIVED] or not is_event
