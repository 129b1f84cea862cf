"""What a profile says of events beside their document: who of both said it, and what holds where neither does."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from eventproof import cli
from eventproof.call_arguments import arguments
from eventproof.catalog import System
from eventproof.errors import ContractError
from eventproof.templates import fill
from eventproof.verdict import ExitCode
from tests.documents.test_bad_input import GOOD

Read = Callable[..., System]
SAYS = 'base_url = "http://127.0.0.1:1"\n[contracts.talk]\nasyncapi = "talk.yaml"\n[contracts.talk.events.told]\n'


@pytest.fixture
def show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """What `contract show` prints of an event, with this document and these lines of the profile."""
    monkeypatch.chdir(tmp_path)

    def shown(event: str, said: str, document: str = GOOD, *, options: tuple[str, ...] = ()) -> str:
        (tmp_path / "talk.yaml").write_text(document, encoding="utf-8")
        (tmp_path / "eventproof.toml").write_text(SAYS + said, encoding="utf-8")
        assert cli.run(["contract", "show", event, *options]) == ExitCode.PASS
        return capsys.readouterr().out

    return shown


def test_what_is_in_effect_is_shown_with_where_it_is_said(show: Callable[..., str]) -> None:
    in_document = GOOD.replace("{name: told,", "{name: told, x-may-receive: [role:admin],")
    told = show("told", 'trigger = ["say"]\naudience = ["room:{roomId}"]\n', in_document).splitlines()
    lines = {line.split("#")[0].strip(): line.partition(" # ")[2] for line in told if " # " in line}
    assert lines['audience = ["room:{roomId}"]'] == "eventproof.toml: [contracts.talk.events.told]"
    assert lines['may_receive = ["role:admin"]'] == "talk.yaml:8"
    assert any(line.startswith("  # ack ") and "unsaid: it is not acknowledged" in line for line in told)
    assert not any("joins" in line for line in told)


def test_the_profile_outweighs_the_document_and_is_named_for_it(show: Callable[..., str]) -> None:
    in_document = GOOD.replace("{name: told,", "{name: told, x-audience: [everyone],")
    words = json.loads(show("told", 'audience = ["role:admin"]\n', in_document, options=("--json",)))["profile"][
        "words"
    ]
    assert words["audience"]["value"] == ["role:admin"]
    assert words["audience"]["where"].startswith("eventproof.toml")
    assert words["trigger"] == {
        "value": None,
        "where": None,
        "unsaid": "no call causes it for certain: that it comes is not judged",
    }


def test_what_is_shown_is_a_table_that_a_profile_may_have(show: Callable[..., str]) -> None:
    client = '[contracts.talk.events.say]\njoins = "room:{roomId}"\nack = { level = "optional", by = "told" }\n'
    told = show("say", f'audience = ["everyone"]\n{client}').partition("In a profile\n")[2].partition("\n\n")[0]
    lines = [line for line in told.splitlines() if not line.lstrip().startswith(("#", "["))]
    again = "\n".join(["[contracts.talk.events.say]", *lines])
    assert show("say", again).partition("In a profile\n")[2].partition("\n\n")[0] == told


def test_of_a_contract_that_is_shipped_nothing_is_unsaid(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["contract", "show", "user.banned"]) == ExitCode.PASS
    assert "In a profile" not in capsys.readouterr().out


def test_whom_a_field_names_can_be_said_by_the_profile(read: Read) -> None:
    said = GOOD.replace("name: say, payload: {type: object,", "name: say, payload: {required: [text],")
    told = {"trigger": ["say"]}
    assert read(said, events={"say": {"people": {"text": "admin"}}, "told": told}).operation("say").people == {
        "text": "admin"
    }
    in_document = said.replace("text: {type: string}}}}\nop", "text: {type: string, x-role: user}}}}\nop")
    assert read(in_document, events={"told": told}).operation("say").people == {"text": "user"}


def test_an_argument_without_fields_may_be_somebody(read: Read) -> None:
    fields = "{type: object, properties: {roomId: {type: string}, text: {type: string}}}"
    plain = GOOD.replace(f"name: say, payload: {fields}", "name: say, payload: {type: string}")
    told = {"trigger": ["say"]}
    system = read(plain, events={"say": {"people": {"userId": "user"}, "joins": "room:{userId}"}, "told": told})
    assert system.operation("say").people == {"userId": "user"}


def test_a_field_that_is_not_there_names_nobody(read: Read) -> None:
    with pytest.raises(ContractError, match=r"people: the payload has no field tex \(did you mean \"text\"\?\)"):
        read(GOOD, events={"say": {"people": {"tex": "user"}}})
    with pytest.raises(ContractError, match="people says nothing here, as the server sends it"):
        read(GOOD, events={"told": {"people": {"text": "user"}}})


OPTIONAL = GOOD.replace(
    "{type: object, properties: {roomId: {type: string}, text: {type: string}}}",
    "{type: object, required: [text], additionalProperties: false, properties: {text: {type: string}, "
    "tag: {type: string}, to: {type: string}, at: {type: integer}}, examples: [{text: hello}]}",
)


def test_a_field_that_the_example_lacks_is_sent_where_something_is_told_by_it(read: Read) -> None:
    told = {"trigger": ["say"], "audience": ["user:{to}"], "correlate": "/tag"}
    say = read(OPTIONAL, events={"say": {"people": {"to": "user"}}, "told": told}).operation("say")
    assert say.arguments == ({"text": "{text}", "tag": "{tag}", "to": "{to}"},)
    assert set(say.parameters) == {"text", "tag", "to"} == set(say.example)
    assert (dict(say.people), set(say.unique)) == ({"to": "user"}, {"tag"})
    plain = read(OPTIONAL, events={"told": {"trigger": ["say"], "audience": ["everyone"]}}).operation("say")
    assert plain.parameters == ("text",)


def test_a_field_that_the_example_lacks_is_sent_where_another_call_has_made_it_known(read: Read) -> None:
    made = {"path": "/tags", "answers": {"tag": "/tag"}}
    told = {"trigger": ["say"], "audience": ["everyone"]}
    say = read(OPTIONAL, events={"told": told}, calls={"makeTag": made}).operation("say")
    assert (say.parameters, set(say.example)) == (("text", "tag"), {"text"})
    assert arguments(say, {"tag": "t_1"}) == {"text": "hello", "tag": "t_1"}
    assert fill(say.arguments, {"text": "hello"}, "here", {"tag"}) == [{"text": "hello"}]


def test_a_field_that_would_not_fit_the_contract_is_not_added(read: Read) -> None:
    either = OPTIONAL.replace("required: [text]", "required: [text], oneOf: [{required: [at]}, {required: [text]}]")
    states = {"read": {"id": "at", "calls": {"say": "read"}}}
    told = {"trigger": ["say"], "audience": ["everyone"]}
    with pytest.raises(ContractError, match="at is not in the answer"):
        read(either, events={"told": told}, states=states)
    assert read(OPTIONAL, events={"told": told}, states=states).operation("say").parameters == ("text", "at")
