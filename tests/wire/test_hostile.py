"""Whatever bytes come: every decoder gives values or raises ProtocolViolation, and stays bounded in time."""

import json
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventproof.errors import ProtocolViolation
from eventproof.wire import engineio, socketio, sse, websocket
from eventproof.wire.connection import Connection

_BYTES = st.binary(max_size=200)
_TEXT = st.text(max_size=100)
_JSONISH = st.text('[]{}",:0123456789-/.eE+ntfu\\_ab \x1e', max_size=60)
_PACKETS = st.builds("".join, st.lists(_JSONISH | st.sampled_from(['{"_placeholder":true,"num":0}', '["x"]', "/me,"])))
_MESSAGES = (
    _TEXT
    | _BYTES
    | st.builds("{}{}".format, st.integers(0, 7), _PACKETS)
    | st.builds("4{}{}".format, st.integers(0, 7), _PACKETS)
)


def _tolerates(decode: Callable[[], Any]) -> None:
    violation = _violation_of(decode)
    if violation is not None:
        assert str(violation)
        assert violation.expected
        assert 0 < len(violation.observed) < 1000


def _violation_of(decode: Callable[[], Any]) -> ProtocolViolation | None:
    try:
        decode()
    except ProtocolViolation as violation:
        return violation
    return None


@given(st.lists(_BYTES, max_size=5))
def test_frames(chunks: list[bytes]) -> None:
    decoder = websocket.FrameDecoder(max_message=1000)
    _tolerates(lambda: [decoder.feed(chunk) for chunk in chunks])


@given(st.lists(st.tuples(st.integers(0, 15), st.booleans(), st.binary(max_size=126)), max_size=6))
def test_frames_with_plausible_headers(frames: list[tuple[int, bool, bytes]]) -> None:
    data = b"".join(bytes([final << 7 | opcode, len(payload)]) + payload for opcode, final, payload in frames)
    _tolerates(lambda: websocket.FrameDecoder(max_message=200).feed(data))


@given(_BYTES | _BYTES.map(lambda tail: b"HTTP/1.1 101 x\r\n" + tail + b"\r\n\r\n"))
def test_handshakes(data: bytes) -> None:
    _tolerates(lambda: websocket.handshake_response(data, "dGhlIHNhbXBsZSBub25jZQ=="))


@given(_BYTES)
def test_close_reasons(payload: bytes) -> None:
    _tolerates(lambda: websocket.close_reason(payload))


@given(_MESSAGES)
def test_engine_packets(message: str | bytes) -> None:
    _tolerates(lambda: engineio.decode(message))
    _tolerates(lambda: engineio.decode_handshake(message))
    if isinstance(message, str):
        _tolerates(lambda: list(engineio.decode_payload(message)))


@pytest.mark.parametrize("loads", [None, orjson.loads, json.loads])
@given(messages=st.lists(_PACKETS | _TEXT | _BYTES | st.just(b"\0"), max_size=6))
def test_socket_packets(loads: Callable[[str], Any] | None, messages: list[str | bytes]) -> None:
    decoder = socketio.PacketDecoder(loads=loads, max_attachments=3)
    for message in messages:
        _tolerates(lambda message=message: decoder.feed(message))  # type: ignore[misc] # a default binds the loop's value


@given(st.lists(_MESSAGES, max_size=8))
def test_whole_connections(messages: list[str | bytes]) -> None:
    connection = Connection()
    connection.receive('0{"sid":"s","upgrades":[],"pingInterval":1,"pingTimeout":1}')
    connection.connect("/")
    for message in messages:
        _tolerates(lambda message=message: connection.receive(message))  # type: ignore[misc] # as above


@given(st.lists(_BYTES | _TEXT.map(str.encode), max_size=5))
def test_event_streams(chunks: list[bytes]) -> None:
    decoder = sse.Decoder(max_event=100)
    _tolerates(lambda: [decoder.feed(chunk) for chunk in chunks])


def test_a_large_message_in_single_bytes_takes_linear_time() -> None:
    size = 200_000
    frame = b"\x82\x7f" + size.to_bytes(8, "big") + bytes(size)
    decoder = websocket.FrameDecoder()
    messages = [message for index in range(len(frame)) for message in decoder.feed(frame[index : index + 1])]
    assert messages == [(websocket.Opcode.BINARY, bytes(size))]


def test_many_empty_fragments_hold_no_memory() -> None:
    decoder = websocket.FrameDecoder()
    assert decoder.feed(b"\x01\x00" + b"\x00\x00" * 100_000) == []
    assert decoder.feed(b"\x80\x01x") == [(websocket.Opcode.TEXT, "x")]


def test_a_long_line_in_small_chunks_takes_linear_time() -> None:
    decoder = sse.Decoder()
    for _ in range(100_000):
        decoder.feed(b"data")
    assert decoder.feed(b"\n\n") == []
