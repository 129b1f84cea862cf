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
    assert read(_event("claim_status_changed"), changed) == Reading("c1", "paid")
    assert read(_event("payout_completed"), {"data": {"claimId": "c1", "payoutId": "p1"}}) == Reading("c1")


def test_an_event_without_a_subject_is_known_by_all_that_it_says() -> None:
    event = _event("coverage_updated")
    one, same, other = (read(event, {"data": {"coverage": {"usedAmount": used}}}) for used in (1, 1, 2))
    assert one == same != other
    assert one.subject is None


@pytest.mark.parametrize("payload", [None, [], "text", {}, {"data": {"claimId": ["c1"]}}, {"data": {"claimId": {}}}])
def test_a_payload_that_fits_nothing_has_no_subject(payload: Any) -> None:
    assert read(_event("claim_paid"), payload).subject is None


def test_a_status_that_is_none_is_no_key() -> None:
    payload = {"data": {"claimId": "c1", "newStatus": {"is": "paid"}}}
    assert read(_event("claim_paid"), payload) == Reading("c1")
