"""Whether what a call caused came to everybody whom it was for, on each of their connections, in time."""

from dataclasses import replace
from typing import Any

import pytest

from eventproof import checks
from eventproof.history import Kind, Record
from tests.checks.shield import KNOWN, ROOMS, called, opened, received

WITHIN = 5.0


def closed(at: float, actor: str, line: str = "a", by: str = "us") -> Record:
    return replace(opened(at, actor, line), kind=Kind.CLOSED, payload={"by": by, "reason": "gone"})


def accepted(at: float, actor: str, name: str, says: Any = None, **parameters: Any) -> list[Record]:
    """A call and its answer, a tenth of a second later."""
    call = replace(called(at, actor, name, **parameters), call=int(at * 10))
    answer = {"status": 200, "body": None, "says": says or {}}
    return [call, replace(call, at=at + 0.1, kind=Kind.ANSWERED, payload=answer)]


def lacking(*records: Record, name: str | None = None) -> list[str]:
    story = sorted(records, key=lambda record: record.at)
    end = Record(100.0, Kind.NOTE, "case")
    return [found.sentence for found in checks.undelivered(checks.Story([*story, end], KNOWN, ROOMS), WITHIN, name)]


APPROVED = accepted(1, "admin-1", "approveClaim", userId="1", claimId="clm_1")
TOLD = received(1.2, "user-1", "claim_approved", claimId="clm_1")
SENTENCE = "{} of {} connections heard `claim_approved` about clm_1 after approveClaim; {}"


def test_each_connection_of_the_audience_is_to_hear_of_it() -> None:
    two = [opened(0, "user-1"), opened(0, "user-1", "b")]
    assert lacking(*two, *APPROVED, TOLD, name="claim_approved") == [SENTENCE.format(1, 2, "user-1/b did not")]
    other = received(1.3, "user-1", "claim_approved", line="b", claimId="clm_1")
    assert lacking(*two, *APPROVED, TOLD, other, name="claim_approved") == []


def test_who_is_no_part_of_the_audience_lacks_nothing() -> None:
    others = [opened(0, "user-2"), opened(0, "admin-1")]
    assert lacking(opened(0, "user-1"), *others, *APPROVED, TOLD, name="claim_approved") == []


def test_what_is_about_another_thing_is_not_what_was_caused() -> None:
    other = received(1.2, "user-1", "claim_approved", claimId="clm_2")
    assert len(lacking(opened(0, "user-1"), *APPROVED, other, name="claim_approved")) == 1


def test_what_comes_too_late_is_told_as_late() -> None:
    late = replace(TOLD, at=7.0)
    said = "user-1/a more than 5 s after the answer"
    assert lacking(opened(0, "user-1"), *APPROVED, late, name="claim_approved") == [SENTENCE.format(1, 1, said)]


@pytest.mark.parametrize(
    ("connection", "judged"),
    [
        ([opened(1.05, "user-1")], False),
        ([opened(0, "user-1"), closed(0.5, "user-1")], False),
        ([opened(0, "user-1"), closed(3, "user-1")], False),
        ([opened(0, "user-1"), closed(7, "user-1")], True),
        ([opened(0, "user-1"), closed(1.15, "user-1", by="peer")], True),
    ],
    ids=["opened-later", "left-before", "left-too-soon", "left-in-time", "ended-by-the-server"],
)
def test_a_connection_is_judged_that_was_there_and_stayed(connection: list[Record], judged: bool) -> None:
    assert bool(lacking(*connection, *APPROVED, name="claim_approved")) is judged


def test_a_call_that_was_refused_or_not_answered_owes_nothing() -> None:
    call, answer = APPROVED
    refused = replace(answer, payload={"status": 409, "body": None})
    assert lacking(opened(0, "user-1"), call, refused) == []
    assert lacking(opened(0, "user-1"), call) == []


def test_what_a_call_causes_now_and_then_is_not_owed() -> None:
    renewed = accepted(1, "admin-1", "renewSubscription", userId="1")
    told = received(1.2, "user-1", "subscription_renewed")
    assert lacking(opened(0, "user-1"), *renewed, told) == []
    assert lacking(opened(0, "user-1"), *renewed, name="coverage_updated") == []


def test_each_receipt_is_that_of_one_call() -> None:
    twice = [
        *accepted(1, "admin-1", "renewSubscription", userId="1"),
        *accepted(2, "admin-1", "renewSubscription", userId="1"),
    ]
    told = [received(at, "user-1", "subscription_renewed") for at in (1.2, 2.2)]
    assert lacking(opened(0, "user-1"), *twice, *told) == []
    assert len(lacking(opened(0, "user-1"), *twice, told[0])) == 1
    assert len(lacking(opened(0, "user-1"), *twice, told[1], replace(told[1], at=2.3))) == 0


def more(*records: Record) -> list[tuple[str, str]]:
    story = checks.Story(sorted(records, key=lambda record: record.at), KNOWN, ROOMS)
    return [(found.sentence, found.observed) for found in checks.more_than_caused(story, "claim_approved")]


MORE = [("user-1/a received the same `claim_approved` more often than anything caused it", "2 times")]


def test_the_same_thing_comes_once_for_each_of_its_causes() -> None:
    two = [opened(0, "user-1"), opened(0, "user-1", "b")]
    other = received(1.3, "user-1", "claim_approved", line="b", claimId="clm_1")
    twice = replace(TOLD, at=1.4)
    assert more(*two, *APPROVED, TOLD, other) == []
    assert more(*two, *APPROVED, TOLD, other, twice) == MORE
    again = accepted(1.3, "admin-1", "approveClaim", userId="1", claimId="clm_1")
    assert more(*two, *APPROVED, TOLD, *again, twice) == []
    assert more(*two, *APPROVED, TOLD, twice, *(replace(each, at=each.at + 1) for each in again)) == MORE


def test_what_comes_again_on_a_new_connection_or_differs_or_has_no_cause_here_is_no_repetition() -> None:
    twice = replace(TOLD, at=1.8)
    anew = [closed(1.5, "user-1"), opened(1.6, "user-1")]
    assert more(opened(0, "user-1"), *APPROVED, TOLD, *anew, twice) == []
    different = received(1.8, "user-1", "claim_approved", claimId="clm_1", note="once more")
    assert more(opened(0, "user-1"), *APPROVED, TOLD, different) == []
    assert more(opened(0, "user-1"), TOLD, twice) == []


def test_a_call_that_nobody_answered_may_have_caused_it_and_a_refused_one_has_not() -> None:
    call, answer = accepted(1.3, "admin-1", "approveClaim", userId="1", claimId="clm_1")
    twice = replace(TOLD, at=1.8)
    refused = replace(answer, payload={"status": 409, "body": None})
    assert more(opened(0, "user-1"), *APPROVED, TOLD, call, twice) == []
    assert more(opened(0, "user-1"), *APPROVED, TOLD, call, refused, twice) == MORE


def test_an_answer_that_names_what_was_made_tells_which_event_is_its_own() -> None:
    made = accepted(1, "user-1", "submitClaim", says={"claimId": "clm_1"})
    other = received(1.2, "user-1", "claim_submitted", claimId="clm_7")
    assert len(lacking(opened(0, "user-1"), *made, other, name="claim_submitted")) == 1


def misordered(*records: Record) -> list[str]:
    story = sorted(records, key=lambda record: record.at)
    return [found.sentence for found in checks.misordered(checks.Story(story, KNOWN, ROOMS))]


REVIEWED = accepted(0.5, "admin-1", "reviewClaim", userId="1", claimId="clm_1")
UNDER_REVIEW = received(2.0, "user-1", "claim_under_review", claimId="clm_1")


def test_what_was_caused_first_is_heard_first() -> None:
    swapped = [opened(0, "user-1"), *REVIEWED, *APPROVED, TOLD, UNDER_REVIEW]
    sentence = "user-1/a received `claim_approved` of clm_1 before `claim_under_review`, whose cause is earlier"
    assert misordered(*swapped) == [sentence]
    assert misordered(*swapped[:-1], replace(UNDER_REVIEW, at=0.7)) == []


def test_events_of_calls_that_were_under_way_at_once_have_no_order() -> None:
    call, answer = REVIEWED
    assert misordered(opened(0, "user-1"), call, *APPROVED, TOLD, UNDER_REVIEW, replace(answer, at=3.0)) == []


def test_a_connection_that_was_opened_meanwhile_may_be_sent_the_earlier_event_again() -> None:
    assert misordered(*REVIEWED, opened(0.8, "user-1"), *APPROVED, TOLD, UNDER_REVIEW) == []
