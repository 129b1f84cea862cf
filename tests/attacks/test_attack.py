"""The catalogue of attacks: each breaks what it says it breaks, and the good message in it is a good one."""

import base64

import pytest

from eventproof.attacks import ATTACKS, Attack, Door, Kind, of_kind
from eventproof.attacks.attack import ASKED, Binary, Body, Frame, Message, Scene, framed, named
from eventproof.errors import ProtocolViolation
from eventproof.wire import engineio, socketio
from reference_server.transport.frames import Close, FrameError, Frames

SCENE = Scene("/shield/ws", '"pong"', '{"token":"t"}', "/socket.io/?EIO=4", "/socket.io/?EIO=4", "example.com")
GOOD = framed(0x81, b"42[]")
UNDECIDED = {"length-of-a-terabyte", "fragments-without-end", "message-behind-a-close"}
"""What is told by a limit, or by what follows."""


@pytest.mark.parametrize("attack", of_kind(Kind.FRAME), ids=lambda attack: attack.name)
def test_a_strict_reader_refuses_each_frame_or_has_seen_the_end(attack: Attack) -> None:
    """By a codec that is not the one that made them; a good frame behind it is never read."""
    frames = Frames(1 << 20)
    frames.feed(b"".join(attack.framed(SCENE)) + GOOD)
    found = []
    try:
        while (one := frames.next()) is not None and not isinstance(one, Close):
            found.append(one)
    except FrameError:
        pass
    else:
        assert attack.name in UNDECIDED
    assert "42[]" not in found


@pytest.mark.parametrize("kind", [Kind.ENGINE, Kind.PACKET, Kind.ATTACHMENT])
def test_those_that_ask_for_an_acknowledgement_say_what_no_packet_may_say(kind: Kind) -> None:
    """Where the packets alone break nothing, it is by whom or when they are sent: that is told by their names."""
    lawful = set()
    for attack in of_kind(kind):
        decoder = socketio.PacketDecoder()
        if not attack.asks or attack.tolerated:
            continue
        try:
            for frame in attack.framed(SCENE):
                frames = Frames(1 << 20)
                frames.feed(frame)
                message = frames.next()
                assert isinstance(message, str | bytes)
                packet = engineio.decode(message)
                if packet.type is not engineio.PacketType.MESSAGE:
                    raise ProtocolViolation("a type", expected="MESSAGE", observed=packet.type.name)
                decoder.feed(packet.data)
        except ProtocolViolation:
            continue
        lawful.add(attack.name)
    assert lawful <= {
        "event-before-connect",
        "attachments-before-connect",
        "event-in-a-namespace-never-joined",
        "event-behind-disconnect",
        "id-of-thirty-digits",
        "attachment-that-never-comes",
        "attachment-of-a-placeholder-that-never-comes",
    }


def test_a_good_message_is_a_good_one() -> None:
    packet = engineio.decode(SCENE.asking(ASKED))
    inner = socketio.PacketDecoder().feed(packet.data)
    assert inner == socketio.Packet(socketio.PacketType.EVENT, "/shield/ws", ["pong"], ASKED)


def test_no_two_attacks_have_one_name_and_each_says_what_it_breaks() -> None:
    assert all(attack.breaks.endswith((".", "JSON]")) for attack in ATTACKS.values())
    with pytest.raises(ValueError, match="unmasked-frame"):
        named([ATTACKS["unmasked-frame"], ATTACKS["unmasked-frame"]])


def test_every_template_knows_its_names() -> None:
    for attack in ATTACKS.values():
        said = b"".join((*attack.framed(SCENE), *attack.posted(SCENE), *attack.raw(SCENE)))
        assert b"$" not in said, attack.name


def test_messages_go_together_in_one_payload_and_binary_ones_as_base64() -> None:
    attack = Attack("x", Kind.ENGINE, "x", (Message("4$ns"), Binary("\udcff")), (Door.POLLING,))
    (payload,) = attack.posted(SCENE, times=2)
    record = b"4/shield/ws,\x1eb" + base64.b64encode(b"\xff")
    assert payload == record + b"\x1e" + record


def test_a_body_is_posted_by_itself() -> None:
    attack = Attack("x", Kind.PAYLOAD, "x", (Body("a", 2),), (Door.POLLING,))
    assert list(attack.posted(SCENE, times=2)) == [b"a\x1ea\x1ea\x1ea"]


def test_a_frame_says_what_it_is_told_to_say() -> None:
    attack = Attack("x", Kind.FRAME, "x", (Frame(0xC1, "ab", masked=False, length=200, width=8),), (Door.NATIVE,))
    assert list(attack.framed(SCENE)) == [b"\xc1\x7f\0\0\0\0\0\0\0\xc8ab"]


def test_gently_nothing_is_a_crowd() -> None:
    assert all(attack.gentle.connections <= 2 and attack.gentle.times <= 20 for attack in ATTACKS.values())


def test_an_event_that_is_no_array_is_json_by_itself() -> None:
    scene = Scene(event='"join:role","student"')
    for name, said in {"event-that-is-an-object": '{"0":"join:role"}', "event-that-is-a-text": '"join:role"'}.items():
        (text,) = (sent.text for sent in ATTACKS[name].sends)
        assert scene.filled(text).decode() == f"42{ASKED}{said}"


def test_no_event_that_a_server_may_take_stands_before_what_is_malformed() -> None:
    """A server that takes packets in order would lawfully acknowledge it."""
    for attack in ATTACKS.values():
        assert not any("$said\x1e" in sent.text for sent in attack.sends), attack.name
