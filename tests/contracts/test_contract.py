"""What `eventproof contract list | show | validate` say."""

import dataclasses
import io
import json
from pathlib import Path

import pytest

from eventproof import catalog, contract
from eventproof.errors import UsageError

CONTRACTS = catalog.load()
SENTENCE = "Your account has been banned by an administrator."


def test_the_list_has_one_row_an_event() -> None:
    rows = contract.listing(CONTRACTS)
    assert [row["name"] for row in rows][-3:] == ["user.banned", "user.unbanned", "user.tier.updated"]
    line = contract.listing_text(rows).splitlines()[-3]
    assert line.split("  ")[0] == "user-state"
    assert "server to client" in line
    assert "You are logged out everywhere" in line
    assert json.loads(json.dumps(rows)) == rows


def test_the_list_can_be_that_of_one_system() -> None:
    assert {row["system"] for row in contract.listing(CONTRACTS, ["user-state"])} == {"user-state"}
    with pytest.raises(UsageError, match="there is no system"):
        contract.listing(CONTRACTS, ["nowhere"])


def test_an_event_is_found_by_its_name_alone_or_with_its_system() -> None:
    assert contract.find(CONTRACTS, "user.banned") is contract.find(CONTRACTS, "user-state/user.banned")


def test_a_misspelt_event_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"did you mean \"user\.banned\"\?"):
        contract.find(CONTRACTS, "user.baned")
    with pytest.raises(UsageError, match="contract list"):
        contract.find(CONTRACTS, "xyz")


def test_an_event_of_several_systems_is_asked_for_with_its_system() -> None:
    system = CONTRACTS.system("user-state")
    twin = dataclasses.replace(system, name="twin")
    both = dataclasses.replace(CONTRACTS, systems={"user-state": system, "twin": twin})
    with pytest.raises(UsageError, match=r"say which: user-state/user\.banned, twin/user\.banned"):
        contract.find(both, "user.banned")
    assert contract.find(both, "twin/user.banned") is twin.events[0]


def test_an_event_is_shown_with_its_rules_examples_and_schema() -> None:
    data = contract.shown(contract.find(CONTRACTS, "user.banned"))
    assert data["audience"] == ["user:{userId}"]
    assert json.loads(json.dumps(data)) == data
    text = contract.shown_text(data)
    for part in (
        "user.banned (user-state)",
        "user:{userId}",
        "banUser",
        "/ (socket.io, ",
        "Examples",
        "Refused",
        SENTENCE,
    ):
        assert part in text
    assert "x-counterexamples" not in text


def test_an_acknowledgement_is_shown() -> None:
    data = contract.shown(contract.find(CONTRACTS, "claim_paid"))
    assert data["ack"]["match"] == {"claimId": "/data/claimId", "transactionId": "/data/transactionId"}
    assert json.loads(json.dumps(data)) == data
    text = contract.shown_text(data)
    fields = "claimId = /data/claimId, transactionId = /data/transactionId, received = true"
    assert f"required, by claim_paid_ack with {fields}" in text
    assert "retry      5, 15, 35, 75, 135, 195, 255 s after the event, until it is acknowledged" in text
    text = contract.shown_text(contract.shown(contract.find(CONTRACTS, "claim_approved")))
    assert "optional, by claim_approved_ack with claimId" in text
    assert "retry" not in text


def test_what_a_client_sends_to_connect_is_shown() -> None:
    text = contract.shown_text(contract.shown(contract.find(CONTRACTS, "claim_paid")))
    assert '/shield/ws (socket.io, CONNECT with {"token": "Bearer {token}"})' in text
    text = contract.shown_text(contract.shown(contract.find(CONTRACTS, "user.banned")))
    assert "/api/me/stream (sse)" in text


def test_a_valid_payload_is_valid() -> None:
    data = contract.validated(contract.find(CONTRACTS, "user.banned"), {"message": SENTENCE})
    assert data == {"event": "user.banned", "system": "user-state", "valid": True, "problems": []}
    assert contract.validated_text(data) == "valid: the payload fits user.banned"


def test_an_invalid_payload_is_explained() -> None:
    data = contract.validated(contract.find(CONTRACTS, "user.banned"), {"message": "Bye."})
    assert not data["valid"]
    assert data["problems"] == [
        {
            "path": "/message",
            "expected": f'"{SENTENCE}"',
            "observed": '"Bye."',
            "rule": "/properties/message/const",
        }
    ]
    text = contract.validated_text(data)
    assert "at /message" in text
    assert '"Bye."' in text


def test_a_payload_is_read_from_a_file_or_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a payload.json"
    path.write_text('{"message": "é"}', encoding="utf-8")
    assert contract.read_payload(str(path)) == {"message": "é"}
    monkeypatch.setattr("sys.stdin", io.StringIO("[1]"))
    assert contract.read_payload("-") == [1]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(None, "No such file"), (b"{", "is not JSON: line 1"), (b"\xff", "it is not UTF-8 text")],
)
def test_a_payload_that_cannot_be_read_is_a_usage_error(tmp_path: Path, content: bytes | None, sentence: str) -> None:
    path = tmp_path / "payload.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=sentence):
        contract.read_payload(str(path))


def test_an_event_that_a_further_channel_has_too_is_found_by_that_channel() -> None:
    main, one = contract.find(CONTRACTS, "UPDATE"), contract.find(CONTRACTS, "plan/UPDATE")
    assert [each.channels[0].name for each in (main, one)] == ["plans", "plan"]
    assert contract.find(CONTRACTS, "plan-sync/plan/UPDATE") is one
    names = [row["name"] for row in contract.listing(CONTRACTS, ["plan-sync"])]
    assert len(names) == len(set(names))


def test_what_a_call_does_to_the_state_of_a_thing_is_shown() -> None:
    _, text = contract.described(CONTRACTS, "denyClaim")
    assert "  claim      submitted -> denied, under_review -> denied, else refused\n" in text
    data, text = contract.described(CONTRACTS, "submitClaim")
    assert data["states"] == {"claim": ["made as submitted"]}
    assert contract.described(CONTRACTS, "getClaim")[0]["states"] == {}


def test_how_much_a_client_may_say_is_shown_with_what_it_says() -> None:
    _, text = contract.described(CONTRACTS, "claim_paid_ack")
    assert "; at most 10 events a second; at most 65536 bytes an event)\n" in text
    assert "at most" not in contract.described(CONTRACTS, "claim_paid")[1]


def test_a_parameter_in_a_header_is_shown_as_that() -> None:
    data, text = contract.described(CONTRACTS, "updatePlan")
    assert data["parameters"]["headers"] == {"If-Match": "ifMatch"}
    assert data["parameters"]["query"] == []
    assert "in headers If-Match: {ifMatch} (optional)" in text
