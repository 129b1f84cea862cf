from typing import Any

import pytest

from eventproof import catalog
from eventproof.catalog import Direction, Event
from eventproof.load.reading import Reading, read

_CHANNEL = "/shield/ws"


def _event(name: str) -> Event:
    event = catalog.load().event("shield", _CHANNEL, Direction.SEND, name)
    assert event is not None
    return event


def test_an_event_of_a_claim_names_the_claim_and_the_status_it_has_reached() -> None:
    changed = {"data": {"claimId": "c1", "newStatus": "paid"}}
    assert read(_event("claim_status_changed"), changed, "/data/newStatus") == Reading("c1", "paid")
    assert read(_event("payout_completed"), {"data": {"claimId": "c1", "payoutId": "p1"}}) == Reading("c1")


def test_an_event_without_a_subject_is_known_by_all_that_it_says() -> None:
    event = _event("coverage_updated")
    one, same, other = (read(event, {"data": {"coverage": {"usedAmount": used}}}) for used in (1, 1, 2))
    assert one == same != other
    assert one.subject is None


@pytest.mark.parametrize("payload", [None, [], "text", {}, {"data": {"claimId": ["c1"]}}, {"data": {"claimId": {}}}])
def test_a_payload_that_fits_nothing_has_no_subject(payload: Any) -> None:
    assert read(_event("claim_paid"), payload).subject is None


@pytest.mark.parametrize("value", ["x" * 100_000, [[]] * 10_000])
def test_what_is_remembered_of_a_large_payload_is_small_and_tells_it_from_others(value: Any) -> None:
    event = _event("coverage_updated")
    one, same, other = (read(event, {"data": payload}) for payload in (value, value, [value]))
    assert one == same != other
    assert isinstance(one.mark, bytes)
    assert len(one.mark) < 300
    claims = [read(_event("claim_paid"), {"data": {"claimId": "c" * 100_000 + end}}) for end in "ab"]
    assert claims[0] != claims[1]
    assert all(len(str(claim.subject)) < 300 for claim in claims)


@pytest.mark.parametrize("payload", [[], {"message": "\ud800"}, {"number": 2**70}])
def test_what_has_no_plain_form_is_read_all_the_same(payload: Any) -> None:
    for _ in range(300):
        payload = [payload]
    assert read(_event("coverage_updated"), payload).mark == b"unreadable"


def test_a_status_that_is_none_is_no_key() -> None:
    payload = {"data": {"claimId": "c1", "newStatus": {"is": "paid"}}}
    assert read(_event("claim_paid"), payload, "/data/newStatus") == Reading("c1")


def test_an_id_that_is_a_number_is_the_same_as_a_text() -> None:
    assert read(_event("claim_paid"), {"data": {"claimId": 7}}) == read(
        _event("claim_paid"), {"data": {"claimId": "7"}}
    )
