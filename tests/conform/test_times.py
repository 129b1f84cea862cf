"""A time is what the contract says it is: RFC 3339."""

from dataclasses import replace

import pytest

from conformance.shield.reading import answered_day, day, moment
from eventproof import catalog, profile
from eventproof.conform.calls import Answer
from eventproof.conform.verdicts import NotTestable
from eventproof.errors import ContractViolation

EVENT = next(event for event in catalog.load().system("shield").events if event.name == "claim_paid")


def paid(at: str) -> dict[str, object]:
    return {**EVENT.examples[0], "timestamp": at}


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2026-12-31t23:59:60z", "2027-01-01T00:00:00Z"),
        ("2026-12-31T23:59:60Z", "2027-01-01T00:00:00+00:00"),
        ("2016-12-31T15:59:60-08:00", "2017-01-01T00:00:00Z"),
        ("2026-12-31T23:59:59-00:00", "2026-12-31T23:59:59Z"),
        ("2026-12-31T23:59:59.123456789012Z", "2026-12-31T23:59:59.123456Z"),
        ("2026-12-31T23:59:59.5z", "2026-12-31T23:59:59.500Z"),
    ],
)
def test_a_time_of_rfc_3339_is_valid_is_explained_as_that_and_is_read(text: str, same: str) -> None:
    assert EVENT.is_valid(paid(text))
    assert EVENT.explain(paid(text)) == ()
    assert moment(text) == moment(same)
    assert str(day(text)) == text[:10]


@pytest.mark.parametrize(
    "text", ["2026-12-31T12:00:60Z", "2026-12-31T23:59:59", "2026-12-31T23:59:59,5Z", "2026-12-31T23:59Z", "soon"]
)
def test_what_is_no_time_of_rfc_3339_is_found_and_explained(text: str) -> None:
    assert not EVENT.is_valid(paid(text))
    assert [problem.path for problem in EVENT.explain(paid(text))] == ["/timestamp"]


@pytest.mark.parametrize("value", [None, 5, "soon", "2026-12-31T23:59:59", "9999-12-31T23:59:60Z"])
def test_what_cannot_be_read_as_a_time_is_a_finding(value: object) -> None:
    with pytest.raises(ContractViolation, match="is no time"):
        moment(value)


@pytest.mark.parametrize("text", ["2026-03-14 and more", "2026-W11-6", "14.03.2026", "20260314T0926", "", 1773480413])
def test_what_is_no_date_is_found_in_an_event_and_to_be_mapped_in_an_answer(text: object) -> None:
    with pytest.raises(ContractViolation, match="is no date"):
        day(text)
    target = profile.for_url("http://127.0.0.1:1", {})
    answer = Answer(target, "getSubscription", 200, {"nextRenewalDate": text}, 0.0)
    with pytest.raises(NotTestable, match=r"no ISO 8601 date: see answers\.nextRenewalDate"):
        answered_day(answer, "nextRenewalDate")
    assert str(answered_day(replace(answer, body={"nextRenewalDate": "2026-03-14"}), "nextRenewalDate")) == "2026-03-14"
