"""Judgements of plain histories: no sockets, no clock."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from eventproof import catalog, checks
from eventproof.errors import ContractViolation, Inconclusive
from eventproof.history import Kind, Record

KNOWN = checks.known_events([catalog.load().system("user-state")])
ROOMS = {"user-1": frozenset({"user:1"}), "user-2": frozenset({"user:2"})}
MESSAGE = {"message": "Your account has been banned by an administrator."}


def called(at: float, name: str, **parameters: Any) -> Record:
    return Record(at, Kind.CALLED, "admin-1", name=name, payload=parameters)


def received(at: float, actor: str, name: str, payload: Any = None, line: str = "ws-1") -> Record:
    return Record(at, Kind.RECEIVED, actor, f"{actor}/{line}", "/", name, MESSAGE if payload is None else payload)


def closed(at: float, actor: str, by: str = "peer", line: str = "ws-1") -> Record:
    return Record(at, Kind.CLOSED, actor, f"{actor}/{line}", "/", payload={"by": by, "reason": "gone"})


def sentences(findings: Iterable[checks.Finding]) -> list[str]:
    return [finding.sentence for finding in findings]


def test_the_server_may_send_what_the_catalogue_lists_for_the_channel() -> None:
    assert ("/", "user.banned") in KNOWN
    assert ("/", "user.deleted") not in KNOWN


def test_an_event_outside_the_catalogue_is_found() -> None:
    found = list(checks.outside_the_catalogue([received(1, "user-1", "user.deleted")], KNOWN))
    assert sentences(found) == ["user-1 received `user.deleted`, which the catalogue does not have on /"]
    assert "user.banned" in found[0].expected
    assert not list(checks.outside_the_catalogue([received(1, "user-1", "user.banned")], KNOWN))


def test_a_payload_that_does_not_fit_is_found_with_what_was_expected() -> None:
    records = [received(1, "user-1", "user.banned", {"message": 3}), received(2, "user-1", "user.banned")]
    (found,) = checks.invalid(records, KNOWN)
    assert "`user.banned` does not fit user.banned.json" in found.sentence
    assert found.record is records[0]
    assert '{"message": 3}' in found.observed
    assert found.expected


def test_invalid_payloads_of_other_events_are_left_out_where_one_is_named() -> None:
    records = [received(1, "user-1", "user.banned", {}), received(2, "user-1", "user.tier.updated", {})]
    assert len(list(checks.invalid(records, KNOWN, "user.tier.updated"))) == 1
    assert len(list(checks.invalid(records, KNOWN))) == 2


def test_the_audience_is_the_user_of_an_action_before() -> None:
    lawful = [called(1, "banUser", userId="1"), received(2, "user-1", "user.banned")]
    assert not list(checks.leaked(checks.Story(lawful, KNOWN, ROOMS)))


@pytest.mark.parametrize(
    "records",
    [
        pytest.param([called(1, "banUser", userId="1"), received(2, "user-2", "user.banned")], id="another-user"),
        pytest.param([received(1, "user-1", "user.banned"), called(2, "banUser", userId="1")], id="before-the-action"),
        pytest.param(
            [called(1, "updateUserTier", userId="1"), received(2, "user-1", "user.banned")], id="other-action"
        ),
        pytest.param([called(1, "banUser", userId="9"), received(2, "user-9", "user.banned")], id="unknown-actor"),
    ],
)
def test_whoever_is_outside_the_audience_is_found(records: list[Record]) -> None:
    (found,) = checks.leaked(checks.Story(records, KNOWN, ROOMS))
    assert isinstance(found, checks.Finding)
    assert "which is not for them" in found.sentence


def test_where_neither_call_nor_payload_names_anybody_nothing_is_judged() -> None:
    call = replace(called(1, "banUser"), call=1)
    heard = received(2, "user-1", "user.banned")
    (unanswered,) = checks.leaked(checks.Story([call, heard], KNOWN, ROOMS))
    assert isinstance(unanswered, checks.Unjudged)
    assert "banUser was not answered" in unanswered.sentence
    answer = replace(call, kind=Kind.ANSWERED, payload={"status": 200, "says": {}})
    (unsaid,) = checks.leaked(checks.Story([call, answer, heard], KNOWN, ROOMS))
    assert isinstance(unsaid, checks.Unjudged)
    assert "the answer to banUser gives no userId" in unsaid.sentence
    assert "[operations.banUser] answers = { userId = … }" in unsaid.sentence


def test_leaks_of_other_events_are_left_out_where_one_is_named() -> None:
    assert not list(
        checks.leaked(checks.Story([received(1, "user-1", "user.banned")], KNOWN, ROOMS), "user.tier.updated")
    )


def test_what_came_twice_is_duplicated() -> None:
    records = [received(1, "user-1", "user.banned", line="a"), received(2, "user-1", "user.banned", line="a")]
    both = ["user-1/a", "user-1/b"]
    assert sentences(checks.duplicated(records, "user.banned", both)) == ["user-1/a received `user.banned` 2 times"]
    assert not list(checks.duplicated(records, "user.banned", both, allowed=2))


def test_a_connection_that_the_server_did_not_close_is_left_open() -> None:
    records = [closed(1, "user-1"), closed(2, "user-2", by="us")]
    names = ["user-1/ws-1", "user-2/ws-1", "user-3/ws-1"]
    assert [finding.sentence.split()[0] for finding in checks.left_open(records, names)] == names[1:]


@pytest.mark.parametrize(
    ("records", "observed"),
    [
        ([received(1, "user-1", "user.banned"), closed(2, "user-1")], None),
        ([received(1, "user-1", "user.banned")], None),
        ([closed(1, "user-1")], "and nothing else"),
        ([closed(1, "user-1"), received(2, "user-1", "user.banned")], "then `user.banned`"),
    ],
)
def test_a_connection_must_be_told_before_it_ends(records: list[Record], observed: str | None) -> None:
    found = list(checks.closed_untold(records, "user.banned", ["user-1/ws-1"]))
    assert bool(found) is (observed is not None)
    assert observed is None or observed in found[0].observed


def test_a_connection_that_had_to_stay_is_found_when_the_server_ends_it() -> None:
    records = [closed(1, "user-1"), closed(2, "user-2"), closed(3, "user-3", by="us")]
    (found,) = checks.closed_early(records, ["user-1/ws-1", "user-3/ws-1"])
    assert found.sentence == "user-1/ws-1 was closed by the server"
    assert "gone" in found.observed


def test_what_others_heard_of_somebody_after_a_call_is_told_by_its_name() -> None:
    told = [received(at, who, "gone", {"who": ["u1"]}) for at, who in ((1, "user-2"), (3, "user-1"), (4, "user-3"))]
    records = [told[0], called(2, "ban", userId="u1"), *told[1:], received(5, "user-2", "gone", {"who": "u12"})]
    assert checks.heard_of(records, "user-2", "ban", "u1") == ()
    assert checks.heard_of(records, "user-3", "ban", "u1") == ("gone",)
    assert checks.heard_of(records, "user-3", "leave", "u1") == ()


def test_nothing_may_be_heard_after_the_end() -> None:
    records = [received(1, "user-1", "a"), closed(2, "user-1"), received(3, "user-1", "b"), received(3, "user-2", "c")]
    assert sentences(checks.heard_after_close(records)) == ["user-1/ws-1 received `b` after its end"]


def test_the_time_to_close_counts_from_the_call() -> None:
    records = [closed(0.1, "user-1"), called(1.0, "banUser", userId="1"), closed(1.4, "user-1"), closed(2.5, "user-2")]
    names = ["user-1/ws-1", "user-2/ws-1"]
    (found,) = checks.slow_to_close(records, "banUser", names, 1.0)
    assert found.sentence == "user-2/ws-1 ended 1.500 s after banUser was sent"
    assert not list(checks.slow_to_close(records, "banUser", names, 1.6))


def test_findings_become_one_violation_that_counts_them() -> None:
    checks.raise_for([])
    twice = [checks.Finding("it is wrong", "right", "wrong")] * 2
    with pytest.raises(ContractViolation, match=r"it is wrong \(and 1 more like it\)") as caught:
        checks.raise_for(twice)
    assert (caught.value.expected, caught.value.observed) == ("right", "wrong")


def test_what_could_not_be_judged_is_inconclusive_unless_something_is_wrong() -> None:
    unjudged = [checks.Unjudged("nobody can tell")] * 2
    with pytest.raises(Inconclusive, match=r"nobody can tell \(and 1 more like it\)"):
        checks.raise_for(unjudged, [])
    with pytest.raises(ContractViolation, match="it is wrong"):
        checks.raise_for(unjudged, [checks.Finding("it is wrong", "right", "wrong")])


def left(at: float, actor: str, line: str = "ws-1") -> Record:
    return Record(at, Kind.NOTE, actor, f"{actor}/{line}", "/", "DISCONNECT", {"namespace": "/"})


def test_a_disconnect_packet_ends_a_connection_before_its_transport_does() -> None:
    story = [called(1, "banUser", userId="1"), left(1.2, "user-1"), closed(9, "user-1")]
    assert not list(checks.left_open(story, ["user-1/ws-1"]))
    assert not list(checks.slow_to_close(story, "banUser", ["user-1/ws-1"], 1.0))
    (untold,) = checks.closed_untold(story, "user.banned", ["user-1/ws-1"])
    assert untold.record is story[1]
    (early,) = checks.closed_early([left(1, "user-2")], ["user-2/ws-1"])
    assert early.observed == "closed: a DISCONNECT packet"


def test_nothing_arrives_in_a_namespace_after_its_disconnect_packet() -> None:
    story = [left(1, "user-1"), received(2, "user-1", "user.tier.updated")]
    assert sentences(checks.heard_after_close(story)) == ["user-1/ws-1 received `user.tier.updated` after its end"]
    opened = Record(1.5, Kind.OPENED, "user-1", "user-1/ws-1", "/")
    assert not list(checks.heard_after_close([story[0], opened, story[1]]))
