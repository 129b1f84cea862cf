"""The packets of Socket.IO by themselves: what a client may say, as a value, and what it may not."""

import pytest

from reference_server.delivery.emission import Emission
from reference_server.transport import packets
from reference_server.transport.payloads import ProtocolError

READ = {
    "0": (packets.CONNECT, "/", None, None),
    '0/shield/ws,{"token":"t"}': (packets.CONNECT, "/shield/ws", None, {"token": "t"}),
    "1/shield/ws,": (packets.DISCONNECT, "/shield/ws", None, None),
    '2/shield/ws,7["pong",1]': (packets.EVENTS[0], "/shield/ws", 7, ["pong", 1]),
    "37[]": (packets.ACK, "/", 7, []),
    '51-["x",{"_placeholder":true,"num":0}]': (packets.EVENTS[1], "/", None, ["x", b""]),
}
UNREADABLE = [
    *("", "x", "9", "-1", "4", '4{"message":"x"}'),
    *("2", "2{}", "2[]", "2[1]", '2["connect"]', '2["disconnecting"]', "2[" * 5_000),
    *("3[]", "37", "37{}"),
    *('5["x"]', '50-["x"]', '51-["x",{"_placeholder":true,"num":1}]', '51-["x",{"_placeholder":true,"num":-1}]'),
    *('51-["x",{"_placeholder":true}]', '51-["x",{"_placeholder":true,"num":true}]'),
    "0/\u202e,",
]


@pytest.mark.parametrize("message", READ)
def test_what_a_client_may_say_is_read(message: str) -> None:
    received = packets.read(message)
    assert (received.packet_type, received.place, received.id, received.data) == READ[message]


@pytest.mark.parametrize("message", UNREADABLE)
def test_what_no_client_may_say_breaks_the_protocol_and_raises_nothing_else(message: str) -> None:
    with pytest.raises(ProtocolError):
        packets.read(message)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ('2["x"]', ("/", None, '["x"]')),
        ('2/shield/ws,12["x"]', ("/shield/ws", 12, '["x"]')),
        ('2/shield/ws?a=b,["x"]', ("/shield/ws", None, '["x"]')),
        ("2anything", ("/", None, "anything")),
        ("0/shield/ws,", None),
        ('51-["x"]', None),
    ],
)
def test_of_an_event_the_frame_alone_is_read(message: str, expected: tuple[str, int | None, str] | None) -> None:
    assert packets.spoken(message) == expected


@pytest.mark.parametrize("namespace", ["/", "/shield/ws"])
def test_what_is_written_is_read_again(namespace: str) -> None:
    for written, expected in (
        (packets.written(packets.CONNECT, namespace, {"sid": "s"}), (packets.CONNECT, None, {"sid": "s"})),
        (packets.written(packets.DISCONNECT, namespace), (packets.DISCONNECT, None, None)),
        (packets.written(packets.ACK, namespace, ["done"], 7), (packets.ACK, 7, ["done"])),
        (packets.event(namespace, Emission("told", {"a": "é"})), (packets.EVENTS[0], None, ["told", {"a": "é"}])),
        (packets.event(namespace, Emission("ping", None)), (packets.EVENTS[0], None, ["ping"])),
    ):
        received = packets.read(written.removeprefix("4"))
        assert received.place == namespace
        assert (received.packet_type, received.id, received.data) == expected
