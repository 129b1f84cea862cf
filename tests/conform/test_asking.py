"""What a server asks clients to acknowledge by the callback of the wire."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from eventproof import checks, own_contracts
from eventproof.catalog import System
from eventproof.client.aio import Received
from eventproof.conform.behaviour import Behaviour
from eventproof.history import Kind, Record

DOCUMENT = Path(__file__).parent / "asking" / "asking.yaml"


@pytest.fixture
def system(tmp_path: Path) -> Callable[..., System]:
    """The contract of the server, with something else in place of a part of it."""

    def of(here: str = "", instead: str = "") -> System:
        text = DOCUMENT.read_text("utf-8")
        assert here in text
        (tmp_path / "asking.yaml").write_text(text.replace(here, instead, 1) if here else text, encoding="utf-8")
        return own_contracts.contract_of(tmp_path / "asking.yaml")

    return of


Systems = Callable[..., System]
RETRY = "{level: required, by: callback, retry: {first: 1, factor: 2, longest: 8, within: 60}}"
ACK = "{type: object, required: [seen], properties: {seen: {const: true}}}"


def behaviour(system: System, **switches: Any) -> Behaviour:
    return Behaviour.on(system.channels[0], [system], **switches)


def heard(name: str = "told") -> Received:
    return Received(name, ({"text": "a"},), at=0.0, order=0, ack_id=3)


def record(ack_id: int | None, name: str = "told") -> Record:
    return Record(1.0, Kind.RECEIVED, "user-1", "user-1/ws-1", "/", name, {"text": "a"}, ack_id=ack_id)


def test_it_is_acknowledged_at_once_with_what_fits_the_contract(system: Systems) -> None:
    known = system()
    said = behaviour(known).acknowledgement(heard())
    assert said is not None
    assert list(said) == [{"seen": True}]


def test_several_arguments_of_a_callback_are_given_as_several(system: Systems) -> None:
    several = "{args: {type: array, items: [{const: ok}, {const: 1}], additionalItems: false, minItems: 2}}"
    assert behaviour(system(ACK, several)).acknowledgement(heard()) == ("ok", 1)


def test_without_a_word_of_what_comes_with_it_nothing_does(system: Systems) -> None:
    assert behaviour(system(ACK, "true")).acknowledgement(heard()) == ()


def test_what_is_sent_again_until_then_is_held_back_unless_the_connection_acknowledges(system: Systems) -> None:
    known = system(ACK, RETRY)
    assert behaviour(known).acknowledgement(heard()) is None
    assert behaviour(known, acknowledges=True).acknowledgement(heard()) == ()


def test_nothing_else_is_acknowledged(system: Systems) -> None:
    assert behaviour(system()).acknowledgement(heard("unheard")) is None
    assert behaviour(system(ACK, "none")).acknowledgement(heard()) is None


def test_what_came_without_an_id_did_not_ask(system: Systems) -> None:
    known = checks.known_events([system()])
    assert [found.record for found in checks.unasked([record(0), record(None)], known)] == [record(None)]
    optional = checks.known_events([system(ACK, "{level: optional, by: callback}")])
    assert list(checks.unasked([record(None)], optional)) == []


def test_what_asks_without_a_word_in_the_contract_is_named(system: Systems) -> None:
    records = [record(1), record(2, "unheard"), record(None, "unheard")]
    assert checks.unforeseen(records, checks.known_events([system()])) == ("unheard",)
    assert checks.unforeseen(records, checks.known_events([system(ACK, "none")])) == ("told", "unheard")


def test_what_can_be_judged_of_it_is_promised_and_the_rest_named(system: Systems) -> None:
    known = system()
    assert "asking/told/asks" in {line.id for line in known.requirements}
    assert known.reading is not None
    lacks = {lack.what: lack.line for lack in known.reading.lacks}
    assert "retry = { first" in lacks["asking/told/ack"]
    optional = {line.id for line in system(ACK, "{level: optional, by: callback}").requirements}
    assert "asking/told/asks" not in optional
