"""Two catalogues: what a change is to those who were written for the old one, by who sends it."""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eventproof import catalog, cli, layout
from eventproof.catalog import Ack, AckLevel, Catalog, ClientLimits, Event, System
from eventproof.diff import Change, Level, compared
from eventproof.verdict import ExitCode

KNOWN = catalog.load()
SHIELD = KNOWN.system("shield")
TOLD = next(event for event in SHIELD.events if event.name == "claim_paid")
TAKEN = next(event for event in SHIELD.events if event.name == "claim_paid_ack")
BAN = KNOWN.system("user-state").operation("banUser")


def with_event(before: Event, **changed: Any) -> Catalog:
    events = tuple(replace(event, **changed) if event is before else event for event in SHIELD.events)
    return with_system(replace(SHIELD, events=events))


def with_system(system: System) -> Catalog:
    return replace(KNOWN, systems={**KNOWN.systems, system.name: system})


def with_call(**changed: Any) -> Catalog:
    system = KNOWN.system("user-state")
    calls = tuple(replace(call, **changed) if call is BAN else call for call in system.operations)
    return with_system(replace(system, operations=calls))


def with_channel(**changed: Any) -> Catalog:
    return with_system(replace(SHIELD, channels=(replace(SHIELD.channels[0], **changed), *SHIELD.channels[1:])))


def with_claims(**moves: Any) -> Catalog:
    table = SHIELD.states["claim"]
    return with_system(replace(SHIELD, states={"claim": replace(table, moves={**table.moves, **moves})}))


def of(changes: tuple[Change, ...]) -> list[tuple[str, str]]:
    return [(change.rule, change.level.value) for change in changes]


def test_nothing_changes_from_a_contract_to_itself() -> None:
    assert compared(KNOWN, KNOWN) == ()


def demanding(schema: Any) -> Any:
    return {**schema, "required": [*schema["required"], "fresh"], "properties": {**schema["properties"], "fresh": {}}}


def test_a_new_required_field_is_fine_for_those_who_read_and_not_for_those_who_send() -> None:
    sent = compared(KNOWN, with_event(TOLD, schema=demanding(TOLD.schema)))
    taken = compared(KNOWN, with_event(TAKEN, schema=demanding(TAKEN.schema)))
    assert of(sent) == [("field-required-added", "safe")]
    assert of(taken) == [("field-required-added", "breaking")]
    assert "claim_paid, from the server /fresh" in sent[0].where


@pytest.mark.parametrize(("event", "wider", "narrower"), [(TOLD, "breaking", "safe"), (TAKEN, "safe", "breaking")])
def test_a_wider_list_of_values_is_the_other_way_round(event: Event, wider: str, narrower: str) -> None:
    few, many = ({**event.schema, "properties": {**event.schema["properties"], "k": {"enum": values}}}
                 for values in (["a"], ["a", "b"]))  # fmt: skip
    old, new = with_event(event, schema=few), with_event(event, schema=many)
    assert of(compared(old, new)) == [("value-added", wider)]
    assert of(compared(new, old)) == [("value-removed", narrower)]


WITHOUT = with_system(replace(SHIELD, events=tuple(event for event in SHIELD.events if event is not TOLD)))
ACK = Ack(AckLevel.REQUIRED, "claim_paid_ack")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (KNOWN, replace(KNOWN, systems={"shield": SHIELD}), ("system-removed", "breaking")),
        (KNOWN, with_channel(address="/elsewhere"), ("channel-moved", "breaking")),
        (KNOWN, with_channel(auth={"jwt": "{token}"}), ("channel-auth", "breaking")),
        (KNOWN, with_channel(heartbeat=None), ("channel-heartbeat-removed", "safe")),
        (with_channel(heartbeat=None), KNOWN, ("channel-heartbeat-added", "breaking")),
        (KNOWN, with_channel(limits=ClientLimits(10, 1024)), ("channel-limit-lowered", "breaking")),
        (KNOWN, with_channel(limits=ClientLimits(11, 65536)), ("channel-limit-raised", "safe")),
        (KNOWN, with_channel(limits=ClientLimits(10)), ("channel-limit-raised", "safe")),
        (with_channel(limits=ClientLimits()), KNOWN, ("channel-limit-lowered", "breaking")),
        (KNOWN, with_claims(payClaim={}), ("state-step-removed", "breaking")),
        (with_claims(payClaim={}), KNOWN, ("state-step-added", "safe")),
        (KNOWN, with_channel(roles=("admin",)), ("channel-roles-narrowed", "breaking")),
        (KNOWN, WITHOUT, ("event-removed", "breaking")),
        (WITHOUT, KNOWN, ("event-added", "safe")),
        (KNOWN, with_event(TOLD, ack=None), ("ack-dropped", "safe")),
        (with_event(TOLD, ack=None), with_event(TOLD, ack=ACK), ("ack-demanded", "breaking")),
        (with_event(TAKEN, ack=ACK), with_event(TAKEN, ack=None), ("ack-dropped", "breaking")),
        (KNOWN, with_event(TOLD, ack=replace(TOLD.ack, retry=None) if TOLD.ack else None), ("ack-retry", "risky")),
        (KNOWN, with_event(TOLD, audience=()), ("audience-narrowed", "breaking")),
        (KNOWN, with_event(TOLD, audience=(*TOLD.audience, "everyone")), ("audience-widened", "risky")),
        (KNOWN, with_event(TOLD, triggers=TOLD.triggers[1:]), ("trigger-removed", "breaking")),
        (KNOWN, with_event(TOLD, at_times=frozenset(TOLD.triggers[:1])), ("trigger-uncertain", "breaking")),
        (KNOWN, with_event(TOLD, order_by=None), ("order-removed", "breaking")),
        (KNOWN, with_call(path="/api/ban"), ("call-moved", "breaking")),
        (KNOWN, with_call(also=("moderator",)), ("call-role-widened", "risky")),
        (with_call(role="anyone"), with_call(role="user"), ("call-role-narrowed", "breaking")),
        (with_call(role="user"), with_call(role="anyone"), ("call-role-widened", "risky")),
        (with_call(role="user"), KNOWN, ("call-role-narrowed", "breaking")),
        (KNOWN, with_call(capability="bans"), ("call-conditional", "risky")),
        (KNOWN, with_call(refusals=(*BAN.refusals, "store_full")), ("call-refusal-added", "risky")),
    ],
    ids=lambda one: one[0] if isinstance(one, tuple) else "",
)  # fmt: skip
def test_each_change_is_told_with_its_level(old: Catalog, new: Catalog, expected: tuple[str, str]) -> None:
    assert expected in of(compared(old, new))


def test_an_event_under_another_name_is_perhaps_the_old_one() -> None:
    (gone,) = [
        change for change in compared(KNOWN, with_event(TOLD, name="claim.paid")) if change.rule == "event-removed"
    ]
    assert gone.new == "perhaps it is claim.paid now"


@pytest.fixture
def changed(tmp_path: Path) -> Callable[[str, Callable[[Any], None]], Path]:
    """A folder of contracts like ours, with one file of it changed."""

    def change(file: str, how: Callable[[Any], None]) -> Path:
        folder = tmp_path / "contracts"
        shutil.copytree(layout.CONTRACTS, folder)
        content = json.loads((folder / file).read_text())
        how(content)
        (folder / file).write_text(json.dumps(content))
        return folder

    return change


EVENT = "shield/events/claim_paid.json"


def test_a_breaking_change_of_a_file_is_a_failure_and_names_its_place(
    changed: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    def loosen(schema: Any) -> None:
        fields = schema["properties"]["data"]
        fields["required"].remove("claimId")

    folder = changed(EVENT, loosen)
    assert cli.run(["contract", "diff", "bundled", str(folder)]) == ExitCode.FAIL
    assert "event claim_paid, from the server /data/claimId" in capsys.readouterr().out
    assert cli.run(["contract", "diff", str(folder), "bundled", "--json"]) == ExitCode.PASS
    told = json.loads(capsys.readouterr().out)
    assert told["breaking"] is False
    assert told["counts"] == {"breaking": 0, "risky": 0, "safe": 1}
    assert cli.run(["contract", "diff", str(folder), "bundled", "--fail-on", "safe"]) == ExitCode.FAIL
    assert cli.run(["contract", "diff", "bundled", str(folder), "--fail-on", "nothing"]) == ExitCode.PASS


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["bundled", "nowhere"], "no such folder"),
        (["bundled"], "OLD and NEW"),
        (["bundled", "{here}"], "holds no contract|missing"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_is_refused_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    given = [argument.replace("{here}", str(tmp_path)) for argument in arguments]
    assert cli.run(["contract", "diff", *given]) == ExitCode.USAGE
    assert re.search(says, capsys.readouterr().err)


def test_the_rules_are_listed_with_both_directions(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["contract", "diff", "--rules", "--json"]) == ExitCode.PASS
    listed = {row["rule"]: row for row in json.loads(capsys.readouterr().out)}
    assert listed["value-added"]["from the server"] == Level.BREAKING
    assert listed["value-added"]["from clients"] == Level.SAFE


def _two_of_the_chat(folder: Path, said: str, instead: str) -> tuple[Path, Path]:
    """The document of the example as it is, and with something else in it."""
    old, new = folder / "old.yaml", folder / "new.yaml"
    text = (layout.CONTRACTS.parent / "examples" / "chat" / "chat.yaml").read_text("utf-8")
    old.write_text(text, encoding="utf-8")
    new.write_text(text.replace(said, instead), encoding="utf-8")
    return old, new


def test_two_documents_of_ones_own_are_compared_whatever_their_files_are_called(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = _two_of_the_chat(tmp_path, "number: {type: integer", "number: {type: number")
    assert cli.run(["contract", "diff", str(old), str(old)]) == ExitCode.PASS
    assert cli.run(["contract", "diff", str(old), str(new)]) == ExitCode.FAIL
    assert (
        "event message:new, from the server /number: a value of a further type is let through"
        in capsys.readouterr().out
    )


def test_what_acknowledges_an_event_of_a_client_is_sent_by_the_server(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = _two_of_the_chat(tmp_path, "required: [ok]", "required: []")
    assert cli.run(["contract", "diff", str(new), str(old)]) == ExitCode.PASS
    assert cli.run(["contract", "diff", str(old), str(new)]) == ExitCode.FAIL
    assert "its acknowledgement /ok: a field that was always there may be left out" in capsys.readouterr().out
