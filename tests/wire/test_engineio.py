"""Engine.IO packets and payloads, by the examples of the protocol's document and against python-engineio."""

import json
from typing import Any

import pytest
from engineio import packet as peer_packet
from engineio import payload as peer_payload
from hypothesis import given
from hypothesis import strategies as st

from eventproof.errors import ProtocolViolation, UsageError
from eventproof.wire import engineio
from eventproof.wire.engineio import Packet, PacketType

_HANDSHAKE = {
    "sid": "lv_VI97HAXpY6yYWAAAC",
    "upgrades": ["websocket"],
    "pingInterval": 25000,
    "pingTimeout": 20000,
    "maxPayload": 1000000,
}

_MESSAGES = st.lists(st.text(st.characters(exclude_characters="\x1e", codec="utf-8")).map("4{}".format) | st.binary())


@pytest.mark.parametrize(
    ("message", "packet"),
    [
        ("4hello", Packet(PacketType.MESSAGE, "hello")),
        ("2", Packet(PacketType.PING)),
        ("2probe", Packet(PacketType.PING, "probe")),
        ("3probe", Packet(PacketType.PONG, "probe")),
        ("5", Packet(PacketType.UPGRADE)),
        ("6", Packet(PacketType.NOOP)),
        ("1", Packet(PacketType.CLOSE)),
        (b"\x01\x02\x03\x04", Packet(PacketType.MESSAGE, b"\x01\x02\x03\x04")),
        (b"", Packet(PacketType.MESSAGE, b"")),
    ],
)
def test_a_message_is_a_packet_and_back(message: str | bytes, packet: Packet) -> None:
    assert engineio.decode(message) == packet
    assert engineio.encode(packet) == message


@pytest.mark.parametrize("message", ["", "7", "x", "hello", "\u0664", " 4"])
def test_an_unknown_packet_type_is_a_violation(message: str) -> None:
    with pytest.raises(ProtocolViolation) as violation:
        engineio.decode(message)
    assert violation.value.expected == "a packet type from 0 to 6"
    assert violation.value.observed == repr(message)


def test_only_messages_carry_bytes() -> None:
    with pytest.raises(UsageError, match="PING"):
        engineio.encode(Packet(PacketType.PING, b"x"))


def test_the_payload_of_the_document_is_split_at_its_separators() -> None:
    payload = "4hello\x1e2\x1e4world\x1ebAQIDBA=="
    messages: list[str | bytes] = ["4hello", "2", "4world", b"\x01\x02\x03\x04"]
    assert list(engineio.decode_payload(payload)) == messages
    assert engineio.encode_payload(messages) == payload


@given(_MESSAGES.filter(bool))
def test_payloads_agree_with_python_engineio(messages: list[str | bytes]) -> None:
    encoded = engineio.encode_payload(messages)
    theirs = peer_payload.Payload(encoded_payload=encoded) if len(messages) <= 16 else None
    if theirs is not None:
        assert [item.data for item in theirs.packets] == [
            message if isinstance(message, bytes) else _as_theirs(message) for message in messages
        ]
    packets = [
        peer_packet.Packet(peer_packet.MESSAGE, message if isinstance(message, bytes) else message[1:])
        for message in messages
    ]
    assert list(engineio.decode_payload(peer_payload.Payload(packets).encode())) == messages


def _as_theirs(message: str) -> Any:
    """python-engineio parses the data of a message as JSON where it can."""
    return peer_packet.Packet(encoded_packet=message).data


@pytest.mark.parametrize("payload", ["b!", "bAQI", "4a\x1ebA", "bé", "bAQ==AQ=="])
def test_a_record_that_is_no_base64_is_a_violation(payload: str) -> None:
    with pytest.raises(ProtocolViolation, match="not base64"):
        list(engineio.decode_payload(payload))


def test_what_precedes_a_bad_record_is_still_given() -> None:
    messages = engineio.decode_payload("4a\x1ebA")
    assert next(messages) == "4a"
    with pytest.raises(ProtocolViolation):
        next(messages)


def test_a_payload_has_a_bounded_number_of_packets() -> None:
    assert len(list(engineio.decode_payload("2\x1e2", max_messages=2))) == 2
    with pytest.raises(ProtocolViolation, match="too many packets"):
        list(engineio.decode_payload("2\x1e2\x1e2", max_messages=2))


def test_the_handshake_is_read_in_seconds() -> None:
    handshake = engineio.decode_handshake(json.dumps(_HANDSHAKE))
    assert handshake == engineio.Handshake("lv_VI97HAXpY6yYWAAAC", ("websocket",), 25.0, 20.0, 1000000)


def test_an_older_server_tells_no_max_payload() -> None:
    document = {key: value for key, value in _HANDSHAKE.items() if key != "maxPayload"}
    assert engineio.decode_handshake(json.dumps(document)).max_payload is None


@pytest.mark.parametrize(
    "change",
    [
        {"sid": ""},
        {"sid": 7},
        {"upgrades": None},
        {"upgrades": [1]},
        {"pingInterval": None},
        {"pingInterval": -1},
        {"pingTimeout": True},
        {"pingTimeout": "20000"},
        {"pingTimeout": 1e300},
        {"maxPayload": "big"},
    ],
)
def test_a_handshake_with_a_wrong_field_is_a_violation(change: dict[str, Any]) -> None:
    (field,) = change
    with pytest.raises(ProtocolViolation) as violation:
        engineio.decode_handshake(json.dumps(_HANDSHAKE | change))
    assert violation.value.expected.startswith(field)


@pytest.mark.parametrize("data", ["", "[]", "null", "{", "[" * 100_000, b"\xff"])
def test_a_handshake_that_is_no_object_is_a_violation(data: str | bytes) -> None:
    with pytest.raises(ProtocolViolation, match="OPEN packet is not valid"):
        engineio.decode_handshake(data)


def test_the_query_names_version_transport_and_session() -> None:
    assert engineio.query("polling") == "EIO=4&transport=polling"
    assert engineio.query("websocket", "a b&c") == "EIO=4&transport=websocket&sid=a+b%26c"
