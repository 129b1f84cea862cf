"""RFC 6455 framing against two other implementations as the server, in both directions and in any chunks."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Close, Frame
from websockets.protocol import State
from websockets.server import ServerProtocol
from wsproto import ConnectionType
from wsproto.connection import Connection as WsprotoConnection
from wsproto.events import BytesMessage, CloseConnection, Ping, Pong, TextMessage

from eventproof.errors import UsageError
from eventproof.wire import websocket
from eventproof.wire.websocket import CloseCode, CloseReason, FrameDecoder, FrameViolation, Message, Opcode

_MASK = b"\x01\x7f\x80\xff"

_TEXTS = st.text(st.characters(codec="utf-8"))
_MESSAGES = st.one_of(
    st.tuples(st.just(Opcode.TEXT), _TEXTS),
    st.tuples(st.just(Opcode.BINARY), st.binary()),
    st.tuples(st.sampled_from([Opcode.PING, Opcode.PONG]), st.binary(max_size=125)),
    st.tuples(
        st.just(Opcode.BINARY),
        st.sampled_from([125, 126, 127, 65_535, 65_536, 70_000]).map(lambda size: b"\xa5" * size),
    ),
)
_CUTS = st.lists(st.integers(0, 300), max_size=12)


def _chunks(data: bytes, cuts: Iterable[int]) -> list[bytes]:
    chunks = []
    for cut in cuts:
        chunks.append(data[:cut])
        data = data[cut:]
    return [*chunks, data]


def _fed(data: bytes, cuts: Iterable[int] = ()) -> list[Message]:
    decoder = FrameDecoder()
    return [message for chunk in _chunks(data, cuts) for message in decoder.feed(chunk)]


@given(st.lists(_MESSAGES, max_size=8), _CUTS, st.lists(st.integers(1, 40), max_size=3))
def test_what_wsproto_sends_is_read_in_any_chunks(
    messages: list[tuple[Opcode, Any]], cuts: list[int], fragments: list[int]
) -> None:
    server = WsprotoConnection(ConnectionType.SERVER)
    data = b""
    for opcode, payload in messages:
        if opcode in (Opcode.PING, Opcode.PONG):
            data += server.send((Ping if opcode is Opcode.PING else Pong)(payload=payload))
            continue
        kind = TextMessage if opcode is Opcode.TEXT else BytesMessage
        rest = payload
        for size in fragments:
            data += server.send(kind(data=rest[:size], message_finished=False))
            data += server.send(Ping(payload=b"between"))
            rest = rest[size:]
        data += server.send(kind(data=rest, message_finished=True))
    received = [message for message in _fed(data, cuts) if message != (Opcode.PING, b"between")]
    assert received == messages


@given(st.lists(_MESSAGES, max_size=8), _CUTS)
def test_what_websockets_sends_is_read_in_any_chunks(messages: list[tuple[Opcode, Any]], cuts: list[int]) -> None:
    server = _websockets_server()
    for opcode, payload in messages:
        match opcode:
            case Opcode.TEXT:
                server.send_text(payload.encode())
            case Opcode.BINARY:
                server.send_binary(payload)
            case Opcode.PING:
                server.send_ping(payload)
            case _:
                server.send_pong(payload)
    server.send_close(1001, "going ünder")
    received = _fed(b"".join(server.data_to_send()), cuts)
    assert received[:-1] == messages
    assert received[-1].opcode is Opcode.CLOSE
    assert isinstance(received[-1].payload, bytes)
    assert websocket.close_reason(received[-1].payload) == CloseReason(1001, "going ünder")


@given(st.lists(_MESSAGES, max_size=8), _CUTS, st.binary(min_size=4, max_size=4))
def test_what_is_sent_wsproto_reads(messages: list[tuple[Opcode, Any]], cuts: list[int], mask: bytes) -> None:
    server = WsprotoConnection(ConnectionType.SERVER)
    received: list[tuple[Opcode, Any]] = []
    parts: list[Any] = []
    for chunk in _chunks(b"".join(websocket.encode(*message, mask) for message in messages), cuts):
        server.receive_data(chunk)
        for event in server.events():
            match event:
                case TextMessage() | BytesMessage():
                    parts.append(event.data)
                    if event.message_finished:
                        opcode = Opcode.TEXT if isinstance(event, TextMessage) else Opcode.BINARY
                        received.append((opcode, ("" if opcode is Opcode.TEXT else b"").join(map(_plain, parts))))
                        parts.clear()
                case Ping():
                    received.append((Opcode.PING, bytes(event.payload)))
                case Pong():
                    received.append((Opcode.PONG, bytes(event.payload)))
    assert received == messages


@given(st.lists(_MESSAGES, max_size=8), _CUTS, st.binary(min_size=4, max_size=4), st.integers(0, 20))
def test_what_is_sent_in_fragments_websockets_reads(
    messages: list[tuple[Opcode, Any]], cuts: list[int], mask: bytes, size: int
) -> None:
    data = b""
    for opcode, payload in messages:
        if opcode >= Opcode.CLOSE:
            data += websocket.encode(opcode, payload, mask)
            continue
        whole = payload.encode() if isinstance(payload, str) else payload
        data += websocket.encode(opcode, whole[:size], mask, final=False)
        data += websocket.encode(Opcode.CONTINUATION, whole[size:], mask)
    server = _websockets_server()
    for chunk in _chunks(data + websocket.encode_close(mask, 1000, "bye"), cuts):
        server.receive_data(chunk)
    received: list[list[Any]] = []
    for frame in server.events_received():
        assert isinstance(frame, Frame)
        if int(frame.opcode) == Opcode.CONTINUATION:
            received[-1][1] += bytes(frame.data)
        else:
            received.append([int(frame.opcode), bytes(frame.data)])
    assert [(Opcode(opcode), data) for opcode, data in received[:-1]] == [
        (opcode, payload.encode() if isinstance(payload, str) else payload) for opcode, payload in messages
    ]
    assert received[-1] == [Opcode.CLOSE, Close(1000, "bye").serialize()]


def _websockets_server() -> ServerProtocol:
    return ServerProtocol(state=State.OPEN, max_size=None)


def _plain(part: Any) -> Any:
    return part if isinstance(part, str) else bytes(part)


def test_frames_of_the_rfc_are_read() -> None:
    """The examples of section 5.7."""
    assert _fed(bytes.fromhex("810548656c6c6f")) == [Message(Opcode.TEXT, "Hello")]
    assert _fed(bytes.fromhex("010348656c80026c6f")) == [Message(Opcode.TEXT, "Hello")]
    assert _fed(bytes.fromhex("890548656c6c6f")) == [Message(Opcode.PING, b"Hello")]
    assert _fed(bytes.fromhex("827e0100") + bytes(256)) == [Message(Opcode.BINARY, bytes(256))]
    assert _fed(bytes.fromhex("827f0000000000010000") + bytes(65536)) == [Message(Opcode.BINARY, bytes(65536))]
    assert websocket.encode(Opcode.TEXT, "Hello", bytes.fromhex("37fa213d")) == bytes.fromhex("818537fa213d7f9f4d5158")


@pytest.mark.parametrize(
    ("frames", "sentence", "code"),
    [
        (b"\x81\x80\x00\x00\x00\x00", "masked", CloseCode.PROTOCOL_ERROR),
        (b"\xc1\x00", "reserved bit", CloseCode.PROTOCOL_ERROR),
        (b"\x91\x00", "reserved bit", CloseCode.PROTOCOL_ERROR),
        (b"\x83\x00", "reserved opcode", CloseCode.PROTOCOL_ERROR),
        (b"\x8b\x00", "reserved opcode", CloseCode.PROTOCOL_ERROR),
        (b"\x09\x00", "control frame is fragmented", CloseCode.PROTOCOL_ERROR),
        (b"\x89\x7e\x00\x7e", "control frame is too long", CloseCode.PROTOCOL_ERROR),
        (b"\x81\x7e\x00\x05", "shortest form", CloseCode.PROTOCOL_ERROR),
        (b"\x81\x7f\x00\x00\x00\x00\x00\x00\xff\xff", "shortest form", CloseCode.PROTOCOL_ERROR),
        (b"\x81\x7f\x80\x00\x00\x00\x00\x00\x00\x00", "shortest form", CloseCode.PROTOCOL_ERROR),
        (b"\x80\x00", "continues nothing", CloseCode.PROTOCOL_ERROR),
        (b"\x01\x00\x81\x00", "begins inside another", CloseCode.PROTOCOL_ERROR),
        (b"\x01\x00\x02\x00", "begins inside another", CloseCode.PROTOCOL_ERROR),
        (b"\x81\x01\xff", "not UTF-8", CloseCode.INVALID_PAYLOAD),
        (b"\x01\x01\xc3\x80\x01\x28", "not UTF-8", CloseCode.INVALID_PAYLOAD),
        (b"\x88\x01\x03", "no valid status code", CloseCode.PROTOCOL_ERROR),
        (b"\x88\x02\x03\xe7", "no valid status code", CloseCode.PROTOCOL_ERROR),
        (b"\x88\x02\x03\xed", "no valid status code", CloseCode.PROTOCOL_ERROR),
        (b"\x88\x02\x03\xf7", "no valid status code", CloseCode.PROTOCOL_ERROR),
        (b"\x88\x02\x13\x88", "no valid status code", CloseCode.PROTOCOL_ERROR),
        (b"\x88\x03\x03\xe8\xff", "not UTF-8", CloseCode.INVALID_PAYLOAD),
        (b"\x81\x7f\x00\x00\x00\x00\x40\x00\x00\x00", "too big", CloseCode.TOO_BIG),
    ],
)
def test_what_the_rfc_forbids_is_a_violation_with_its_close_code(frames: bytes, sentence: str, code: CloseCode) -> None:
    for cuts in ((), range(1, 2), (1,) * len(frames)):
        with pytest.raises(FrameViolation, match=sentence) as violation:
            _fed(b"\x81\x01x" + frames, cuts)
        assert violation.value.close_code is code
        assert violation.value.expected


def test_what_is_no_frame_is_shown_by_its_beginning() -> None:
    with pytest.raises(FrameViolation) as violation:
        _fed(b"\x81\x01xHTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json")
    assert violation.value.observed == "0x48 in b'HTTP/1.1 500 Internal Server Err'"


def test_what_came_before_a_violation_is_kept_with_it() -> None:
    with pytest.raises(FrameViolation) as violation:
        FrameDecoder().feed(b"\x81\x01x\x82\x01y\xc1\x00")
    assert violation.value.before == ((Opcode.TEXT, "x"), (Opcode.BINARY, b"y"))


def test_a_message_of_many_fragments_is_limited_as_a_whole() -> None:
    decoder = FrameDecoder(max_message=10)
    assert decoder.feed(b"\x02\x05aaaaa\x00\x05aaaaa") == []
    with pytest.raises(FrameViolation, match="too big"):
        decoder.feed(b"\x80\x01a")
    assert FrameDecoder(max_message=10).feed(b"\x81\x0aaaaaaaaaaa") == [Message(Opcode.TEXT, "a" * 10)]
    with pytest.raises(FrameViolation, match="too big"):
        FrameDecoder(max_message=10).feed(b"\x81\x0b")


def test_nothing_is_read_after_a_close() -> None:
    decoder = FrameDecoder()
    assert decoder.feed(b"\x88\x00\x81\x01x") == [Message(Opcode.CLOSE, b"")]
    assert decoder.feed(b"\xff\xff\xff") == []


def test_a_close_without_a_code_says_nothing() -> None:
    assert websocket.close_reason(b"") == CloseReason(CloseCode.NO_STATUS, "")
    assert websocket.encode_close(_MASK, None) == b"\x88\x80" + _MASK
    with pytest.raises(UsageError, match="123 bytes"):
        websocket.encode_close(_MASK, 1000, "x" * 124)


def test_wsproto_reads_our_close() -> None:
    server = WsprotoConnection(ConnectionType.SERVER)
    server.receive_data(websocket.encode_close(_MASK, 4001, "größer"))
    (event,) = server.events()
    assert isinstance(event, CloseConnection)
    assert (event.code, event.reason) == (4001, "größer")


@given(st.binary(max_size=2000), st.binary(min_size=4, max_size=4))
def test_masking_is_its_own_inverse(payload: bytes, mask: bytes) -> None:
    frame = websocket.encode(Opcode.BINARY, payload, mask)
    body = frame[len(frame) - len(payload) :]
    assert bytes(byte ^ mask[index % 4] for index, byte in enumerate(body)) == payload
