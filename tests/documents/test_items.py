"""The streams of an OpenAPI document, alone: which channels they are, and which events are on them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from eventproof import cli, own_contracts
from eventproof.catalog import System, Wire
from eventproof.catalog.reading import Weight
from eventproof.documents import items
from eventproof.errors import ContractError
from eventproof.verdict import ExitCode

Load = Callable[[str], tuple[System, ...]]
JSON = {"type": "string", "contentMediaType": "application/json"}
PUBLISH = {"operationId": "publish", "responses": {"201": {"description": "ok"}}}
ITEM = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}


def document(item: Any, *, by: str = "itemSchema", version: str = "3.2.0", **more: Any) -> str:
    """An OpenAPI document with one stream, each of whose events is described so, and a call."""
    media = {by: item} if item is not None else {}
    stream = {"operationId": "news", "responses": {"200": {"description": "ok", "content": {items.STREAM: media}}}}
    paths = {"/news": {"get": {**stream, **more}}, "/items": {"post": PUBLISH}}
    components = {"schemas": {"Item": ITEM}}
    return json.dumps({"openapi": version, "info": {"title": "News"}, "paths": paths, "components": components})


@pytest.fixture
def streams(tmp_path: Path) -> Callable[[str], System]:
    """Reads an OpenAPI document that is written as a text, of which nothing further is said."""

    def of(text: str) -> System:
        (tmp_path / "news.json").write_text(text, encoding="utf-8")
        return own_contracts.contract_of(tmp_path / "news.json")

    return of


Streams = Callable[[str], System]


def fields(*kinds: dict[str, Any], **common: Any) -> dict[str, Any]:
    """The schema of an event by its fields, and alternatives of it."""
    return {
        "type": "object",
        "properties": common,
        **({"oneOf": [{"properties": kind} for kind in kinds]} if kinds else {}),
    }


def said(system: System) -> str:
    assert system.reading is not None
    return " ".join(remark.sentence for remark in system.reading.remarks)


def weights(system: System) -> list[Weight]:
    assert system.reading is not None
    return [remark.weight for remark in system.reading.remarks]


def test_an_event_is_named_by_a_constant_and_its_data_described_by_its_content(streams: Streams) -> None:
    said = {**JSON, "contentSchema": {"$ref": "#/components/schemas/Item"}}
    system = streams(document(fields({"event": {"const": "added"}, "data": said}, {"event": {"const": "gone"}})))
    (channel,) = system.channels
    assert (channel.wire, channel.address, channel.name_at) == (Wire.SSE, "/news", None)
    added, gone = system.events
    assert (added.name, gone.name) == ("added", "gone")
    assert added.is_valid({"id": "1"})
    assert not added.is_valid({"id": 1})
    assert weights(system) == []


def test_what_the_alternatives_share_holds_of_each(streams: Streams) -> None:
    kinds = ({"event": {"const": "added"}, "data": {"contentSchema": ITEM}}, {"event": {"const": "gone"}})
    system = streams(document(fields(*kinds, data=JSON, event={"type": "string"})))
    assert [event.name for event in system.events] == ["added", "gone"]
    assert not system.events[0].is_valid({})
    assert system.events[1].is_valid("anything")


def test_each_name_of_an_enumeration_is_an_event(streams: Streams) -> None:
    system = streams(document(fields(event={"enum": ["Kitten", "Puppy"]}, data=ITEM)))
    assert [event.name for event in system.events] == ["Kitten", "Puppy"]
    assert not any(event.is_valid({}) for event in system.events)


def test_events_without_a_name_are_told_apart_by_a_field_of_their_data(streams: Streams) -> None:
    kinds = [{"required": ["type"], "properties": {"type": {"const": name}}} for name in ("tick", "tock")]
    for item in (fields(data={"oneOf": kinds}), fields(*({"data": kind} for kind in kinds))):
        system = streams(document(item))
        assert system.channels[0].name_at == "/type"
        assert [event.name for event in system.events] == ["tick", "tock"]


def test_a_plain_text_that_is_always_the_same_is_judged_and_any_other_is_not(streams: Streams) -> None:
    kinds = (
        {"event": {"const": "end"}, "data": {"const": "[DONE]"}},
        {"event": {"const": "text"}, "data": {"type": "string"}},
    )
    end, text = streams(document(fields(*kinds))).events
    assert end.is_valid("[DONE]")
    assert not end.is_valid("[GONE]")
    assert text.is_valid(7)


KINDS = fields(
    {"event": {"const": "added"}, "data": {**JSON, "contentSchema": ITEM}},
    {"event": {"const": "said"}, "data": {"type": "string"}},
)
EVENTS = [{"event": "added", "data": '{"id": "7"}'}, {"event": "said", "data": "hello"}]
ON_THE_WIRE = 'event: added\nid: 1\ndata: {"id": "7"}\n\nevent: said\ndata: hello\n\n'


@pytest.mark.parametrize(
    "media",
    [
        {"itemSchema": KINDS, "examples": {"two": {"dataValue": EVENTS}}},
        {"itemSchema": KINDS, "examples": {"one": {"value": EVENTS[0]}, "other": {"value": EVENTS[1]}}},
        {"itemSchema": KINDS, "examples": {"raw": {"serializedValue": ON_THE_WIRE}}},
        {"itemSchema": KINDS, "example": ON_THE_WIRE},
        {"itemSchema": {**KINDS, "examples": [{"event": "added", "data": {"id": "7"}}, EVENTS[1]]}},
        {"itemSchema": KINDS, "examples": {"both": {"$ref": "#/components/examples/both"}}},
    ],
    ids=["list", "single ones", "on the wire", "example", "of the schema", "reference"],
)
def test_examples_of_a_media_type_are_those_of_its_events(streams: Streams, media: dict[str, Any]) -> None:
    text = json.loads(document(None))
    text["paths"]["/news"]["get"]["responses"]["200"]["content"][items.STREAM] = media
    text["components"]["examples"] = {"both": {"value": EVENTS}}
    system = streams(json.dumps(text))
    assert {event.name: event.examples for event in system.events} == {"added": ({"id": "7"},), "said": ("hello",)}
    assert weights(system) == []


def test_examples_go_to_the_alternative_that_they_fit_and_one_that_fits_none_is_told(streams: Streams) -> None:
    kinds = [{"required": ["type"], "properties": {"type": {"const": name}}} for name in ("tick", "tock")]
    tick, tock, other = ({"data": {"type": name}} for name in ("tick", "tock", "other"))
    for item in (fields(data={"oneOf": kinds}), fields(*({"data": kind} for kind in kinds)), {"oneOf": kinds}):
        text = json.loads(document(item))
        media = text["paths"]["/news"]["get"]["responses"]["200"]["content"][items.STREAM]
        for examples in ([tick, tock], [tock, tick, other]):
            media["examples"] = {"some": {"value": examples}}
            system = streams(json.dumps(text))
            assert [event.examples for event in system.events] == [({"type": "tick"},), ({"type": "tock"},)]
            assert ("an example of what is on it" in said(system)) == (other in examples)
    media["itemSchema"] = KINDS
    media["examples"] = {"strange": {"value": {"event": "gone", "data": 1}}}
    assert 'an example is called "gone", which is no event of the stream' in said(streams(json.dumps(text)))


def test_a_schema_of_the_data_alone_is_read_as_meant(streams: Streams) -> None:
    system = streams(document(ITEM))
    assert weights(system) == [Weight.WARNING]
    assert [event.name for event in system.events] == ["message"]
    assert not system.events[0].is_valid({})


@pytest.mark.parametrize(
    "meant", [fields(data=ITEM), {"type": "array", "items": fields(data=ITEM)}], ids=["one", "all"]
)
def test_what_older_documents_say_by_schema_is_read_as_meant(streams: Streams, meant: Any) -> None:
    system = streams(document(meant, by="schema", version="3.1.0"))
    assert weights(system) == ([Weight.WARNING] if meant["type"] == "object" else [])
    assert not system.events[0].is_valid({})


def test_a_stream_of_which_nothing_is_said_is_heard_all_the_same(streams: Streams) -> None:
    system = streams(document({"type": "string"}, by="schema"))
    assert weights(system) == [Weight.WARNING]
    assert [line.id for line in system.requirements] == ["news/scope"]


def test_a_stream_is_no_call_and_asks_for_what_its_query_must_have(streams: Streams) -> None:
    topic = {"name": "topic", "in": "query", "required": True, "schema": {"type": "string"}}
    limit = {"name": "limit", "in": "query", "schema": {"type": "integer"}}
    system = streams(document(fields(data=ITEM), parameters=[topic, limit]))
    assert [call.id for call in system.operations] == ["publish"]
    assert system.channels[0].address == "/news?topic={topic}"


def test_who_opens_a_stream_shows_a_token_where_its_document_says_so(streams: Streams) -> None:
    assert "news/connect/missing" in {
        line.id for line in streams(document(fields(data=ITEM), security=[{"bearer": []}])).requirements
    }
    assert "news/connect/missing" not in {
        line.id for line in streams(document(fields(data=ITEM), security=[])).requirements
    }


def test_the_words_of_openapi_are_known_in_its_documents(streams: Streams) -> None:
    data = {"type": "object", "properties": {"id": {"type": "string", "example": "a", "nullable": True}}}
    assert weights(streams(document(fields(data=data), version="3.0.3"))) == []
    assert weights(streams(document(fields(data=data)))) == [Weight.WARNING]


def test_the_words_of_ours_may_stand_at_an_event(streams: Streams) -> None:
    (event,) = streams(document({**fields(event={"const": "added"}, data=ITEM), "x-audience": ["everyone"]})).events
    assert event.audience == ("everyone",)


def test_a_stream_that_nobody_can_open_by_get_is_told_of(streams: Streams) -> None:
    posted = json.loads(document(fields(data=ITEM)))
    posted["paths"]["/chat"] = {"post": posted["paths"]["/news"]["get"] | {"operationId": "chat"}}
    system = streams(json.dumps(posted))
    assert [channel.address for channel in system.channels] == ["/news"]
    assert weights(system) == [Weight.WARNING]


def test_the_examples_of_a_call_are_found_wherever_they_stand(streams: Streams) -> None:
    known = json.loads(document(fields(data=ITEM)))
    call = known["paths"]["/items"]["post"] = {**PUBLISH, "parameters": [{"name": "n", "in": "query", "example": 3}]}
    described = {"properties": {"title": {"type": "string", "example": "a"}, "kind": {"const": "news"}}}
    call["requestBody"] = {
        "content": {"application/json": {"schema": described, "examples": {"x": {"value": {"title": "b"}}}}}
    }
    assert streams(json.dumps(known)).operation("publish").example == {"n": 3, "title": "b", "kind": "news"}


def test_without_a_stream_an_openapi_document_has_no_events(load: Load, tmp_path: Path) -> None:
    known = json.loads(document(None))
    del known["paths"]["/news"]
    (tmp_path / "news.json").write_text(json.dumps(known), encoding="utf-8")
    with pytest.raises(ContractError, match=r"news.json.*name the AsyncAPI document of the events too, asyncapi = "):
        load('base_url = "http://x"\n[contracts.news]\nopenapi = "news.json"\n')
    (tmp_path / "news.json").write_text(document(fields(data=ITEM)), encoding="utf-8")
    (system,) = load('base_url = "http://x"\n[contracts.news]\nopenapi = "news.json"\n')
    assert [event.name for event in system.events] == ["message"]


def test_alternatives_that_multiply_are_refused(streams: Streams) -> None:
    item: Any = fields(event={"const": "a"})
    for _ in range(6):
        item = {"oneOf": [item] * 4}
    with pytest.raises(ContractError, match="more than 1,000 kinds of events"):
        streams(document(item))


def test_a_profile_is_drafted_from_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("openapi.json").write_text(document(fields(event={"const": "added"}, data=ITEM)), encoding="utf-8")
    assert cli.run(["init", "--openapi", "openapi.json"]) == ExitCode.PASS
    assert '\nopenapi = "openapi.json"\n' in Path("eventproof.toml").read_text("utf-8")
    assert cli.run(["contract", "lint"]) == ExitCode.PASS
