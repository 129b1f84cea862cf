"""Connection state recovery of the official server: offsets are no arguments, and what was missed is there again."""

import asyncio
from typing import Any

from eventproof.client.aio import SocketIOClient
from eventproof.client.hub import Hub
from eventproof.wire.connection import Recovery
from tests.client.hub_peer import Heard, beside


async def _cut(client: SocketIOClient) -> Recovery:
    client.drop()
    await client.closed(5)
    assert client.recovery is not None
    return client.recovery


async def test_an_offset_is_no_argument_of_an_event(node_servers: Any) -> None:
    async with SocketIOClient(node_servers.recovering) as client:
        for args in (({"a": 1},), (), ("a text",), (1, "two", {"three": 3}), (b"bytes",)):
            await client.emit("tell", *args)
            assert (await client.expect("told", 5)).args == args
            assert client.recovery is not None
            assert client.recovery.offset
        await client.emit("tell-volatile", {"v": 1})
        assert (await client.expect("told", 5)).args == ({"v": 1},)
        assert await client.call("echo", {"a": 1}, timeout=5) == ({"a": 1},)
        assert (await client.expect("echoed", 5)).payload == {"a": 1}


async def test_what_was_missed_arrives_on_the_connection_that_goes_on(node_servers: Any) -> None:
    async with SocketIOClient(node_servers.recovering) as other:
        client = SocketIOClient(node_servers.recovering)
        await client.open()
        await client.call("join-room", "r", timeout=5)
        await client.emit("tell", 0)
        await client.expect("told", 5)
        recovery = await _cut(client)
        for number in (1, 2):
            await other.emit("tell-room", "r", number)
        await other.call("echo", timeout=5)
        async with SocketIOClient(node_servers.recovering, recover=recovery) as again:
            assert [(await again.expect("told", 5)).args for _ in range(2)] == [(1,), (2,)]
            assert (again.recovered, again.sid) == (True, client.sid)
            assert again.recovery is not None
            assert again.recovery.offset != recovery.offset


async def test_a_connection_that_cannot_go_on_begins_anew(node_servers: Any) -> None:
    async with SocketIOClient(node_servers.recovering, recover=Recovery("unknown", "unknown")) as client:
        assert not client.recovered
        assert client.recovery is not None
        assert client.recovery.pid != "unknown"


async def test_a_server_without_recovery_takes_no_notice(servers: Any) -> None:
    async with SocketIOClient(servers.url, recover=Recovery("p", "o")) as client:
        assert not client.recovered
        assert client.recovery is None
        await client.emit("tell", {"a": 1}, "a text behind it")
        assert (await client.expect("told", 5)).args == ({"a": 1}, "a text behind it")


async def test_the_hub_agrees(node_servers: Any) -> None:
    def work(hub: Hub, heard: Heard) -> None:
        connection = hub.open(heard)
        assert heard.next()[0] == "opened"
        connection.emit("join-room", "r2", ack_id=1)
        assert heard.next()[0] == "acknowledged"
        connection.emit("tell", {"a": 1})
        assert heard.next() == ("received", "told", ({"a": 1},))
        connection.drop()
        assert heard.next()[0] == "closed"
        other = hub.open(heard)
        assert heard.next()[0] == "opened"
        other.emit("tell-room", "r2", "missed")
        other.emit("echo", ack_id=2)
        assert {heard.next()[0], heard.next()[0]} == {"received", "acknowledged"}
        hub.open(heard, name="again", recover=connection.recovery)
        assert heard.next() == ("opened", "again")
        assert heard.next() == ("received", "told", ("missed",))

    await asyncio.wait_for(beside(node_servers.recovering, work), 20)
