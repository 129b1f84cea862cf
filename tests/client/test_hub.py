"""The hub against two real servers, and against peers that misbehave. gevent runs in a thread of its own."""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from typing import Any

import gevent
import pytest

from eventproof.client.hub import Hub
from eventproof.client.hub_connection import Closure, ClosureReason, HubConnection
from eventproof.errors import TargetUnavailable
from eventproof.wire import websocket
from eventproof.wire.connection import EventReceived
from tests.client.hub_peer import OPEN, TIMEOUT, Heard, Peer, beside, peer_of, with_hub

_OPEN_BRISK = OPEN.replace("25000", "100").replace("20000", "100")


async def test_a_connection_opens_sends_receives_and_is_acknowledged(servers: Any) -> None:
    def work(hub: Hub, heard: Heard) -> None:
        connection = hub.open(heard, {"token": "t"}, name="somebody")
        assert heard.next() == ("opened", "somebody")
        assert connection.is_open
        connection.emit("echo", "hello", {"n": 1}, ack_id=7)
        told = {heard.next()[0]: None, heard.next()[0]: None}
        assert set(told) == {"received", "acknowledged"}
        connection.emit("whoami", ack_id=8)
        assert heard.next() == ("acknowledged", 8, ({"token": "t"},))
        connection.close()
        assert heard.next() == ("closed", Closure(ClosureReason.OURS))
        assert len(hub) == 0

    await beside(servers.url, work)


async def test_events_keep_their_order(servers: Any) -> None:
    def work(hub: Hub, heard: Heard) -> None:
        connection = hub.open(heard)
        heard.next()
        connection.emit("burst", 0, 500)
        assert [heard.next()[2][0] for _ in range(500)] == list(range(500))

    await beside(servers.url, work)


async def test_binary_events_and_questions_of_the_server_pass(servers: Any) -> None:
    def work(hub: Hub, heard: Heard) -> None:
        connection = hub.open(heard)
        heard.next()
        connection.emit("tell", b"\x00\xff")
        assert heard.next() == ("received", "told", (b"\x00\xff",))

    await beside(servers.url, work)


async def test_a_refusal_says_why(servers: Any) -> None:
    def work(hub: Hub, heard: Heard) -> None:
        hub.open(heard, {"token": "refuse-this-token"})
        kind, how = heard.next()
        assert kind == "closed"
        assert how.reason is ClosureReason.REFUSED
        assert "refused" in str(how)

    await beside(servers.url, work)


async def test_heartbeats_are_answered_so_the_connection_stays(servers: Any) -> None:
    def work(hub: Hub, heard: Heard) -> None:
        connection = hub.open(heard)
        heard.next()
        # Its heartbeats are a second apart and may take a second: a silent client would be gone.
        assert not gevent.wait([gevent.spawn(heard.told.peek)], timeout=2.3)
        assert connection.is_open

    await beside(servers.brisk, work)


async def test_a_disconnect_of_the_server_is_told_before_its_close(servers: Any) -> None:
    def work(hub: Hub, heard: Heard) -> None:
        connection = hub.open(heard)
        heard.next()
        connection.emit("goodbye")
        told = [heard.next()]
        while told[-1][0] != "closed":
            told.append(heard.next())
        assert told[0][:2] == ("received", "farewell")
        assert told[-1][1].reason is ClosureReason.DISCONNECT
        assert not connection.is_open

    await beside(servers.url, work)


async def test_many_connections_wait_their_turn_to_open(servers: Any) -> None:
    def work(hub: Hub, heard: Heard) -> None:
        for number in range(40):
            hub.open(heard, name=number)
        assert sorted(heard.next()[1] for _ in range(40)) == list(range(40))
        assert len(hub) == 40

    await beside(servers.url, work, opening=4)


def _ends(script: Callable[[Peer], object], **options: Any) -> Closure:
    """How a connection to such a peer ends."""

    def work(hub: Hub, heard: Heard) -> Closure:
        hub.open(heard)
        while True:
            kind, *told = heard.next()
            if kind == "closed":
                how: Closure = told[0]
                return how

    with peer_of(script) as peer:
        return with_hub(peer.url, work, **options)


def test_a_close_frame_ends_the_connection_with_its_reason() -> None:
    def script(peer: Peer) -> None:
        peer.open()
        peer.frame(0x88, (1001).to_bytes(2, "big") + b"bye")
        peer.until_closed()

    assert _ends(script) == Closure(ClosureReason.CLOSE_FRAME, "1001 bye")


def test_an_end_of_stream_is_noticed() -> None:
    assert _ends(lambda peer: peer.open()).reason in {ClosureReason.END, ClosureReason.RESET}


def test_a_reset_is_noticed() -> None:
    def script(peer: Peer) -> None:
        peer.open()
        peer.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    assert _ends(script).reason is ClosureReason.RESET


def test_an_engine_close_packet_ends_the_connection() -> None:
    def script(peer: Peer) -> None:
        peer.open()
        peer.text("1")
        peer.until_closed()

    assert _ends(script).reason is ClosureReason.ENGINE_CLOSE


def test_a_server_without_heartbeats_is_given_up() -> None:
    def script(peer: Peer) -> None:
        peer.open(_OPEN_BRISK)
        peer.until_closed()

    assert _ends(script).reason is ClosureReason.SILENT


def test_a_server_that_never_answers_the_handshake_is_given_up() -> None:
    assert _ends(Peer.until_closed, patience=0.2).reason is ClosureReason.NOT_OPENED


def test_the_request_has_its_headers_and_its_query() -> None:
    heads: list[str] = []

    def script(peer: Peer) -> None:
        heads.append(peer.connection.recv(4096).decode())
        peer.raw(b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.0 403 Forbidden\r\n\r\n")

    def work(hub: Hub, heard: Heard) -> Any:
        hub.open(heard, headers=[("Origin", "https://app.example")], query={"tenant": "a b"})
        return heard.next()

    with peer_of(script) as peer:
        assert with_hub(peer.url, work, path="/rt") == ("closed", Closure(ClosureReason.REFUSED, "HTTP 403 Forbidden"))
    assert heads[0].startswith("GET /rt?tenant=a+b&EIO=4&transport=websocket HTTP/1.1\r\n")
    assert "\r\nOrigin: https://app.example\r\n" in heads[0]


def test_a_refused_upgrade_tells_the_status() -> None:
    def script(peer: Peer) -> None:
        peer.connection.recv(4096)
        peer.raw(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
        peer.until_closed()

    assert _ends(script) == Closure(ClosureReason.REFUSED, "HTTP 503 Service Unavailable")


@pytest.mark.parametrize(
    "garbage", [b"SSH-2.0-OpenSSH\r\n\r\n", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"]
)
def test_something_else_than_a_websocket_is_a_violation(garbage: bytes) -> None:
    def script(peer: Peer) -> None:
        peer.connection.recv(4096)
        peer.raw(garbage)
        peer.until_closed()

    assert _ends(script).reason is ClosureReason.VIOLATION


def test_a_masked_frame_is_a_violation() -> None:
    def script(peer: Peer) -> None:
        peer.open()
        peer.raw(websocket.encode(websocket.Opcode.TEXT, '42["x"]', b"abcd"))
        peer.until_closed()

    how = _ends(script)
    assert how.reason is ClosureReason.VIOLATION
    assert "masked" in how.detail


def test_what_came_before_a_violation_in_the_same_bytes_is_heard() -> None:
    message = b'42["told"]'

    def script(peer: Peer) -> None:
        peer.open()
        peer.raw(bytes((0x81, len(message))) + message + b"HTTP/1.1 500")
        peer.until_closed()

    def work(hub: Hub, heard: Heard) -> list[str]:
        hub.open(heard)
        return [heard.next()[0] for _ in range(3)]

    with peer_of(script) as peer:
        assert with_hub(peer.url, work) == ["opened", "received", "closed"]


def test_a_websocket_ping_is_answered() -> None:
    sent = []

    def script(peer: Peer) -> None:
        peer.open()
        peer.frame(0x89, b"are you there")
        sent.append(peer.connection.recv(4096))

    _ends(script)
    assert sent[0][0] == 0x80 | websocket.Opcode.PONG


def test_what_the_socket_does_not_take_is_sent_later() -> None:
    payload = "x" * 3_000_000
    received: list[bytes] = []

    def script(peer: Peer) -> None:
        peer.open()
        released.wait(TIMEOUT)
        received.append(peer.until_closed())

    released = threading.Event()

    def work(hub: Hub, heard: Heard) -> None:
        connection = hub.open(heard)
        heard.next()
        connection.emit("large", payload)
        released.set()
        while connection.unsent:
            gevent.sleep(0.001)
        connection.drop()

    with peer_of(script) as peer:
        with_hub(peer.url, work, max_unsent=4_000_000)
    assert len(received[0]) > len(payload)


def test_a_peer_that_reads_nothing_is_given_up() -> None:
    closed = threading.Event()

    def script(peer: Peer) -> None:
        peer.open()
        closed.wait(TIMEOUT)

    def work(hub: Hub, heard: Heard) -> Closure:
        connection = hub.open(heard)
        heard.next()
        for _ in range(1000):
            connection.emit("large", "x" * 100_000)
            if not connection.is_open:
                break
        how: Closure = heard.next()[1]
        closed.set()
        return how

    with peer_of(script) as peer:
        assert with_hub(peer.url, work).reason is ClosureReason.CONGESTED


def test_nothing_is_sent_on_a_connection_that_has_ended() -> None:
    def work(hub: Hub, heard: Heard) -> None:
        connection = hub.open(heard)
        connection.close()
        connection.close()
        connection.emit("x")
        connection.ack(1)
        assert heard.next() == ("closed", Closure(ClosureReason.OURS))
        assert heard.told.empty()

    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listener:
        with_hub(f"http://127.0.0.1:{listener.getsockname()[1]}", work)


def test_nobody_listening_is_told_for_every_connection() -> None:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    def work(hub: Hub, heard: Heard) -> None:
        for _ in range(200):
            hub.open(heard)
        for _ in range(200):
            assert heard.next() == ("closed", Closure(ClosureReason.UNREACHABLE, "Connection refused"))

    with_hub(url, work)


def test_a_host_without_an_address_is_named() -> None:
    with pytest.raises(TargetUnavailable, match=r"nobody\.invalid"):
        with_hub("http://nobody.invalid:1", lambda hub, heard: None)


def test_every_address_of_a_name_is_tried_and_the_good_one_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    def script(peer: Peer) -> None:
        peer.open()
        peer.until_closed()

    def work(hub: Hub, heard: Heard) -> list[str]:
        hub.open(heard)
        kinds = [heard.next()[0]]
        hub.close()
        return [*kinds, hub.dial.places[hub.dial.first].address[0]]

    with peer_of(script) as peer:
        port = int(peer.url.rpartition(":")[2])
        inet = socket.AF_INET, socket.SOCK_STREAM, 6, ""
        places: list[Any] = [(socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", port, 0, 0))]
        places += [(*inet, (f"127.0.0.{last}", port)) for last in (3, 2, 1)]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_rest, **_options: places)
        assert with_hub(f"http://four-addresses.example:{port}", work) == ["opened", "127.0.0.1"]


def test_nobody_at_any_address_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    places = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"127.0.0.{last}", 1)) for last in (3, 2, 1)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_rest, **_options: places)

    def work(hub: Hub, heard: Heard) -> list[Any]:
        hub.open(heard)
        return [*heard.next(), heard.told.qsize(), len(hub)]

    kind, how, left, open_ones = with_hub("http://three-addresses.example:1", work)
    assert (kind, how.reason, left, open_ones) == ("closed", ClosureReason.UNREACHABLE, 0, 0)


def test_connections_go_out_from_the_given_addresses_in_turn() -> None:
    def work(hub: Hub, heard: Heard) -> None:
        hub.open(heard)
        assert heard.next()[0] == "closed"

    with peer_of(lambda peer: None) as peer:
        with_hub(peer.url, work, sources=["127.0.0.7"])
        assert peer.address[0] == "127.0.0.7"


def test_what_a_listener_raises_is_handed_over_and_ends_nothing() -> None:
    faults: list[Exception] = []

    class Clumsy(Heard):
        def received(self, connection: HubConnection, event: EventReceived, at: float) -> None:
            if event.name == "stumble":
                raise ZeroDivisionError
            super().received(connection, event, at)

    def script(peer: Peer) -> None:
        peer.open()
        peer.text('42["stumble"]')
        peer.connection.recv(4096)
        peer.text('42["walk"]')
        peer.until_closed()

    def work(hub: Hub, _heard: Heard) -> None:
        clumsy = Clumsy()
        connection = hub.open(clumsy)
        clumsy.next()
        while not faults:
            gevent.sleep(0.001)
        connection.emit("go on")
        assert clumsy.next() == ("received", "walk", ())

    with peer_of(script) as peer:
        with_hub(peer.url, work, on_fault=faults.append)
    assert [type(fault) for fault in faults] == [ZeroDivisionError]
