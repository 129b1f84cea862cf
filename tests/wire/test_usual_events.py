"""What is read in a shorter way says the same as what is read in the long one."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventproof.errors import ProtocolViolation
from eventproof.wire import websocket
from eventproof.wire.connection import Connection, EventReceived
from eventproof.wire.websocket import FrameViolation, Opcode

OPENING = '0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}'
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
PAYLOADS = st.lists(JSON, max_size=4).map(json.dumps) | st.text(max_size=12) | st.just("[" * 120 + "]" * 120)
MESSAGES = st.builds(
    lambda head, payload: head + payload, st.sampled_from(["42", "42/a,", "421", "451-", "43", "4"]), PAYLOADS
)


def joined(*namespaces: str) -> Connection:
    """A connection that has joined these; the last one is read in the shorter way."""
    connection = Connection()
    connection.receive(OPENING)
    for namespace in namespaces:
        connection.connect(namespace)
        connection.receive("40" + ("" if namespace == "/" else f"{namespace},") + '{"sid":"x"}')
    return connection


def told(connection: Connection, message: str) -> Any:
    try:
        return connection.receive(message)
    except ProtocolViolation as violation:
        return str(violation), violation.expected, violation.observed


@settings(max_examples=300, deadline=None)
@given(st.lists(MESSAGES, max_size=3))
def test_an_event_is_read_as_any_packet_is(messages: list[str]) -> None:
    shorter_of_main, shorter_of_a = joined("/a", "/"), joined("/", "/a")
    for message in messages:
        assert told(shorter_of_main, message) == told(shorter_of_a, message)


def test_after_the_end_of_the_namespace_nothing_is_read_in_the_shorter_way() -> None:
    connection = joined("/")
    assert connection.receive('42["tick",1]') == [EventReceived("/", "tick", (1,), None)]
    connection.receive("41")
    with pytest.raises(ProtocolViolation, match="while namespace / was ABSENT"):
        connection.receive('42["tick",1]')


def test_half_a_surrogate_pair_in_a_name_is_replaced_on_both_ways() -> None:
    message = '42["\\ud800",1]'
    assert told(joined("/a", "/"), message) == told(joined("/", "/a"), message) == [EventReceived("/", "?", (1,), None)]


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 65_535, 65_536])
def test_a_frame_that_comes_whole_is_read_as_one_that_comes_in_pieces(length: int) -> None:
    payload = b"x" * length
    head = bytes((0x81,)) + (
        bytes((length,))
        if length < 126
        else b"\x7e" + length.to_bytes(2, "big")
        if length < 1 << 16
        else b"\x7f" + length.to_bytes(8, "big")
    )
    pieces = websocket.FrameDecoder()
    assert pieces.feed(head[:1]) == []
    assert (
        websocket.FrameDecoder().feed(head + payload)
        == pieces.feed(head[1:] + payload)
        == [(Opcode.TEXT, payload.decode())]
    )


@pytest.mark.parametrize(
    ("frame", "most"),
    [
        (b"\x81\x02\xff\xff", 100),
        (b"\x81\x7e\x00\x05hello", 100),
        (b"\x81\x85hello", 100),
        (b"\x81\x05hello", 4),
        (b"\xc1\x05hello", 100),
    ],
    ids=["no UTF-8", "not in its shortest form", "masked", "too big", "a reserved bit"],
)
def test_a_frame_that_is_wrong_is_refused_alike(frame: bytes, most: int) -> None:
    whole, piece_by_piece = (websocket.FrameDecoder(max_message=most) for _ in range(2))
    assert piece_by_piece.feed(frame[:1]) == []
    with pytest.raises(FrameViolation) as one:
        whole.feed(frame)
    with pytest.raises(FrameViolation) as other:
        piece_by_piece.feed(frame[1:])
    assert (str(one.value), one.value.close_code) == (str(other.value), other.value.close_code)


def test_a_text_inside_a_fragmented_message_is_refused_when_it_comes_whole() -> None:
    decoder = websocket.FrameDecoder()
    decoder.feed(b"\x01\x02he")
    with pytest.raises(FrameViolation, match="begins inside another"):
        decoder.feed(b"\x81\x02lo")
