"""What follows from somebody's own contract, what lacks, and what a profile is drafted with."""

import json
from pathlib import Path

import pytest

from eventproof import catalog, cli, own_contracts, profile
from eventproof.catalog.reading import Weight
from eventproof.errors import ContractError
from eventproof.verdict import ExitCode
from tests.documents.test_bad_input import GOOD

CHAT = Path(__file__).parents[2] / "examples" / "chat"


@pytest.fixture
def document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "talk.yaml"
    path.write_text(GOOD, encoding="utf-8")
    return path


def test_the_document_alone_gives_schema_and_scope() -> None:
    system = own_contracts.contract_of(CHAT / "chat.yaml")
    ids = {line.id for line in system.requirements}
    assert {"chat/message:new/schema", "chat/scope", "chat/room:join/answer", "chat/room:join/refusal"} <= ids
    assert system.reading is not None
    lacks = {lack.what: lack.line for lack in system.reading.lacks}
    assert lacks["chat/message:new/audience"] == '[contracts.chat.events."message:new"] audience = ["…"]'


def test_with_what_the_profile_says_delivery_leaks_and_order_are_judged_too() -> None:
    (system,) = profile.own_contracts(CHAT / "eventproof.toml", env={"CHAT_PORT": "1"})
    assert system.reading is not None
    assert [remark for remark in system.reading.remarks if remark.weight is not Weight.NOTE] == []
    ids = {line.id for line in system.requirements}
    assert {f"chat/message:new/{kind}" for kind in ("delivery", "audience", "once", "order")} <= ids
    assert ("chat/room:joined/once" in ids, "chat/message:post/accepts" in ids) == (False, True)
    assert "chat/room:joined/once" in {lack.what for lack in system.reading.lacks}
    assert {"chat/connect/missing", "chat/connect/malformed"} <= ids


def test_an_event_of_a_client_that_causes_something_is_an_operation() -> None:
    (system,) = profile.own_contracts(CHAT / "eventproof.toml", env={"CHAT_PORT": "1"})
    post = system.operation("message:post")
    assert (post.event, post.path, post.arguments) == ("message:post", "/", ({"roomId": "{roomId}", "text": "{text}"},))
    assert post.unique == {"text"}
    assert set(system.chosen) == {"roomId"}


def test_lint_tells_what_is_lacking_with_the_line(document: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["contract", "lint", str(document)]) == ExitCode.PASS
    told = capsys.readouterr().out
    assert (
        'not judged: talk/told/delivery: nothing says what causes it\n      [contracts.talk.events."told"] trigger'
        in told
    )
    assert cli.run(["contract", "lint", str(document), "--strict"]) == ExitCode.FAIL


def test_lint_is_for_programs_too(document: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["contract", "lint", str(document), "--json"]) == ExitCode.PASS
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["contract"], told["judged"], told["judgeable"]) == ("talk", 2, 6)


def test_without_a_contract_there_is_nothing_to_look_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.run(["contract", "lint"]) == ExitCode.USAGE
    assert "name an AsyncAPI document" in capsys.readouterr().err


def test_a_drafted_profile_loads_and_marks_what_it_guessed(document: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["init", "--asyncapi", str(document)]) == ExitCode.PASS
    text = (document.parent / "eventproof.toml").read_text("utf-8")
    assert 'audience = ["room:{roomId}"]   # guess: it names a room' in text
    target = profile.load(document.parent / "eventproof.toml", env={})
    assert target.systems == ("talk",)
    assert cli.run(["init", "--asyncapi", "gone.yaml", "other.toml"]) == ExitCode.USAGE
    assert "gone.yaml" in capsys.readouterr().err


PARCELS = """asyncapi: 2.6.0
info: {title: "Parcels\\nbase_url = 1", version: '1'}
servers: {here: {url: 'ws://localhost', protocol: ws}}
channels:
  /live:
    publish:
      message:
        oneOf:
          - {payload: {required: [type], properties: {type: {const: follow}, parcelId: {type: string}}}}
          - {payload: {properties: {type: {const: scan}, parcelId: {type: string}, scanId: {type: string}}}}
    subscribe:
      message: {payload: {properties: {type: {const: scanned}, parcelId: {type: string}, scanId: {type: string}}}}
"""


@pytest.mark.parametrize("text", ["orders: [", "openapi: 3.1.0", None])
def test_what_cannot_be_read_is_found_before_anything_is_written(document: Path, text: str | None) -> None:
    place = document.with_name("eventproof.toml")
    place.write_text("# as it was\n", encoding="utf-8")
    if text is not None:
        document.with_name("orders.yaml").write_text(text, encoding="utf-8")
    for documents in (["--asyncapi", "orders.yaml"], ["--asyncapi", document.name, "--openapi", "orders.yaml"]):
        assert cli.run(["init", "--force", *documents]) == ExitCode.USAGE
    assert (place.read_text("utf-8"), sorted(document.parent.glob("*.toml"))) == ("# as it was\n", [place])
    assert not document.with_name("eventproof.schema.json").exists()
    assert cli.run(["init", "--force", "--asyncapi", document.name]) == ExitCode.PASS
    assert document.with_name("eventproof.schema.json").exists()


def test_a_draft_that_would_not_load_is_not_written(document: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_contracts, "drafted", lambda *_: '[contracts.talk]\nasyncapi = "gone.yaml"\n')
    assert cli.run(["init", "--asyncapi", document.name]) == ExitCode.USAGE
    assert not document.with_name("eventproof.toml").exists()


def test_a_draft_guesses_rooms_by_what_clients_join_by_and_causes_by_stems(
    document: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document.write_text(PARCELS, encoding="utf-8")
    assert cli.run(["init", "--asyncapi", str(document)]) == ExitCode.PASS
    text = (document.parent / "eventproof.toml").read_text("utf-8")
    for line in (
        'joins = "room:{parcelId}"',
        'trigger = ["scan"]',
        'audience = ["room:{parcelId}"]',
        'correlate = "/scanId"',
        'order_by = "/parcelId"',
        '# ack = { by = "…" }',
    ):
        assert f"\n{line}" in text, line
    assert "\nbase_url = 1" not in text
    target = profile.load(document.parent / "eventproof.toml", env={})
    assert target.own[0].reading is not None
    assert all(remark.weight is not Weight.QUESTION for remark in target.own[0].reading.remarks)


BOTH_WAYS = GOOD.replace("name: told", "name: chat").replace("name: say", "name: chat")


@pytest.mark.parametrize(
    "text",
    [
        BOTH_WAYS,
        GOOD.replace("name: told", 'name: "a\\0\\x1b\\x7f\\nb"'),
        BOTH_WAYS.replace("roomId: {type: string}, text", "text", 1),
        BOTH_WAYS.replace("roomId: {type: string}, text: {type: string}", "t: {type: string}").replace(
            "t: {", "text: {", 1
        ),
    ],
    ids=["of one name both ways", "of no letters", "the room in what clients send", "nothing that both have"],
)
def test_whatever_is_drafted_loads(document: Path, text: str) -> None:
    document.write_text(text, encoding="utf-8")
    assert cli.run(["init", "--asyncapi", str(document)]) == ExitCode.PASS
    assert profile.load(document.parent / "eventproof.toml", env={}).systems == ("talk",)


def test_a_guess_that_the_document_does_not_bear_out_stands_behind_a_mark(document: Path) -> None:
    text = GOOD.replace(
        "name: say, payload: {type: object, properties: {roomId: {type: string}, ",
        "name: tell, payload: {properties: {",
    )
    document.write_text(text.replace("name: told", "name: tells"), encoding="utf-8")
    assert cli.run(["init", "--asyncapi", str(document)]) == ExitCode.PASS
    told = (document.parent / "eventproof.toml").read_text("utf-8")
    assert '# order_by = "/roomId"   # guess, which the document does not bear out' in told
    profile.load(document.parent / "eventproof.toml", env={})


def test_a_document_that_is_called_as_a_shipped_system_gets_a_name_of_its_own(document: Path) -> None:
    document.rename(document.with_name("shield.yaml"))
    assert cli.run(["init", "--asyncapi", "shield.yaml"]) == ExitCode.PASS
    assert profile.load(document.parent / "eventproof.toml", env={}).systems == ("my-shield",)


def test_a_requirement_of_ones_own_is_explained_with_what_mends_it(
    document: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f'base_url = "http://127.0.0.1:1"\n[contracts.talk]\nasyncapi = "{document.name}"\n'
    (document.parent / "eventproof.toml").write_text(text, encoding="utf-8")
    assert cli.run(["check", "--explain", "talk/told/schema"]) == ExitCode.PASS
    assert "How to mend it: Build the payload in one place" in capsys.readouterr().out
    assert cli.run(["check", "--list", "--system", "talk"]) == ExitCode.PASS
    assert "talk/told/schema" in capsys.readouterr().out
    assert cli.run(["check", "--explain", "talk/tell/schema"]) == ExitCode.USAGE
    assert "more" in capsys.readouterr().err


def test_every_kind_that_a_contract_of_ones_own_promises_has_a_guide() -> None:
    system = catalog.load().guided(own_contracts.contract_of(CHAT / "chat.yaml"))
    assert all(line.guides for line in system.requirements)


def test_an_event_of_a_client_that_causes_something_is_shown_as_an_event(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["contract", "show", "message:post", "--of", str(CHAT / "eventproof.toml")]) == ExitCode.PASS
    told = capsys.readouterr().out
    assert "client to server" in told
    assert "EMIT" not in told


def test_an_event_of_ones_own_is_shown_validated_and_made_up(
    document: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["contract", "show", "told", "--of", str(document)]) == ExitCode.PASS
    assert "server to client" in capsys.readouterr().out
    (document.parent / "payload.json").write_text('{"text": 7}')
    arguments = ["contract", "validate", "told", "payload.json", "--of", str(document)]
    assert cli.run(arguments) == ExitCode.FAIL
    assert cli.run(["contract", "sample", "told", "--of", str(document)]) == ExitCode.PASS


def test_a_call_can_be_described_by_the_profile_alone(document: Path) -> None:
    text = f"""
base_url = "http://127.0.0.1:1"
[contracts.talk]
asyncapi = "{document.name}"
[contracts.talk.events.told]
trigger = ["post"]
audience = ["room:{{roomId}}"]
correlate = "text"
[contracts.talk.calls.post]
path = "/rooms/{{roomId}}/messages"
example = {{ roomId = "lobby", text = "hello" }}
unique = ["text"]
[[identities.users]]
id = "anna"
"""
    path = document.parent / "eventproof.toml"
    path.write_text(text, encoding="utf-8")
    target = profile.load(path, env={})
    call = target.operations["post"]
    assert (call.method, call.path, call.body) == ("POST", "/rooms/{roomId}/messages", {"text": "{text}"})  # type: ignore[union-attr]
    assert target.own[0].operation("post").unique == {"text"}
    assert target.is_sessionless


SHOP = """openapi: 3.1.0
info: {title: Shop, version: '1'}
paths:
  /orders:
    post:
      operationId: placeOrder
      responses: {'201': {description: x, content: {application/json: {schema: {
        type: object, properties: {orderId: {type: string}}}}}}}
  /orders/{orderId}/pay:
    parameters: [{name: orderId, in: path, required: true, schema: {type: string}}]
    post:
      operationId: payOrder
      parameters: [{name: kind, in: query, schema: {type: string}}]
      responses: {'200': {description: x}}
  /orders/{orderId}/ship:
    parameters: [{name: orderId, in: path, required: true, schema: {type: string}}]
    post: {operationId: shipOrder, responses: {'200': {description: x}}}
"""
STATES = 'calls = { placeOrder = "open", payOrder = { open = "paid" }, shipOrder = { paid = "gone" } }'


def _shop(folder: Path, states: str) -> Path:
    (folder / "shop.yaml").write_text(SHOP, encoding="utf-8")
    place = folder / "eventproof.toml"
    place.write_text(
        'base_url = "http://127.0.0.1:1"\n[contracts.talk]\nasyncapi = "talk.yaml"\nopenapi = "shop.yaml"\n'
        '[contracts.talk.calls.placeOrder]\nanswers = { orderId = "/orderId" }\n'
        f"[contracts.talk.states.order]\n{states}\n",
        encoding="utf-8",
    )
    return place


def test_states_of_a_thing_say_what_comes_before_a_call_and_are_judged(document: Path) -> None:
    place = _shop(document.parent, f'id = "orderId"\n{STATES}')
    (system,) = profile.own_contracts(place, env={})
    assert system.states["order"].ways["gone"] == ("placeOrder", "payOrder", "shipOrder")
    assert [call.id for call in system.before("shipOrder")] == ["placeOrder", "payOrder"]
    (line,) = (line for line in system.requirements if line.id == "talk/states/order")
    assert line.sentence == "What the states of `order` do not allow is refused, and nobody is told anything."


def test_what_a_call_is_made_with_may_decide_where_it_leads(document: Path) -> None:
    calls = (
        '{ placeOrder = "open", "payOrder kind=card" = { open = "paid" }, "payOrder kind=bill" = { open = "owed" } }'
    )
    (system,) = profile.own_contracts(_shop(document.parent, f'id = "orderId"\ncalls = {calls}'), env={})
    table = system.states["order"]
    assert table.ways["owed"] == ("placeOrder", "payOrder kind=bill")
    assert system.called(table, "payOrder kind=bill").example == {"kind": "bill"}
    wrong = _shop(document.parent, f'id = "orderId"\ncalls = {calls.replace("kind=bill", "sort=bill")}')
    with pytest.raises(ContractError, match="sort is not a parameter of payOrder"):
        profile.own_contracts(wrong, env={})


@pytest.mark.parametrize(
    ("states", "says"),
    [
        (STATES, r'\[contracts.talk.states.order\]: the states of order: expected the field "id"'),
        ('id = "orderId"\ncalls = { placeOrder = 5 }', r"the states of order at /calls/placeOrder: expected"),
        (
            'id = "orderId"\ncalls = { placOrder = "open" }',
            r'\[contracts.talk.states.order\]: names "placOrder", which is no operation here',
        ),
        (
            f'id = "shopId"\n{STATES}',
            r"\[contracts.talk.states.order\]: shopId is not in the answer \(x-answers\) of placeOrder",
        ),
    ],
)
def test_what_is_wrong_with_states_is_said_with_the_table(document: Path, states: str, says: str) -> None:
    with pytest.raises(ContractError, match=says):
        profile.own_contracts(_shop(document.parent, states), env={})


def test_what_a_client_sends_may_change_the_state_of_a_thing(document: Path) -> None:
    place = _shop(document.parent, 'id = "roomId"\ncalls = { say = "said" }')
    place.write_text(
        place.read_text("utf-8") + '[contracts.talk.events.told]\ntrigger = ["say"]\naudience = ["everyone"]\n'
        '[contracts.talk.events.say]\nexamples = { roomId = "r_1" }\n',
        "utf-8",
    )
    (system,) = profile.own_contracts(place, env={})
    assert system.operation("say").event == "say"
    assert system.states["order"].made == {"say": "said"}


ANY = {"missing", "malformed"}
MADE = {"forged", "alg-none", "wrong-key", "changed-payload"}


@pytest.mark.parametrize(
    ("jwt", "tokens"),
    [
        ("", ANY),
        ('[jwt]\nsecret_env = "KEY"', {*ANY, *MADE, "expired", "future-not-before"}),
        ('[jwt]\nexpired = "a.b.c"', {*ANY, *MADE, "expired"}),
    ],
    ids=["any text", "with the secret", "with an expired one"],
)
def test_the_bad_tokens_that_can_be_made_are_refused(document: Path, jwt: str, tokens: set[str]) -> None:
    path = document.parent / "eventproof.toml"
    head = f'base_url = "http://x"\n[contracts.talk]\nasyncapi = "{document.name}"\n'
    path.write_text(f"{head}sessions = true\n{jwt}", encoding="utf-8")
    (system,) = profile.own_contracts(path, env={"KEY": "k" * 32})
    assert {line.id for line in system.requirements if "/connect/" in line.id} == {f"talk/connect/{t}" for t in tokens}
    path.write_text(f"{head}sessions = false\n{jwt}", encoding="utf-8")
    (system,) = profile.own_contracts(path, env={"KEY": "k" * 32})
    assert not [line.id for line in system.requirements if "/connect/" in line.id]


@pytest.mark.parametrize("command", ["contract lint {}", "contract list --of {}", "contract show tell\x1b --of {}"])
def test_nothing_in_a_document_moves_the_cursor_or_adds_a_line(
    document: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    text = GOOD.replace("title: T", r'title: "T\e[2J\nnot judged: x"').replace("name: told", r'name: "tell\e"')
    document.write_text(text.replace("{type: string}", r'{type: string, enum: ["\u009b", "a\u202eb"]}'), "utf-8")
    assert cli.run(command.format(document).split(" ")) == ExitCode.PASS
    told = capsys.readouterr().out
    assert r"\x1b" in told
    assert all(letter.isprintable() or letter == "\n" for letter in told)
    assert not any(line.startswith("not judged: x") for line in told.splitlines())
