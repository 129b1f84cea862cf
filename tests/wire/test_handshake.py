"""The opening handshake, with websockets' server as the other side."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.http11 import Request
from websockets.server import ServerProtocol

from eventproof.errors import ProtocolViolation, UsageError
from eventproof.wire import websocket

_KEY = "dGhlIHNhbXBsZSBub25jZQ=="
_ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
_HEAD = (
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"
    f"Sec-WebSocket-Accept: {_ACCEPT}\r\n"
)


def test_the_key_of_the_rfc_gives_its_token() -> None:
    assert websocket.new_key(b"the sample nonce") == _KEY
    assert websocket.accept_token(_KEY) == _ACCEPT


def test_a_server_accepts_the_request_and_the_answer_is_accepted() -> None:
    server = ServerProtocol()
    server.receive_data(
        websocket.handshake_request("127.0.0.1:80", "/ws?x=1", _KEY, [("Authorization", "Bearer t"), ("X-A", "ü")])
    )
    (request,) = server.events_received()
    assert isinstance(request, Request)
    assert request.path == "/ws?x=1"
    assert request.headers["Authorization"] == "Bearer t"
    server.send_response(server.accept(request))
    response = websocket.handshake_response(b"".join(server.data_to_send()) + b"\x81\x01x", _KEY)
    assert response is not None
    assert response.accepted
    assert response.rest == b"\x81\x01x"


def test_a_server_that_refuses_is_read_with_its_body() -> None:
    response = websocket.handshake_response(b"HTTP/1.1 403 Forbidden\r\nX-Why: a\r\nx-why:  b \r\n\r\nno", _KEY)
    assert response is not None
    assert not response.accepted
    assert (response.status, response.reason, response.rest) == (403, "Forbidden", b"no")
    assert response.header("X-WHY") == "a, b"
    assert response.header("other") == ""


@given(st.integers(0, len(_HEAD) + 1))
def test_an_incomplete_head_is_waited_for(length: int) -> None:
    assert websocket.handshake_response((_HEAD + "\r\n").encode()[:length], _KEY) is None


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (_ACCEPT, "AAAA", "wrong Sec-WebSocket-Accept"),
        ("Upgrade: WebSocket", "Upgrade: h2c", "wrong Upgrade"),
        ("keep-alive, Upgrade", "keep-alive", "wrong Connection"),
        ("Upgrade: W", "Sec-WebSocket-Extensions: permessage-deflate\r\nUpgrade: W", "wrong Sec-WebSocket-Extensions"),
        ("HTTP/1.1 101", "HTTP/1.0 101", "not valid HTTP"),
        ("HTTP/1.1 101", "SSH-2.0 101", "not valid HTTP"),
        ("HTTP/1.1 101", "HTTP/1.1 1O1", "not valid HTTP"),
        ("HTTP/1.1 101", "HTTP/1.1 10", "not valid HTTP"),
        ("Upgrade: W", "no colon\r\nUpgrade: W", "not valid HTTP"),
        ("Upgrade: W", "Upgrade : W", "not valid HTTP"),
    ],
)
def test_a_wrong_answer_is_a_violation(before: str, after: str, sentence: str) -> None:
    assert websocket.handshake_response((_HEAD + "\r\n").encode(), _KEY) is not None
    with pytest.raises(ProtocolViolation, match=sentence):
        websocket.handshake_response((_HEAD.replace(before, after, 1) + "\r\n").encode(), _KEY)


def test_an_endless_head_is_a_violation() -> None:
    with pytest.raises(ProtocolViolation, match="not valid HTTP"):
        websocket.handshake_response(b"HTTP/1.1 101 x\r\nX: " + b"x" * 100_000, _KEY)


def test_a_header_cannot_smuggle_another() -> None:
    with pytest.raises(UsageError, match="line break"):
        websocket.handshake_request("h", "/", _KEY, [("X", "a\r\nY: b")])
    with pytest.raises(UsageError, match="line break"):
        websocket.handshake_request("h", "/\n", _KEY)
    with pytest.raises(UsageError, match="Latin-1"):
        websocket.handshake_request("h", "/", _KEY, [("X", "€")])
