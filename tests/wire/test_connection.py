"""The client's side joined to a peer made of python-socketio's codecs, with no sockets between them."""

from collections import deque
from collections.abc import Callable
from itertools import product
from typing import Any

import engineio.packet
import pytest
import socketio.packet

from eventproof.errors import ProtocolViolation, UsageError
from eventproof.wire import connection as wire
from eventproof.wire import engineio as our_engineio
from eventproof.wire import socketio as our_socketio
from eventproof.wire.connection import Connection
from eventproof.wire.engineio import Message
from eventproof.wire.states import (
    NAMESPACE_RECEIVES,
    NAMESPACE_SENDS,
    SESSION_RECEIVES,
    SESSION_SENDS,
    NamespaceState,
    SessionState,
    diagram,
)

_OPEN = '0{"sid":"s","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}'
_E, _S = our_engineio.PacketType, our_socketio.PacketType


class Peer:
    """A server of a few lines: it acknowledges what asks for it and keeps what it got."""

    def __init__(self) -> None:
        self.got: list[Any] = []
        self._binary: Any = None

    def answer(self, message: Message) -> list[Message]:
        outer = engineio.packet.Packet(encoded_packet=message)
        if outer.packet_type == engineio.packet.PING:
            return ["3" + outer.data]
        if outer.packet_type != engineio.packet.MESSAGE:
            self.got.append(outer.packet_type)
            return []
        if self._binary is not None:
            if not self._binary.add_attachment(message):
                return []
            inner, self._binary = self._binary, None
        else:
            inner = socketio.packet.Packet(encoded_packet=message[1:])
            if inner.attachment_count:
                self._binary = inner
                return []
        return self._take(inner)

    def _take(self, packet: Any) -> list[Message]:
        namespace = packet.namespace or "/"
        self.got.append((packet.packet_type, namespace, packet.data, packet.id))
        if packet.packet_type == socketio.packet.CONNECT:
            return self.send(socketio.packet.CONNECT, {"sid": f"sid of {namespace}"}, namespace)
        if packet.id is not None and packet.packet_type in (socketio.packet.EVENT, socketio.packet.BINARY_EVENT):
            return self.send(socketio.packet.ACK, packet.data[1:], namespace, packet.id)
        return []

    @staticmethod
    def send(kind: int, data: Any, namespace: str = "/", number: int | None = None) -> list[Message]:
        encoded = socketio.packet.Packet(kind, data=data, namespace=namespace, id=number).encode()
        text, *attachments = encoded if isinstance(encoded, list) else [encoded]
        return ["4" + text, *attachments]


def _exchange(client: Connection, peer: Peer, outgoing: list[Message]) -> list[wire.WireEvent]:
    """Deliver these, and all that comes of them, until both are silent."""
    events: list[wire.WireEvent] = []
    waiting = deque(outgoing)
    while waiting:
        for answer in peer.answer(waiting.popleft()):
            events += client.receive(answer)
    return events


def _open() -> Connection:
    client = Connection()
    client.receive(_OPEN)
    return client


def _connected(namespace: str = "/") -> tuple[Connection, Peer]:
    client, peer = _open(), Peer()
    _exchange(client, peer, client.connect(namespace))
    return client, peer


def test_a_session_opens_and_joins_namespaces() -> None:
    client, peer = Connection(), Peer()
    assert client.receive(_OPEN) == [wire.Opened("s", 25.0, 20.0, ("websocket",), 1000000)]
    assert _exchange(client, peer, client.connect("/", {"token": "t"})) == [wire.Connected("/", "sid of /")]
    assert _exchange(client, peer, client.connect("/me")) == [wire.Connected("/me", "sid of /me")]
    assert [packet[:3] for packet in peer.got] == [(0, "/", {"token": "t"}), (0, "/me", None)]


@pytest.mark.parametrize("args", [(), (1, "ü"), (b"\0\xff", {"x": [b""]})])
def test_events_are_acknowledged_both_ways(args: tuple[Any, ...]) -> None:
    client, peer = _connected("/me")
    assert _exchange(client, peer, client.emit("/me", "echo", *args, ack_id=7)) == [wire.AckReceived("/me", 7, args)]
    (event,) = [
        event
        for message in peer.send(socketio.packet.EVENT, ["ask", *args], "/me", 3)
        for event in client.receive(message)
    ]
    assert event == wire.EventReceived("/me", "ask", args, 3)
    assert _exchange(client, peer, client.ack("/me", 3, *args)) == []
    assert peer.got[-1][1:] == ("/me", list(args), 3)


def test_a_refusal_leaves_the_namespace_absent_and_free_to_try_again() -> None:
    client = _open()
    client.connect("/")
    refusal = {"message": "no", "data": {"code": "token_expired"}}
    assert client.receive('44{"message":"no","data":{"code":"token_expired"}}') == [wire.ConnectRefused("/", refusal)]
    assert client.namespace("/") is NamespaceState.ABSENT
    assert client.connect("/") == ["40"]


def test_heartbeats_are_answered_with_what_they_said() -> None:
    client = _open()
    assert client.receive("2") == [wire.PingReceived("")]
    assert client.pong() == ["3"]
    assert client.pong("x") == ["3x"]
    assert client.receive("6") == [wire.Noop()]


def test_an_upgrade_is_probed_answered_and_completed() -> None:
    client, peer = _connected()
    assert client.probe() == ["2probe"]
    assert client.receive('42["meanwhile"]') == [wire.EventReceived("/", "meanwhile", (), None)]
    assert [client.receive(answer) for answer in peer.answer("2probe")] == [[wire.PongReceived("probe")]]
    assert client.upgrade() == ["5"]
    assert client.state is SessionState.OPEN


def test_a_pong_with_other_data_answers_no_probe() -> None:
    client = _open()
    client.probe()
    with pytest.raises(ProtocolViolation, match="does not answer our probe"):
        client.receive("3other")


def test_what_is_on_its_way_when_we_leave_may_still_come() -> None:
    client, _ = _connected()
    client.disconnect("/")
    assert client.receive('42["late"]') == [wire.EventReceived("/", "late", (), None)]
    assert client.connect("/") == ["40"]
    assert client.receive('42["later"]') == [wire.EventReceived("/", "later", (), None)]
    assert client.receive('40{"sid":"again"}') == [wire.Connected("/", "again")]
    assert client.namespace("/") is NamespaceState.CONNECTED


def test_the_server_disconnects_and_then_closes() -> None:
    client, _ = _connected()
    assert client.receive("41") == [wire.Disconnected("/")]
    assert client.receive("1") == [wire.TransportClosed()]
    with pytest.raises(ProtocolViolation, match="while the session was CLOSED") as violation:
        client.receive('42["after"]')
    assert violation.value.expected == "nothing"


def test_after_our_close_nothing_more_is_sent_but_the_rest_is_heard() -> None:
    client, _ = _connected()
    assert client.close() == ["1"]
    assert client.receive('42["late"]') == [wire.EventReceived("/", "late", (), None)]
    assert client.receive("1") == [wire.TransportClosed()]
    with pytest.raises(UsageError, match="while the session is CLOSED"):
        client.emit("/", "x")


def test_an_acknowledgement_is_given_once_and_only_to_what_asked() -> None:
    client, _ = _connected()
    client.emit("/", "x", ack_id=1)
    client.receive("431[]")
    for unknown in ("431[]", "432[]"):
        with pytest.raises(ProtocolViolation, match="nothing waits for"):
            client.receive(unknown)


def test_a_connect_without_a_session_id_is_a_violation() -> None:
    for data in ("", "{}", '{"sid":7}', '{"sid":""}'):
        client = _open()
        client.connect("/")
        with pytest.raises(ProtocolViolation, match="has no session id"):
            client.receive(f"40{data}")
        assert client.namespace("/") is NamespaceState.CONNECTING


_BY_STATE: dict[SessionState, list[str]] = {
    SessionState.OPENING: [],
    SessionState.OPEN: ["open"],
    SessionState.PROBING: ["open", "probe"],
    SessionState.PROBED: ["open", "probe", "probed"],
    SessionState.CLOSING: ["open", "close"],
    SessionState.CLOSED: ["open", "closed"],
}
_RECEIVED = {_E.OPEN: _OPEN, _E.PONG: "3probe", _E.MESSAGE: '42["x"]'}
_SENT: dict[our_engineio.PacketType, Callable[[Connection], list[Message]]] = {
    _E.CLOSE: Connection.close,
    _E.PING: Connection.probe,
    _E.PONG: Connection.pong,
    _E.MESSAGE: lambda client: client.emit("/", "x"),
    _E.UPGRADE: Connection.upgrade,
}


def _in(state: SessionState) -> Connection:
    client = Connection()
    for step in _BY_STATE[state]:
        match step:
            case "open":
                client.receive(_OPEN)
                client.connect("/")
                client.receive('40{"sid":"x"}')
            case "probe":
                client.probe()
            case "probed":
                client.receive("3probe")
            case "close":
                client.close()
            case "closed":
                client.receive("1")
    assert client.state is state
    return client


@pytest.mark.parametrize(("state", "packet"), list(product(SessionState, _E)))
def test_a_packet_is_received_exactly_where_the_table_has_it(
    state: SessionState, packet: our_engineio.PacketType
) -> None:
    client = _in(state)
    message = _RECEIVED.get(packet, str(int(packet)))
    after = SESSION_RECEIVES.get((state, packet))
    if after is None:
        with pytest.raises(ProtocolViolation, match=f"{packet.name} packet came while the session was {state.name}"):
            client.receive(message)
        assert client.state is state
    else:
        assert len(client.receive(message)) == 1
        assert client.state is after


@pytest.mark.parametrize(("state", "packet"), list(product(SessionState, _SENT)))
def test_a_packet_is_sent_exactly_where_the_table_has_it(state: SessionState, packet: our_engineio.PacketType) -> None:
    client = _in(state)
    after = SESSION_SENDS.get((state, packet))
    if after is None:
        with pytest.raises(UsageError, match=f"while the session is {state.name}"):
            _SENT[packet](client)
        assert client.state is state
    else:
        assert len(_SENT[packet](client)) == 1
        assert client.state is after


_NAMESPACE_PATHS = {
    NamespaceState.ABSENT: (),
    NamespaceState.CONNECTING: ("connect",),
    NamespaceState.CONNECTED: ("connect", "connected"),
    NamespaceState.LEAVING: ("connect", "connected", "leave"),
    NamespaceState.REJOINING: ("connect", "connected", "leave", "connect"),
    NamespaceState.RECOVERING: ("recover",),
}
_NAMESPACE_MESSAGES: dict[our_socketio.PacketType, list[Message]] = {
    _S.CONNECT: ['40/me,{"sid":"y"}'],
    _S.DISCONNECT: ["41/me,"],
    _S.EVENT: ['42/me,["x"]'],
    _S.ACK: ["43/me,1[]"],
    _S.CONNECT_ERROR: ['44/me,{"message":"no"}'],
    _S.BINARY_EVENT: ['451-/me,["x",{"_placeholder":true,"num":0}]', b"\0"],
    _S.BINARY_ACK: ['461-/me,1[{"_placeholder":true,"num":0}]', b"\0"],
}


def _namespace_in(state: NamespaceState) -> Connection:
    client = _open()
    for step in _NAMESPACE_PATHS[state]:
        match step:
            case "connect":
                client.connect("/me")
            case "recover":
                client.connect("/me", recover=wire.Recovery("p", "o"))
            case "connected":
                client.receive('40/me,{"sid":"x"}')
                client.emit("/me", "asked", ack_id=1)
            case "leave":
                client.disconnect("/me")
    assert client.namespace("/me") is state
    return client


@pytest.mark.parametrize(("state", "packet"), list(product(NamespaceState, _S)))
def test_a_namespace_takes_exactly_what_its_table_has(state: NamespaceState, packet: our_socketio.PacketType) -> None:
    client = _namespace_in(state)
    *first, last = _NAMESPACE_MESSAGES[packet]
    for message in first:
        assert client.receive(message) == []
    after = NAMESPACE_RECEIVES.get((state, packet))
    if after is None:
        with pytest.raises(ProtocolViolation, match=f"{packet.name} packet came while namespace /me was {state.name}"):
            client.receive(last)
        assert client.namespace("/me") is state
    else:
        is_kept = state is NamespaceState.RECOVERING and packet in (_S.EVENT, _S.BINARY_EVENT)
        assert len(client.receive(last)) == (0 if is_kept else 1)
        assert client.namespace("/me") is after


@pytest.mark.parametrize(
    ("state", "packet"), list(product(NamespaceState, [_S.CONNECT, _S.EVENT, _S.ACK, _S.DISCONNECT]))
)
def test_a_namespace_sends_exactly_what_its_table_has(state: NamespaceState, packet: our_socketio.PacketType) -> None:
    client = _namespace_in(state)
    sends: dict[our_socketio.PacketType, Callable[[], list[Message]]] = {
        _S.CONNECT: lambda: client.connect("/me"),
        _S.EVENT: lambda: client.emit("/me", "x"),
        _S.ACK: lambda: client.ack("/me", 1),
        _S.DISCONNECT: lambda: client.disconnect("/me"),
    }
    send = sends[packet]
    after = NAMESPACE_SENDS.get((state, packet))
    if after is None:
        with pytest.raises(UsageError, match=f"while namespace /me is {state.name}"):
            send()
        assert client.namespace("/me") is state
    else:
        assert send()
        assert client.namespace("/me") is after


def _with_recovery(*messages: Message) -> tuple[Connection, list[wire.WireEvent]]:
    client = _open()
    client.connect("/", {"token": "t"})
    client.receive('40{"sid":"s","pid":"p"}')
    return client, [event for message in messages for event in client.receive(message)]


@pytest.mark.parametrize(
    ("message", "args", "offset"),
    [
        ('42["x",{"a":1},"Q8NuRab"]', ({"a": 1},), "Q8NuRab"),
        ('42["x","text","Q8NuRab"]', ("text",), "Q8NuRab"),
        ('42["x",1,[2],"1699-0"]', (1, [2]), "1699-0"),
        ('42["x",{},"an offset of another adapter"]', ({},), "an offset of another adapter"),
        ('42["x","Q8NuRab"]', (), "Q8NuRab"),
        ('42["x","662a5e9cb5e1b7a3f0c8d9e1"]', (), "662a5e9cb5e1b7a3f0c8d9e1"),
        ('42["x"]', (), ""),
        ('42["x",{"a":1}]', ({"a": 1},), ""),
        ('42["x",{"a":1},5]', ({"a": 1}, 5), ""),
        ('42["x","A volatile sentence."]', ("A volatile sentence.",), ""),
        ('42["x",""]', ("",), ""),
        ('427["x",{"a":1},"asked for an acknowledgement"]', ({"a": 1}, "asked for an acknowledgement"), ""),
    ],
)
def test_an_offset_behind_an_event_is_the_connections(message: str, args: tuple[Any, ...], offset: str) -> None:
    client, (event,) = _with_recovery(message)
    assert isinstance(event, wire.EventReceived)
    assert event.args == args
    assert client.recovery() == wire.Recovery("p", offset)


def test_an_offset_behind_attachments_is_the_connections_too() -> None:
    client, (event,) = _with_recovery('451-["x",{"_placeholder":true,"num":0},"o1"]', b"\1")
    assert event == wire.EventReceived("/", "x", (b"\1",), None)
    assert client.recovery() == wire.Recovery("p", "o1")


def test_a_text_behind_an_event_stays_where_the_server_recovers_nothing() -> None:
    client = _open()
    for namespace, answer in (("/", '{"sid":"s","pid":"p"}'), ("/me", '{"sid":"s"}'), ("/odd", '{"sid":"s","pid":7}')):
        client.connect(namespace)
        client.receive(f"40{'' if namespace == '/' else namespace + ','}{answer}")
    assert client.receive('42/me,["x",{},"Q8NuRab"]') == [wire.EventReceived("/me", "x", ({}, "Q8NuRab"), None)]
    assert client.receive('42/odd,["x",{},"Q8NuRab"]') == [wire.EventReceived("/odd", "x", ({}, "Q8NuRab"), None)]
    assert client.recovery("/me") is client.recovery("/odd") is None


def test_a_recovery_is_asked_for_and_what_was_missed_comes_behind_the_answer() -> None:
    client = _open()
    assert client.connect("/", {"token": "t"}, wire.Recovery("p", "o1")) == ['40{"pid":"p","offset":"o1","token":"t"}']
    assert client.receive('42["x",1,"o2"]') == client.receive('42["y","o3"]') == []
    assert client.receive('40{"sid":"s","pid":"p"}') == [
        wire.Connected("/", "s", "p"),
        wire.EventReceived("/", "x", (1,), None),
        wire.EventReceived("/", "y", (), None),
    ]
    assert client.recovery() == wire.Recovery("p", "o3")
    assert client.receive('42["z",2,"o4"]') == [wire.EventReceived("/", "z", (2,), None)]


@pytest.mark.parametrize(("answer", "left"), [('{"sid":"s","pid":"q"}', wire.Recovery("q")), ('{"sid":"s"}', None)])
def test_a_recovery_that_is_not_granted_begins_anew(answer: str, left: wire.Recovery | None) -> None:
    client = _open()
    client.connect("/", None, wire.Recovery("p", "o1"))
    client.receive(f"40{answer}")
    assert client.recovery() == left


def test_a_recovery_needs_an_auth_that_it_can_be_joined_to() -> None:
    with pytest.raises(UsageError, match="an object"):
        _open().connect("/", "a token", wire.Recovery("p", "o1"))


def test_what_comes_before_the_answer_of_a_recovery_is_bounded() -> None:
    client = _open()
    client.connect("/", None, wire.Recovery("p", "o1"))
    for _ in range(10_000):
        client.receive('42["x",1,"o2"]')
    with pytest.raises(ProtocolViolation, match="Too many events"):
        client.receive('42["x",1,"o2"]')


def test_the_diagrams_are_drawn_from_the_tables() -> None:
    session = diagram(SESSION_RECEIVES, SESSION_SENDS)
    assert session.startswith("stateDiagram-v2\n")
    assert "    OPENING --> OPEN: ?OPEN" in session
    assert "    PROBED --> OPEN: !UPGRADE" in session
    assert "    CONNECTING --> ABSENT: ?CONNECT_ERROR ?DISCONNECT" in diagram(NAMESPACE_RECEIVES, NAMESPACE_SENDS)
