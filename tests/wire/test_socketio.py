"""Socket.IO packets, by the tables of the protocol's document and against python-socketio's codec."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
import socketio.packet
from hypothesis import given
from hypothesis import strategies as st

from eventproof.errors import ProtocolViolation, UsageError
from eventproof.wire.socketio import Packet, PacketDecoder, PacketType, encode

_T = PacketType

DOCUMENTED = [
    (Packet(_T.CONNECT), ["0"]),
    (Packet(_T.CONNECT, "/", {"sid": "wZX3oN0bSVIhsaknAAAI"}), ['0{"sid":"wZX3oN0bSVIhsaknAAAI"}']),
    (Packet(_T.CONNECT, "/admin"), ["0/admin,"]),
    (Packet(_T.CONNECT, "/admin", {"sid": "oSO0"}), ['0/admin,{"sid":"oSO0"}']),
    (Packet(_T.CONNECT_ERROR, "/", {"message": "Not authorized"}), ['4{"message":"Not authorized"}']),
    (Packet(_T.EVENT, "/", ["foo"]), ['2["foo"]']),
    (Packet(_T.EVENT, "/admin", ["bar"]), ['2/admin,["bar"]']),
    (
        Packet(_T.BINARY_EVENT, "/", ["baz", b"\1\2\3\4"]),
        ['51-["baz",{"_placeholder":true,"num":0}]', b"\1\2\3\4"],
    ),
    (
        Packet(_T.BINARY_EVENT, "/admin", ["baz", b"\1\2", b"\3\4"]),
        ['52-/admin,["baz",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]', b"\1\2", b"\3\4"],
    ),
    (Packet(_T.EVENT, "/", ["foo"], 12), ['212["foo"]']),
    (Packet(_T.ACK, "/", [], 12), ["312[]"]),
    (Packet(_T.EVENT, "/admin", ["foo"], 13), ['2/admin,13["foo"]']),
    (Packet(_T.ACK, "/admin", ["bar"], 13), ['3/admin,13["bar"]']),
    (
        Packet(_T.BINARY_EVENT, "/", ["foo", b"\1\2"], 14),
        ['51-14["foo",{"_placeholder":true,"num":0}]', b"\1\2"],
    ),
    (
        Packet(_T.BINARY_ACK, "/", ["bar", b"\1\2"], 15),
        ['61-15["bar",{"_placeholder":true,"num":0}]', b"\1\2"],
    ),
    (Packet(_T.DISCONNECT), ["1"]),
    (Packet(_T.DISCONNECT, "/admin"), ["1/admin,"]),
]

_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=5).filter("_placeholder".__ne__), inner, max_size=4)
    ),
    max_leaves=10,
)
_WITH_BYTES = st.recursive(
    _JSON | st.binary(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=5).filter("_placeholder".__ne__), inner, max_size=4)
    ),
    max_leaves=10,
)
_NAMESPACES = st.just("/") | st.text(st.characters(codec="ascii", categories=["L", "N"]), max_size=8).map("/{}".format)
_IDS = st.none() | st.integers(0, 2**31)


def _decoded(messages: list[str | bytes], decoder: PacketDecoder | None = None) -> Packet:
    decoder = decoder or PacketDecoder()
    *first, last = messages
    for message in first:
        assert decoder.feed(message) is None
    packet = decoder.feed(last)
    assert packet is not None
    return packet


@pytest.mark.parametrize(("packet", "messages"), DOCUMENTED)
def test_the_documented_packets_are_encoded_and_decoded(packet: Packet, messages: list[str | bytes]) -> None:
    assert encode(packet) == messages
    assert _decoded(messages) == packet
    assert _decoded(messages, PacketDecoder(loads=orjson.loads)) == packet


@given(_NAMESPACES, st.text(st.characters(codec="utf-8")), st.lists(_WITH_BYTES, max_size=4), _IDS)
def test_what_python_socketio_encodes_is_decoded(
    namespace: str, name: str, args: list[Any], number: int | None
) -> None:
    theirs = socketio.packet.Packet(socketio.packet.EVENT, data=[name, *args], namespace=namespace, id=number).encode()
    messages = theirs if isinstance(theirs, list) else [theirs]
    packet = _decoded(messages)
    assert (packet.namespace, packet.data, packet.id) == (namespace, [name, *args], number)


@given(_NAMESPACES, st.text(st.characters(codec="utf-8")), st.lists(_WITH_BYTES, max_size=4), _IDS)
def test_what_is_encoded_python_socketio_decodes(
    namespace: str, name: str, args: list[Any], number: int | None
) -> None:
    text, *attachments = encode(Packet(_T.EVENT, namespace, [name, *args], number))
    theirs = socketio.packet.Packet(encoded_packet=text)
    for attachment in attachments:
        theirs.add_attachment(attachment)
    assert (theirs.namespace or "/", theirs.data, theirs.id) == (namespace, [name, *args], number)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("", "a packet type"),
        ("7", "a packet type"),
        ("x", "a packet type"),
        ("2", "an array that begins"),
        ("2[]", "an array that begins"),
        ("2{}", "an array that begins"),
        ("2[1]", "an array that begins"),
        ('2/admin["x"]', "a payload in JSON"),
        ('2["x"', "a payload in JSON"),
        ('2["x"]]', "a payload in JSON"),
        ("2[NaN]", "a payload in JSON"),
        ("2" + "[" * 100_000, "a payload in JSON"),
        ('2["x",' + "9" * 5000 + "]", "a payload in JSON"),
        ('21-["x"]', "no attachments for EVENT"),
        ("3[]", "the id of the acknowledged event"),
        ("31{}", "an array"),
        ("31", "an array"),
        ('5["x"]', "the number of attachments"),
        ('565-["x"]', "at most 64 attachments"),
        ('5999999999-["x"]', "at most 64 attachments"),
        ("0[]", "an object or no payload"),
        ("01", "no acknowledgement id"),
        ('01{"sid":"x"}', "no acknowledgement id"),
        ("4", "an object that says why"),
        ("4[]", "an object that says why"),
        ("41{}", "no acknowledgement id"),
        ("1{}", "no payload"),
        ("11", "no payload"),
        ("2\u06f1[]", "a payload in JSON"),
    ],
)
def test_what_is_no_packet_is_a_violation(message: str, expected: str) -> None:
    decoder = PacketDecoder()
    with pytest.raises(ProtocolViolation) as violation:
        decoder.feed(message)
    assert expected in violation.value.expected
    assert len(violation.value.observed) < 300
    assert decoder.feed('2["still","works"]') == Packet(_T.EVENT, "/", ["still", "works"])


@pytest.mark.parametrize("loads", [None, orjson.loads])
@pytest.mark.parametrize(
    ("payload", "value"),
    [
        (r'"\ud800"', "\ud800"),
        (r'"\udc00\ud800"', "\udc00\ud800"),
        (r'{"\udfff":1}', {"\udfff": 1}),
        (r'"\u0000"', "\0"),
        ('{"a":1,"a":2}', {"a": 2}),
        ("[" * 98 + "]" * 98, ...),
        ("1" * 4000, ...),
        ("1e999", float("inf")),
        ("-0", 0),
    ],
)
def test_whatever_is_json_is_an_event_for_every_parser(
    loads: Callable[[str], Any] | None, payload: str, value: Any
) -> None:
    packet = PacketDecoder(loads=loads).feed(f'2["x",{payload}]')
    assert packet is not None
    assert value is ... or packet.data == ["x", value]


@pytest.mark.parametrize("loads", [None, orjson.loads])
@pytest.mark.parametrize(
    "payload",
    [
        "NaN",
        "Infinity",
        "-Infinity",
        "9" * 5000,
        "[" * 900 + "]" * 900,
        "[" * 3000 + "]" * 3000,
        '{"a":' * 900,
        "[" * 100_000,
        '"\1"',
        "'x'",
        "01",
        "1_000",
        "0x10",
        "\ufeff1",
    ],
)
def test_whatever_is_none_or_too_much_is_a_violation_for_every_parser(
    loads: Callable[[str], Any] | None, payload: str
) -> None:
    with pytest.raises(ProtocolViolation):
        PacketDecoder(loads=loads).feed(f'2["x",{payload}]')


def test_text_where_an_attachment_is_due_is_a_violation() -> None:
    decoder = PacketDecoder()
    decoder.feed('52-["x",{"_placeholder":true,"num":0}]')
    decoder.feed(b"\0")
    with pytest.raises(ProtocolViolation, match="missing") as violation:
        decoder.feed('2["y"]')
    assert violation.value.expected == "1 more binary message(s)"
    assert decoder.feed('2["y"]') == Packet(_T.EVENT, "/", ["y"])


def test_an_attachment_of_nothing_is_a_violation() -> None:
    with pytest.raises(ProtocolViolation, match="belongs to no"):
        PacketDecoder().feed(b"\0")


@pytest.mark.parametrize("number", ["1", "-1", "true", '"0"', "null", "0.0"])
def test_a_placeholder_without_its_attachment_is_a_violation(number: str) -> None:
    decoder = PacketDecoder()
    decoder.feed(f'51-["x",{{"_placeholder":true,"num":{number}}}]')
    with pytest.raises(ProtocolViolation, match="names no attachment"):
        decoder.feed(b"\0")


def test_a_payload_may_be_wide_and_deep_but_not_without_end() -> None:
    decoder = PacketDecoder(max_depth=20)
    decoder.feed('51-["x",' + "[" * 18 + '{"_placeholder":true,"num":0}' + "]" * 18 + "]")
    packet = decoder.feed(b"\7")
    assert packet is not None
    value = packet.data[1]
    for _ in range(18):
        (value,) = value
    assert value == b"\7"
    assert decoder.feed('2["x"' + ",[{}]" * 100 + "]") is not None
    with pytest.raises(ProtocolViolation) as violation:
        decoder.feed('2["x",' + "[" * 20 + "1" + "]" * 20 + "]")
    assert violation.value.expected == "at most 20 values inside one another"


def test_what_looks_like_a_placeholder_in_a_text_packet_is_data() -> None:
    assert _decoded(['2["x",{"_placeholder":true,"num":0}]']).data == ["x", {"_placeholder": True, "num": 0}]


def test_a_binary_packet_may_have_no_attachments() -> None:
    assert _decoded(['50-["x"]']) == Packet(_T.BINARY_EVENT, "/", ["x"])


def test_bytes_are_kept_apart_from_what_cannot_be_sent() -> None:
    assert encode(Packet(_T.EVENT, "/", ["x", bytearray(b"\1"), memoryview(b"\2")]))[1:] == [b"\1", b"\2"]
    for unsendable in (object(), float("nan"), {1, 2}, "\ud800"):
        with pytest.raises(UsageError, match="cannot be sent as JSON"):
            encode(Packet(_T.EVENT, "/", ["x", unsendable]))
    with pytest.raises(UsageError, match="CONNECT packet carries no bytes"):
        encode(Packet(_T.CONNECT, "/", {"token": b"\0"}))


def test_a_value_that_contains_itself_cannot_be_sent() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(UsageError, match="cannot be sent as JSON"):
        encode(Packet(_T.EVENT, "/", ["x", loop]))
