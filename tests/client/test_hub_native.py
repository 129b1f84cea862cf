"""Native WebSockets on the hub: the user's channel of the reference server as a process, and peers that misbehave."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from eventproof import actions, profile, reference
from eventproof.client.hub import Hub
from eventproof.client.hub_connection import Closure, ClosureReason
from eventproof.load.opening import connect
from eventproof.target import Endpoint, Identity, Target
from eventproof.wire import websocket
from tests.client.hub_peer import Heard, Peer, peer_of, with_hub

_BANNED = "user.banned"


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    with reference.start(systems=["user-state"], seed_users=8, options=("--log-level", "warning")) as running:
        yield profile.load(str(running.profile))


def _channel(target: Target) -> Endpoint:
    return next(channel for channel in target.other_channels or () if channel.address == "/api/me/ws")


def _admin_does(target: Target, operation: str, user: Identity, **more: str) -> None:
    admin = target.admins[0]
    login = actions.request_for(target, "login", actions.credentials_of(admin))
    answer = requests.post(login.url, json=login.json, timeout=10)
    token = admin.token or actions.read(target.operations["login"], "token", answer.json())
    call = actions.request_for(target, operation, {**actions.credentials_of(user), **more}, token)
    requests.request(call.method, call.url, json=call.json, headers=call.sent_headers, timeout=10).raise_for_status()


def test_a_user_hears_of_a_new_tier_and_of_the_ban_that_closes_the_connection(target: Target) -> None:
    user = target.users[0]

    def work(hub: Hub, heard: Heard) -> None:
        connection = connect(hub, target, _channel(target), heard, user.token)
        assert heard.next()[0] == "opened"
        assert connection.is_open
        _admin_does(target, "updateUserTier", user, tier="premium")
        kind, name, (payload,) = heard.next()
        assert (kind, name) == ("received", "user.tier.updated")
        assert payload["tier"] == "premium"
        _admin_does(target, "banUser", user, reason="test")
        told = [heard.next()]
        while told[-1][0] != "closed":
            told.append(heard.next())
        assert [one[:2] for one in told[:-1]] == [("received", _BANNED)]
        assert told[-1][1].reason is ClosureReason.CLOSE_FRAME
        assert told[-1][1].detail.startswith("1008")

    with_hub(target.base_url, work)


@pytest.mark.parametrize("token", [None, "forged"])
def test_who_has_no_good_token_is_refused_with_the_status(target: Target, token: str | None) -> None:
    def work(hub: Hub, heard: Heard) -> Any:
        connect(hub, target, _channel(target), heard, token)
        return heard.next()

    assert with_hub(target.base_url, work) == ("closed", Closure(ClosureReason.REFUSED, "HTTP 401 Unauthorized"))


def test_many_open_at_once_and_each_says_goodbye(target: Target) -> None:
    user = target.users[1]

    def work(hub: Hub, heard: Heard) -> None:
        connections = [connect(hub, target, _channel(target), heard, user.token) for _ in range(20)]
        assert [heard.next()[0] for _ in connections] == ["opened"] * 20
        for connection in connections:
            connection.close()
        assert {heard.next() for _ in connections} == {("closed", Closure(ClosureReason.OURS))}
        assert len(hub) == 0

    with_hub(target.base_url, work, opening=4)


def _heard(script: Callable[[Peer], object], name_at: str | None = None, **options: Any) -> list[tuple[Any, ...]]:
    """All that a connection to such a peer tells, after its opening."""

    def work(hub: Hub, heard: Heard) -> list[tuple[Any, ...]]:
        hub.websocket(heard, "/ws?room=1", name_at=name_at)
        assert heard.next()[0] == "opened"
        told = [heard.next()]
        while told[-1][0] != "closed":
            told.append(heard.next())
        return told

    with peer_of(script) as peer:
        return with_hub(peer.url, work, **options)


@pytest.mark.parametrize(
    ("message", "name_at", "name", "argument"),
    [
        ('{"event":"tick","data":{"n":1}}', None, "tick", {"n": 1}),
        ('{"type":"tick","payload":[1]}', None, "tick", [1]),
        ('{"event":"tick"}', None, "tick", {"event": "tick"}),
        ('{"data":{"kind":"tick"}}', "/data/kind", "tick", {"data": {"kind": "tick"}}),
        ('{"data":{"kind":7}}', "/data/kind", "message", {"data": {"kind": 7}}),
        ("half of it {", None, "message", "half of it {"),
        ("[]", "/data/kind", "message", []),
    ],
)
def test_a_message_is_named_where_its_channel_says(
    message: str, name_at: str | None, name: str, argument: object
) -> None:
    def script(peer: Peer) -> None:
        peer.accept()
        peer.text(message)
        peer.frame(0x88, (1000).to_bytes(2, "big"))

    assert _heard(script, name_at) == [
        ("received", name, (argument,)),
        ("closed", Closure(ClosureReason.CLOSE_FRAME, "1000")),
    ]


def test_a_message_in_pieces_is_one_and_a_ping_between_them_is_answered() -> None:
    sent: list[bytes] = []

    def script(peer: Peer) -> None:
        peer.accept()
        peer.frame(0x01, b'{"event":"ti')
        peer.frame(0x89, b"are you there")
        peer.frame(0x80, b'ck","data":1}')
        sent.append(peer.connection.recv(4096))

    assert _heard(script)[0] == ("received", "tick", (1,))
    assert sent[0][0] == 0x80 | websocket.Opcode.PONG


@pytest.mark.parametrize(("name_at", "message"), [(None, '{"event":"bid","data":{"n":1}}'), ("/kind", '{"n":1}')])
def test_an_event_of_ours_is_sent_as_it_would_be_read(name_at: str | None, message: str) -> None:
    received: list[Any] = []

    def script(peer: Peer) -> None:
        peer.accept()
        received.extend(websocket.FrameDecoder().feed(_unmasked(peer.connection.recv(4096))))

    def work(hub: Hub, heard: Heard) -> None:
        connection = hub.websocket(heard, "/ws", name_at=name_at)
        heard.next()
        connection.emit("bid", {"n": 1})
        assert heard.next()[0] == "closed"

    with peer_of(script) as peer:
        with_hub(peer.url, work)
    assert received == [websocket.Message(websocket.Opcode.TEXT, message)]


def _unmasked(frame: bytes) -> bytes:
    """A short masked frame as a server would have sent it."""
    mask, payload = frame[2:6], frame[6:]
    plain = bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
    return bytes((frame[0], len(plain))) + plain


def test_a_message_beyond_the_bound_ends_the_connection_which_says_so_to_the_peer() -> None:
    sent: list[bytes] = []

    def script(peer: Peer) -> None:
        peer.accept()
        peer.raw(bytes((0x81, 127)) + (1 << 40).to_bytes(8, "big"))
        sent.append(peer.until_closed())

    (last,) = _heard(script, max_message=1000)
    assert last[1].reason is ClosureReason.OVERSIZED
    assert _unmasked(sent[0])[2:4] == (1009).to_bytes(2, "big")


def test_what_came_in_the_same_bytes_before_a_violation_is_heard() -> None:
    def script(peer: Peer) -> None:
        peer.accept()
        message = b'{"event":"tick","data":1}'
        peer.raw(bytes((0x81, len(message))) + message + b"HTTP/1.1 500")
        peer.until_closed()

    told = _heard(script)
    assert told[0] == ("received", "tick", (1,))
    assert told[1][1].reason is ClosureReason.VIOLATION
