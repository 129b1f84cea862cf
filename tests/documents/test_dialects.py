"""The ways in which documents are written, each read as it was meant."""

import json
from collections.abc import Callable

import pytest

from eventproof import catalog, layout
from eventproof.catalog import Direction, Event, System, Wire
from eventproof.catalog.arguments import Arguments
from eventproof.catalog.reading import Weight
from eventproof.documents import overlay, own
from eventproof.documents.wanted import Wanted

Read = Callable[..., System]

SECOND = """
asyncapi: 2.6.0
info: {title: Talk, version: '1'}
servers:
  here: {url: 'localhost:5000/socket.io', protocol: ws}
channels:
  /talk:
    publish:
      message:
        oneOf:
          - {$ref: '#/components/messages/Say'}
          - {$ref: '#/components/messages/Enter'}
    subscribe:
      message: {$ref: '#/components/messages/Said'}
components:
  messages:
    Say: {name: say, payload: {type: string}, x-ack: {args: {type: object, properties: {ok: {type: boolean}}}}}
    Enter: {name: join, payload: {type: string}}
    Said:
      name: said
      traits: [{summary: Somebody said it.}]
      payload: {type: object, required: [text], properties: {text: {type: string, nullable: true}}}
"""
THIRD = """
asyncapi: 3.0.0
info: {title: Quotes server, version: '1'}
servers: {here: {host: localhost, protocol: PROTOCOL}}
channels:
  quotes:
    address: /quotes
    messages:
      tick: {payload: {type: object, properties: {type: {const: tick}, price: {type: number}}, required: [type, price]}}
      gone: {payload: {type: object, properties: {type: {enum: [gone]}}, required: [type]}}
operations:
  tell: {action: send, channel: {$ref: '#/channels/quotes'}}
"""


def named(system: System, name: str, direction: Direction = Direction.SEND) -> Event:
    return next(event for event in system.events if (event.name, event.direction) == (name, direction))


def said(system: System) -> str:
    assert system.reading is not None
    return "\n".join(map(str, system.reading.remarks))


def test_in_2_x_clients_publish_and_the_server_is_subscribed_to(read: Read) -> None:
    system = read(SECOND)
    assert {(event.name, event.direction) for event in system.events} == {
        ("say", Direction.RECEIVE),
        ("join", Direction.RECEIVE),
        ("said", Direction.SEND),
    }
    assert [(channel.wire, channel.address) for channel in system.channels] == [(Wire.SOCKET_IO, "/talk")]
    assert named(system, "said").summary == "Somebody said it."


def test_the_args_of_an_x_ack_are_what_the_callback_carries(read: Read) -> None:
    ack = named(read(SECOND), "say", Direction.RECEIVE).ack
    assert ack is not None
    assert (ack.by, ack.fits({"ok": True}), ack.fits({"ok": 1})) == ("callback", True, False)


def test_nullable_is_read_as_meant_and_told_with_its_line(read: Read) -> None:
    system = read(SECOND)
    assert named(system, "said").is_valid({"text": None})
    assert not named(system, "said").is_valid({"text": 1})
    assert "chat.yaml:22: nullable is OpenAPI's word" in said(system)


@pytest.mark.parametrize(
    ("protocol", "wire", "name_at"), [("wss", Wire.WEBSOCKET, "/type"), ("sse", Wire.SSE, "/type")]
)
def test_events_of_a_stream_are_told_apart_by_a_constant(read: Read, protocol: str, wire: Wire, name_at: str) -> None:
    system = read(THIRD.replace("PROTOCOL", protocol))
    (channel,) = system.channels
    assert (channel.wire, channel.address, channel.name_at) == (wire, "/quotes", name_at)
    assert {event.name for event in system.events} == {"tick", "gone"}


def test_alternatives_of_one_payload_are_events_of_their_own(read: Read) -> None:
    one = (
        "payload: {oneOf: [{type: object, properties: {type: {const: a}}, required: [type]}, "
        "{type: object, properties: {type: {const: b}}, required: [type]}]}"
    )
    text = THIRD.replace("PROTOCOL", "ws")
    start = text.index("      tick:")
    system = read(text[:start] + f"      all: {{{one}}}\n" + text[text.index("operations:") :])
    assert {event.name for event in system.events} == {"a", "b"}


def test_what_cannot_be_told_apart_is_one_event_and_that_is_told(read: Read) -> None:
    text = THIRD.replace("PROTOCOL", "ws").replace("{const: tick}", "{type: string}").replace("{enum: [gone]}", "{}")
    system = read(text)
    (event,) = system.events
    assert event.name == "message"
    assert "2 messages cannot be told apart" in said(system)


TUPLE = """
asyncapi: 3.0.0
info: {title: T, version: '1'}
servers: {here: {host: localhost, protocol: socketio}}
channels:
  root:
    address: /
    messages:
      pair: {name: pair, payload: {type: array, prefixItems: [{type: number}, {enum: [a, b]}], items: false}}
      list: {name: list, payload: {type: array, items: {type: number}}}
      one: {name: one, payload: {type: array, prefixItems: [{type: string}], maxItems: 1}}
operations:
  tell: {action: send, channel: {$ref: '#/channels/root'}}
"""


def test_a_tuple_is_the_list_of_the_arguments_and_an_array_is_one_argument(read: Read) -> None:
    system = read(TUPLE)
    pair, plain, one = (named(system, name) for name in ("pair", "list", "one"))
    assert pair.is_valid(Arguments([1, "a"]))
    assert not pair.is_valid([1, "a"]), "one argument that is a list"
    assert not pair.is_valid(Arguments([1, "wrong"]))
    assert not pair.is_valid(1), "the second argument is missing"
    assert plain.is_valid([1, 2])
    assert not plain.is_valid(Arguments([1, 2])), "two arguments where there is one"
    assert [problem.expected for problem in plain.explain(Arguments([1, 2]))] == ["one argument, which is a list"]
    assert one.is_valid("x")
    assert not one.is_valid(7)
    assert "draft-07 passes over prefixItems" in said(system)


EVENTS_ARE_CHANNELS = """
asyncapi: 3.0.0
info: {title: Game server, version: '1'}
servers: {here: {host: localhost, protocol: socket.io}}
channels:
  moved: {address: move made, messages: {m: {payload: {type: object}}}}
  asked: {address: make move, messages: {m: {payload: {type: object}}}}
operations:
  a: {action: send, channel: {$ref: '#/channels/moved'}}
  b: {action: receive, channel: {$ref: '#/channels/asked'}}
"""


def test_a_channel_may_be_an_event(read: Read) -> None:
    system = read(EVENTS_ARE_CHANNELS)
    assert {event.name for event in system.events} == {"move made", "make move"}
    assert [channel.address for channel in system.channels] == ["/"]
    assert system.reading is not None
    assert any("a channel is an event" in line for line in system.reading.said)


def test_a_channel_may_be_a_room_whose_members_hear_its_events(read: Read) -> None:
    text = EVENTS_ARE_CHANNELS.replace("address: move made", "address: 'games/{gameId}'").replace(
        "{payload: {type: object}}", "{name: moved, payload: {type: object, properties: {gameId: {type: string}}}}"
    )
    system = read(text)
    assert named(system, "moved").audience == ("room:games:{gameId}",)


def test_what_a_channel_is_can_be_said(read: Read) -> None:
    assert {channel.address for channel in read(EVENTS_ARE_CHANNELS, channels="namespace").channels} == {
        "/move made",
        "/make move",
    }


def test_a_reply_without_a_name_is_the_callback(read: Read) -> None:
    text = """
asyncapi: 3.0.0
info: {title: T, version: '1'}
servers: {here: {host: localhost, protocol: socketio}}
channels:
  root:
    address: /
    messages:
      ask: {name: ask, payload: {type: string}}
      answer: {payload: {type: object, required: [ok], properties: {ok: {type: boolean}}}}
operations:
  asked:
    action: receive
    channel: {$ref: '#/channels/root'}
    messages: [{$ref: '#/channels/root/messages/ask'}]
    reply: {channel: {$ref: '#/channels/root'}, messages: [{$ref: '#/channels/root/messages/answer'}]}
"""
    ack = named(read(text), "ask", Direction.RECEIVE).ack
    assert ack is not None
    assert (ack.by, ack.fits({}), ack.fits({"ok": True})) == ("callback", False, True)
    on_websocket = read(text.replace("socketio", "ws").replace("/root/messages/answer: {", "").replace("'1'", "'2'"))
    ack = named(on_websocket, "message", Direction.RECEIVE).ack
    assert ack is not None
    assert ack.by == "message", "a wire without callbacks answers by an event"


def test_the_clients_view_is_seen_and_told(read: Read) -> None:
    text = TUPLE.replace("pair: {name: pair", "pair: {name: subscribe").replace("title: T", "title: A client")
    system = read(text)
    assert named(system, "subscribe", Direction.RECEIVE)
    assert "the client's view" in said(system)
    assert named(read(text, view="server"), "subscribe", Direction.SEND)


def test_a_doubtful_view_is_a_question(read: Read) -> None:
    text = TUPLE.replace("name: pair", "name: subscribe").replace("name: list", "name: updated")
    assert "question" in {remark.weight for remark in read(text).reading.remarks}  # type: ignore[union-attr]


def test_the_verbs_of_2_x_speak_for_no_view(read: Read) -> None:
    system = read(SECOND.replace("name: say, ", "").replace("name: join, ", "").replace("name: said", "summary: it"))
    assert system.reading is not None
    assert "subscribe" not in system.reading.said[0]
    assert Weight.QUESTION not in {remark.weight for remark in system.reading.remarks}


def test_what_a_reference_leads_through_may_be_a_reference(read: Read) -> None:
    assert "answer" in {event.name for event in read(THROUGH).events}


THROUGH = """
asyncapi: 3.0.0
info: {title: A server, version: '1'}
servers: {here: {host: localhost, protocol: socketio}}
channels:
  root: {$ref: '#/components/channels/root'}
operations:
  tell: {action: send, channel: {$ref: '#/channels/root'}, messages: [{$ref: '#/channels/root/messages/answer'}]}
components:
  channels:
    root: {address: /, messages: {answer: {name: answer, payload: {type: string}}}}
"""


def test_channels_of_several_files_are_not_taken_for_each_other(read: Read) -> None:
    text = THIRD.replace("PROTOCOL", "sse").split("channels:")[0]
    for name in ("a", "b"):
        channel = {"address": f"/{name}", "messages": {name: {"name": name, "payload": {"type": "object"}}}}
        with pytest.raises(Exception, match="no AsyncAPI"):
            read(json.dumps(channel), f"{name}.json")
    system = read(
        text
        + "channels: {a: {$ref: a.json}, b: {$ref: b.json}}\noperations:\n"
        + "".join(f"  {name}: {{action: send, channel: {{$ref: '#/channels/{name}'}}}}\n" for name in "ab")
    )
    assert {channel.address for channel in system.channels} == {"/a", "/b"}
    assert {(event.name, event.channels[0].address) for event in system.events} == {("a", "/a"), ("b", "/b")}


def test_a_reference_with_nullable_beside_it_lets_null_through(read: Read) -> None:
    text = TUPLE.replace(
        "{type: array, items: {type: number}}", "{properties: {a: {$ref: '#/components/schemas/A', nullable: true}}}"
    )
    event = named(read(text + "components: {schemas: {A: {type: string}}}\n"), "list")
    assert event.is_valid({"a": None})
    assert event.is_valid({"a": "x"})
    assert not event.is_valid({"a": 1})


def test_references_lead_to_other_files_and_back(read: Read) -> None:
    parts = {"Node": {"type": "object", "properties": {"next": {"$ref": "#/Node"}, "id": {"$ref": "ids.json#/Id"}}}}
    text = TUPLE.replace("{type: array, items: {type: number}}", "{$ref: 'parts/all.json#/Node'}")
    for name, content in (("parts/all.json", parts), ("parts/ids.json", {"Id": {"type": "integer"}})):
        with pytest.raises(Exception, match="no AsyncAPI"):
            read(json.dumps(content), name)
    event = named(read(text), "list")
    assert event.is_valid({"next": {"next": {"id": 1}}})
    assert not event.is_valid({"next": {"next": {"id": "1"}}})


@pytest.mark.parametrize("name", list(catalog.load().systems))
def test_the_bundled_contracts_mean_the_same_when_they_are_read_as_somebodys_own(name: str) -> None:
    shipped = catalog.load().system(name)
    folder = layout.CONTRACTS / name.replace("-", "_")
    read = own.system(overlay.Overlay(name, "p", folder / "asyncapi.yaml", folder / "openapi.yaml", Wanted(), True))
    told = {(event.name, event.direction, event.channels[0].address): event for event in read.events}
    assert len(told) == len(shipped.events)
    for event in shipped.events:
        same = told[event.name, event.direction, event.channels[0].address]
        assert (same.audience, same.triggers, same.order_by, same.correlate, same.joins, same.channels) == (
            event.audience,
            event.triggers,
            event.order_by,
            event.correlate,
            event.joins,
            event.channels,
        )
        assert all(map(same.is_valid, event.examples))
        assert not any(same.is_valid(case.payload) for case in event.counterexamples)
    assert {operation.id for operation in shipped.operations} <= {operation.id for operation in read.operations}
