"""The Socket.IO client against python-socketio and the official server, on each transport."""

import json
import time
from typing import Any

import pytest

from eventproof.client.aio import (
    By,
    ConnectionRefused,
    Ending,
    NotClosed,
    NotReceived,
    NotSent,
    Received,
    SocketIOClient,
    TransportChoice,
)
from eventproof.errors import ProtocolViolation, UsageError
from eventproof.history import History, Kind
from eventproof.redaction import redacted

_TOKEN = "a-token-worth-hiding"  # as below, thrown away


@pytest.fixture(params=["websocket", "polling", "upgrade"])
def transport(request: pytest.FixtureRequest) -> TransportChoice:
    choice: TransportChoice = request.param
    return choice


async def test_a_namespace_is_joined_with_the_payload_of_connect(servers: Any, transport: TransportChoice) -> None:
    async with SocketIOClient(servers.url, transport=transport, namespace="/me", auth={"token": _TOKEN}) as client:
        assert client.is_open
        assert client.sid
        assert client.session is not None
        assert client.session.ping_interval == 25
        assert await client.call("whoami", timeout=5) == ({"token": _TOKEN},)


async def test_arguments_and_bytes_come_back_as_they_went(servers: Any, transport: TransportChoice) -> None:
    sent = (1, "ü\x1e\u2028😀", {"deep": [b"\x00\xff", {"x": b""}]}, None, True, 1.5)
    async with SocketIOClient(servers.url, transport=transport) as client:
        assert await client.call("echo", *sent, timeout=5) == sent
        assert (await client.expect("echoed", 5)).args == sent


async def test_the_server_gets_the_acknowledgement_it_asked_for(servers: Any, transport: TransportChoice) -> None:
    asked: list[Received] = []

    def answer(received: Received) -> list[Any]:
        asked.append(received)
        return [{"read": received.args[0]["x"] + b"\x02"}]

    async with SocketIOClient(servers.url, transport=transport, auto_ack=answer) as client:
        await client.emit("ask")
        assert (await client.expect("answer", 5)).args == ({"read": b"\x00\x01\x02"},)
    assert [received.args for received in asked] == [({"x": b"\x00\x01"},)]


async def test_an_acknowledgement_can_be_held_back_and_given_later(servers: Any) -> None:
    async with SocketIOClient(servers.url) as client:
        await client.emit("ask")
        question = await client.expect("question", 5)
        await client.call("echo", timeout=5)
        assert "answer" not in [event.name for event in client.received]
        await client.ack(question, "late")
        assert (await client.expect("answer", 5)).args == ("late",)


async def test_events_keep_their_order(servers: Any, transport: TransportChoice) -> None:
    async with SocketIOClient(servers.url, transport=transport) as client:
        await client.emit("burst", 0, 200)
        numbers = [(await client.expect("number", 5)).payload for _ in range(200)]
    assert numbers == list(range(200))
    orders = [event.order for event in client.received]
    assert orders == sorted(set(orders))


async def test_what_is_emitted_around_an_upgrade_arrives_once_and_in_order(servers: Any) -> None:
    async with SocketIOClient(servers.url, transport="polling") as client:
        await client.emit("burst", 0, 50)
        await client.upgrade()
        await client.emit("burst", 50, 100)
        for _ in range(100):
            await client.expect("number", 5)
        await client.call("echo", timeout=5)
    numbers = [event.payload for event in client.received if event.name == "number"]
    assert [number for number in numbers if number < 50] == [*range(50)]
    assert [number for number in numbers if number >= 50] == [*range(50, 100)]


async def test_a_refusal_carries_what_the_server_said(servers: Any, transport: TransportChoice) -> None:
    history = History(time.monotonic)
    client = SocketIOClient(servers.url, transport=transport, auth={"token": "refuse-this-token"}, history=history)
    with pytest.raises(ConnectionRefused, match="this token is refused") as refused:
        await client.open()
    assert refused.value.data == {"message": "this token is refused", "data": {"code": "token_invalid"}}
    assert not client.is_open
    assert client.received == ()
    kinds = [record.kind for record in history]
    assert kinds.count(Kind.REFUSED) == 1
    assert Kind.OPENED not in kinds


async def test_an_unknown_namespace_is_refused(servers: Any) -> None:
    with pytest.raises(ConnectionRefused):
        await SocketIOClient(servers.url, namespace="/nowhere").open()


async def test_a_server_that_only_disconnects_leaves_the_transport_open(
    servers: Any, transport: TransportChoice
) -> None:
    async with SocketIOClient(servers.url, transport=transport, namespace="/me") as client:
        await client.emit("leave-me")
        left = await client.disconnected(5)
        assert (left.by, left.ending) == (By.PEER, Ending.DISCONNECT)
        assert not client.is_open
        with pytest.raises(NotClosed, match="not closed"):
            await client.closed(0.05)


async def test_a_namespace_can_be_joined_again_on_the_old_transport(servers: Any) -> None:
    async with SocketIOClient(servers.url, auth={"token": _TOKEN}, namespace="/me") as client:
        first = client.sid
        await client.emit("leave-me")
        await client.disconnected(5)
        with pytest.raises(ConnectionRefused, match="this token is refused"):
            await client.join({"token": "refuse-this-token"})
        await client.join({"token": _TOKEN})
        assert client.is_open
        assert client.sid != first


async def test_the_last_event_comes_before_the_close_it_explains(servers: Any, transport: TransportChoice) -> None:
    history = History(time.monotonic)
    async with SocketIOClient(servers.url, transport=transport, history=history) as client:
        await client.emit("goodbye")
        farewell = await client.expect("farewell", 5)
        closed = await client.closed(5)
    assert closed.by is By.PEER
    assert closed.disconnected_at is None or farewell.at <= closed.disconnected_at <= closed.at
    assert farewell.order < closed.order
    kinds = [record.kind for record in history]
    assert kinds[farewell.order] is Kind.RECEIVED
    assert kinds[closed.order] is Kind.CLOSED


@pytest.mark.parametrize("choice", ["websocket", "polling"])
async def test_a_client_that_withholds_heartbeats_is_disconnected_and_its_twin_stays(
    servers: Any, choice: TransportChoice
) -> None:
    async with (
        SocketIOClient(servers.brisk, transport=choice) as client,
        SocketIOClient(servers.brisk, transport=choice) as twin,
    ):
        client.answer_heartbeats = False
        assert (await client.closed(6)).by is By.PEER
        assert await twin.call("echo", "here", timeout=5) == ("here",)


async def test_a_close_of_ours_is_told_as_ours(servers: Any, transport: TransportChoice) -> None:
    client = SocketIOClient(servers.url, transport=transport)
    await client.open()
    await client.close()
    await client.close()
    assert (await client.closed(0)).by is By.US
    assert not client.is_open


async def test_a_dropped_connection_is_told_as_ours(servers: Any, transport: TransportChoice) -> None:
    async with SocketIOClient(servers.url, transport=transport) as client:
        client.drop()
        assert (await client.closed(1)).by is By.US


async def test_a_malformed_frame_can_be_sent(node_servers: Any) -> None:
    async with SocketIOClient(node_servers.url) as client:
        await client.send_frame("9 is no packet type")
        assert (await client.closed(5)).by is By.PEER


async def test_broken_framing_can_be_sent(servers: Any) -> None:
    async with SocketIOClient(servers.url) as client:
        await client.send_bytes(b"\xf1\x80\x00\x00\x00\x00")
        assert (await client.closed(5)).by is By.PEER


async def test_an_event_that_does_not_come_is_missed_with_what_came_instead(servers: Any) -> None:
    async with SocketIOClient(servers.url) as client:
        await client.call("echo", timeout=5)
        with pytest.raises(NotReceived, match=r"user\.banned did not arrive") as missed:
            await client.expect("user.banned", 0.05)
        assert missed.value.observed == "echoed"


async def test_an_event_that_is_never_acknowledged_is_missed(node_servers: Any) -> None:
    async with SocketIOClient(node_servers.url) as client:
        with pytest.raises(NotReceived, match="nobody_listens was not acknowledged"):
            await client.call("nobody_listens", timeout=0.2)


async def test_waiting_ends_with_the_connection(servers: Any) -> None:
    async with SocketIOClient(servers.url) as client:
        await client.emit("goodbye")
        with pytest.raises(NotReceived, match="the connection ended first"):
            await client.expect("user.banned", 30)
        with pytest.raises(NotSent, match="the connection ended first"):
            await client.call("echo", timeout=30)


async def test_no_secret_leaves_with_the_history(servers: Any, transport: TransportChoice) -> None:
    history = History(time.monotonic)
    async with SocketIOClient(
        servers.url,
        transport=transport,
        auth={"token": f"Bearer {_TOKEN}"},
        headers=[("Authorization", "Bearer another-hidden-token")],
        history=history,
        actor="user-1",
        connection="phone",
    ) as client:
        await client.call("whoami", timeout=5)
        await client.call("echo", _TOKEN, "another-hidden-token", timeout=5)
        assert (await client.expect("echoed", 5)).args == (_TOKEN, "another-hidden-token")
    written = json.dumps(redacted(list(history)))
    assert _TOKEN not in written
    assert "another-hidden-token" not in written
    assert "[redacted]" in written
    assert {(record.actor, record.connection, record.channel) for record in history} == {("user-1", "phone", "/")}


async def test_every_frame_is_in_the_history(servers: Any) -> None:
    history = History(time.monotonic)
    async with SocketIOClient(servers.url, history=history) as client:
        await client.call("echo", b"\x01", timeout=5)
    frames = [(record.kind, record.payload) for record in history if record.kind in (Kind.FRAME_IN, Kind.FRAME_OUT)]
    assert (Kind.FRAME_OUT, "40") in frames
    assert [record.name for record in history if record.kind in (Kind.SENT, Kind.ACKED)] == ["echo", "echo"]
    assert [record.kind for record in history if record.kind in (Kind.OPENED, Kind.SENT, Kind.CLOSED)] == [
        Kind.OPENED,
        Kind.SENT,
        Kind.CLOSED,
    ]
    assert (Kind.FRAME_OUT, '451-0["echo",{"_placeholder":true,"num":0}]') in frames
    assert frames.count((Kind.FRAME_IN, "<1 bytes: 01>")) == 2
    assert frames[-3:] == [(Kind.FRAME_OUT, "1"), (Kind.FRAME_OUT, "[CLOSE 1000]"), frames[-1]]


async def test_a_client_keeps_a_bounded_number_of_events(servers: Any) -> None:
    async with SocketIOClient(servers.url, max_events=10) as client:
        await client.emit("burst", 0, 50)
        closed = await client.closed(5)
    assert (closed.by, closed.ending) == (By.US, Ending.OVERFLOW)
    assert len(client.received) == 10


async def test_a_client_is_told_what_arrives_as_it_arrives(servers: Any) -> None:
    heard: list[str] = []
    async with SocketIOClient(servers.url, on_event=lambda received: heard.append(received.name)) as client:
        await client.call("echo", timeout=5)
        assert heard == ["echoed"]


async def test_an_event_can_be_awaited_by_what_is_in_it(servers: Any) -> None:
    async with SocketIOClient(servers.url) as client:
        await client.emit("burst", 0, 5)
        assert (await client.expect("number", 5, lambda event: event.payload == 3)).payload == 3
        assert [(await client.expect("number", 5)).payload for _ in range(4)] == [0, 1, 2, 4]
        with pytest.raises(NotReceived, match="number did not arrive"):
            await client.expect("number", 0.05, lambda event: event.payload == 3)


async def test_a_client_can_answer_events_with_events_of_its_own(servers: Any, transport: TransportChoice) -> None:
    history = History(time.monotonic)

    def answer(received: Received) -> tuple[str, list[Any]] | None:
        return ("tell", [received.payload, "thanks"]) if received.name == "number" else None

    async with SocketIOClient(servers.url, transport=transport, auto_answer=answer, history=history) as client:
        await client.emit("burst", 0, 2)
        assert [(await client.expect("told", 5)).args for _ in range(2)] == [(0, "thanks"), (1, "thanks")]
    sent = [(record.name, record.payload) for record in history if record.kind is Kind.SENT]
    assert sent == [("burst", [0, 2]), ("tell", [0, "thanks"]), ("tell", [1, "thanks"])]


@pytest.mark.parametrize("choice", ["websocket", "polling"])
async def test_heartbeats_can_be_awaited_and_have_their_times(servers: Any, choice: TransportChoice) -> None:
    async with SocketIOClient(servers.brisk, transport=choice) as client:
        first, second = await client.heartbeat(5), await client.heartbeat(5)
        assert client.heartbeats == (first, second)
        assert 0.5 < second - first < 3


async def test_a_heartbeat_that_does_not_come_is_missed(servers: Any) -> None:
    async with SocketIOClient(servers.url) as client:
        with pytest.raises(NotReceived, match="No heartbeat came"):
            await client.heartbeat(0.05)


async def test_how_a_connection_ended_can_be_read_afterwards(servers: Any) -> None:
    async with SocketIOClient(servers.url) as client:
        assert client.ended is None
        await client.emit("goodbye")
        assert await client.closed(5) is client.ended


async def test_a_client_opens_once(servers: Any) -> None:
    async with SocketIOClient(servers.url) as client:
        with pytest.raises(UsageError, match="opens once"):
            await client.open()


async def test_only_polling_can_be_upgraded(servers: Any) -> None:
    async with SocketIOClient(servers.url) as client:
        with pytest.raises(UsageError, match="upgraded"):
            await client.upgrade()
        assert not isinstance(client.violation, ProtocolViolation)
