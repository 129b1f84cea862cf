"""Whatever is wrong with a document, or with what a profile says of it: a sentence with file, line and remedy."""

from collections.abc import Callable

import pytest

from eventproof.catalog import System
from eventproof.errors import UsageError
from eventproof.verdict import ExitCode

Read = Callable[..., System]

GOOD = """asyncapi: 3.0.0
info: {title: T, version: '1'}
servers: {here: {host: localhost, protocol: socketio}}
channels:
  root:
    address: /
    messages:
      told: {name: told, payload: {type: object, properties: {roomId: {type: string}, text: {type: string}}}}
      said: {name: say, payload: {type: object, properties: {roomId: {type: string}, text: {type: string}}}}
operations:
  tell: {action: send, channel: {$ref: '#/channels/root'}, messages: [{$ref: '#/channels/root/messages/told'}]}
  hear: {action: receive, channel: {$ref: '#/channels/root'}, messages: [{$ref: '#/channels/root/messages/said'}]}
"""
BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + level)}: &{chr(98 + level)} [" + ", ".join([f"*{chr(97 + level)}"] * 10) + "]\n" for level in range(8)
)


def refused(read: Read, text: str, name: str = "chat.yaml", **said: object) -> str:
    with pytest.raises(UsageError) as caught:
        read(text, name, **said)
    assert caught.value.exit_code is ExitCode.USAGE
    return str(caught.value)


def test_the_good_one_is_read(read: Read) -> None:
    assert {event.name for event in read(GOOD).events} == {"told", "say"}


@pytest.mark.parametrize(
    ("here", "instead", "sentence"),
    [
        ("asyncapi: 3.0.0", "openapi: 3.0.0", "chat.yaml: this is no AsyncAPI document: it is one of OpenAPI"),
        ("asyncapi: 3.0.0", "asyncapi: 4.0.0", "chat.yaml:1: asyncapi: 4.0.0 is not known; 2.x and 3.x are"),
        ("protocol: socketio", "protocol: kafka", "all of its channels are on kafka; eventproof speaks Socket.IO"),
        ("protocol: socketio", "protocol: ''", "nothing in it tells on which wire it is: write wire ="),
        ("info:", "asyncapi: 3.1.0\ninfo:", 'chat.yaml:2: the key "asyncapi" stands twice in one table'),
        ("address: /\n", "address: [\n", "chat.yaml:8: this is no YAML"),
        ("messages/told'}", "messages/tols'}", 'tols" points to nothing (did you mean "told"?)'),
        ("{type: object, properties: {roomId", "{$ref: 'https://example.com/x.json', y: {roomId", "is on the network"),
        ("{type: object, properties: {roomId", "{$ref: '/etc/passwd', y: {roomId", "must name a file beside this one"),
        ("{type: object, properties: {roomId", "{$ref: 'gone.yaml#/A', y: {roomId", "names a file that is not there"),
        ("text: {type: string}", "text: {type: strin}", 'chat.yaml:8: "strin" is no type (did you mean "string"?)'),
        ("text: {type: string}", "text: {pattern: '(?<a'}", "chat.yaml:8: the pattern '(?<a' is no regular expression"),
        ("text: {type: string}", "text: {required: true}", "chat.yaml:8: required must be the list of the names"),
        ("{action: send", "{action: tell", 'chat.yaml:11: its action must be send or receive, not "tell"'),
        ("address: /\n", "address: !!python/object:os.system x\n", "chat.yaml:6: the tag tag:yaml.org,2002:python"),
    ],
)
def test_it_is_refused_in_words(read: Read, here: str, instead: str, sentence: str) -> None:
    assert here in GOOD
    assert sentence in refused(read, GOOD.replace(here, instead, 1))


def test_a_reference_that_leads_back_to_itself_is_refused(read: Read) -> None:
    text = GOOD.replace(
        "{type: object, properties: {roomId: {type: string}, text: {type: string}}}", "{$ref: '#/a'}", 1
    )
    assert 'chat.yaml:13: the reference "#/b" leads back to itself' in refused(
        read, text + "a: {$ref: '#/b'}\nb: {$ref: '#/a'}\n"
    ).replace('chat.yaml:14: the reference "#/a"', 'chat.yaml:13: the reference "#/b"')


@pytest.mark.parametrize(
    "reference", ["#/x/y", "#/x/x/x/x"], ids=["what it refers to is in itself", "it goes round on its way"]
)
def test_a_reference_that_needs_itself_on_its_way_points_to_nothing(read: Read, reference: str) -> None:
    payload = "{type: object, properties: {roomId: {type: string}, text: {type: string}}}"
    text = GOOD.replace(payload, "{$ref: '#/x'}", 1) + f"x: {{$ref: '{reference}'}}\n"
    assert "points to nothing" in refused(read, text)


@pytest.mark.parametrize("number", ["1" * 5000, "NaN"])
def test_a_number_that_json_does_not_have_is_refused(read: Read, number: str) -> None:
    assert "chat.json: " in refused(read, f'{{"asyncapi": {number}}}', "chat.json")


def test_half_a_letter_is_refused_and_a_whole_one_is_not(read: Read) -> None:
    assert "has half a letter" in refused(read, '{"asyncapi": "\\ud83d"}', "chat.json")
    assert "is not known" in refused(read, '{"asyncapi": "\\ud83d\\ude00"}', "chat.json")


def test_a_key_of_any_length_costs_no_more_than_itself(read: Read) -> None:
    text = GOOD + "? x-" + "k" * 900_000 + "\n: [" + "1, " * 50_000 + "1]\n"
    assert {event.name for event in read(text).events} == {"told", "say"}


def test_a_bomb_of_aliases_is_refused(read: Read) -> None:
    assert "it holds more than 200,000 values, those counted that aliases repeat" in refused(read, BOMB)


def test_what_is_nested_without_end_is_refused(read: Read) -> None:
    assert "nested more than 100 deep" in refused(read, "asyncapi: " + "[" * 5000 + "]" * 5000)
    assert "nested too deep" in refused(read, "[" * 100_000, "chat.json")


def test_an_alias_inside_of_itself_is_refused(read: Read) -> None:
    assert "chat.yaml:1: *a stands inside of itself" in refused(read, "a: &a [*a]")


def test_two_events_of_one_name_on_one_channel_are_refused(read: Read) -> None:
    text = GOOD.replace("said: {name: say", "said: {name: told").replace(
        "properties: {roomId", "required: [a], properties: {roomId", 1
    )
    text = text.replace("action: receive", "action: send")
    assert 'there are two events "told" on this channel' in refused(read, text)


@pytest.mark.parametrize(
    ("events", "sentence"),
    [
        ({"tolt": {"audience": ["everyone"]}}, 'has no event of that name (did you mean "told"?); it has say, told'),
        ({"told": {"audienc": ["everyone"]}}, 'unknown key "audienc"'),
        ({"told": {"trigger": ["sya"]}}, '"sya" is neither a call nor an event of a client (did you mean "say"?)'),
        ({"told": {"audience": ["everybody"]}}, "x-audience at /0: expected text that matches"),
        ({"told": {"audience": ["user:{who}"]}}, "{who} is neither told by its triggers nor at the top of its payload"),
        ({"told": {"order_by": "/rom"}}, "/rom is no field that chat.yaml describes"),
        ({"told": {"joins": "room:{roomId}"}}, "joins says nothing here, as the server sends it"),
        ({"say": {"audience": ["everyone"]}}, "audience says nothing here, as clients send it"),
        ({"say": {"joins": "room:{x}:{y}"}}, "chat.yaml does not describe x, y"),
        ({"say": {"ack": "perhaps"}}, 'must be one of required, optional, not "perhaps"'),
    ],
)
def test_what_a_profile_says_of_events_is_held_against_the_document(
    read: Read, events: dict[str, object], sentence: str
) -> None:
    told = refused(read, GOOD, events=events)
    assert sentence in told
    assert "eventproof.toml" in told


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"wire": "carrier pigeon"}, "must be one of socket.io, sse, websocket"),
        ({"view": "mine"}, "must be one of server, client"),
        ({"asyncap": "x"}, 'unknown key "asyncap"'),
        ({"values": {"roomId": ["a"]}}, "roomId stands in no room that a client asks for"),
        ({"calls": {"post": {"role": "user"}}}, "no document has a call of that name"),
        ({"calls": {"post": {"path": "post"}}}, 'a path begins with "/"'),
    ],
)
def test_what_a_profile_says_of_a_contract_is_looked_over(read: Read, said: dict[str, object], sentence: str) -> None:
    assert sentence in refused(read, GOOD, "chat.yaml", **said)


def test_a_wire_without_callbacks_is_acknowledged_by_an_event(read: Read) -> None:
    text = GOOD.replace("socketio", "ws").replace("{roomId: {type: string}", "{type: {const: say}, roomId: {}")
    told = refused(read, text, events={"say": {"ack": "required"}})
    assert 'websocket has no callbacks: name the event of the other side that acknowledges, ack = { by = "…" }' in told


def test_a_contract_cannot_be_called_as_one_that_is_shipped(load: Callable[[str], object]) -> None:
    with pytest.raises(UsageError, match="cannot be called so"):
        load('base_url = "http://x"\n[contracts.shield]\nasyncapi = "x.yaml"')
