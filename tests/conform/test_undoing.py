from dataclasses import replace
from itertools import count

import pytest

from eventproof import catalog, profile
from eventproof.catalog import USER
from eventproof.conform.check_run import CheckRun
from eventproof.conform.person import Person
from eventproof.conform.undoing import Undo, done_to
from eventproof.history import Kind, Record
from eventproof.target import Identity, Target

URL = "http://127.0.0.1:8080"
UNDO = Undo(catalog.load().systems.values())


def called(actor: str, operation: str, **parameters: object) -> Record:
    return Record(0.0, Kind.CALLED, actor, name=operation, payload=parameters)


@pytest.fixture(scope="module")
def target() -> Target:
    people = {"admins": (Identity("admin", id="a"),), "users": (Identity("user", id="u1", tier="basic"),)}
    return replace(profile.for_url(URL, {}), **people)  # type: ignore[arg-type]  # a mapping of one type


@pytest.fixture
def user(target: Target) -> Person:
    check_run = CheckRun(target, catalog.load(), seed=1)
    check_run.close()
    return check_run.people.pool(USER).take()


def test_what_was_done_to_a_user_is_what_others_and_they_themselves_called(user: Person) -> None:
    records = [
        called("admin-1", "banUser", userId="u1"),
        called("admin-1", "updateUserTier", userId="u2", tier="free"),
        called(user.name, "cancelSubscription"),
        called("user-2", "logout"),
        called(user.name, "setSubscriptionStatus", userId="u2", status="past_due"),
    ]
    assert done_to(user, records) == {"banUser", "cancelSubscription"}
    assert UNDO.ends_session(records, user)
    assert not UNDO.ends_session(records[1:], user)
    assert UNDO.ends_session([called(user.name, "logout")], user)


@pytest.mark.parametrize(
    ("done", "calls"),
    [
        ({"banUser"}, [("unbanUser", {"userId": "u1"})]),
        ({"updateUserTier"}, [("updateUserTier", {"userId": "u1", "tier": "basic"})]),
        (
            {"cancelSubscription", "setSubscriptionStatus"},
            [("setSubscriptionStatus", {"userId": "u1", "status": "active"})],
        ),
        ({"getMe", "submitClaim"}, []),
    ],
)
def test_each_operation_is_undone_as_its_contract_says(
    user: Person, target: Target, done: set[str], calls: list[object]
) -> None:
    assert UNDO.calls(user, target, frozenset(done)) == calls


def test_where_anything_may_have_been_done_whatever_the_target_can_do_is_undone(user: Person, target: Target) -> None:
    first, *others = [operation for operation, _ in UNDO.calls(user, target)]
    assert first == "unbanUser", "whoever is locked out is let in before anything else"
    assert set(others) == {"updateUserTier", "setSubscriptionStatus"}
    bare = replace(target, operations={"banUser": target.operations["banUser"]})
    assert [operation for operation, _ in UNDO.calls(user, bare)] == ["unbanUser"]


def test_what_waits_for_its_user_may_last_where_the_target_can_do_it(target: Target) -> None:
    assert not UNDO.may_last(target)
    assert UNDO.may_last(replace(target, operations={"failNextEvent": target.operations["banUser"]}))


def answered(call: Record, status: int, body: object) -> tuple[Record, Record]:
    number = next(_numbers)
    answer = Record(
        0.0, Kind.ANSWERED, call.actor, name=call.name, payload={"status": status, "body": body}, call=number
    )
    return replace(call, call=number), answer


_numbers = count(1)
MADE = answered(called("admin-1", "createPlan", name="A"), 201, {"id": "p1"})
REFUSED = answered(called("admin-1", "createPlan", name="B"), 422, {"id": "p2"})
CHANGED = answered(called("admin-1", "updatePlan", planId="p1", roi=2), 200, {"id": "p1"})
GONE = answered(called("admin-1", "deletePlan", planId="p1"), 204, None)
UNKNOWN = answered(called("admin-1", "createPlan"), 201, "made")
STILL_THERE = answered(called("admin-1", "deletePlan", planId="p1"), 500, None)
NOT_FOUND = answered(called("admin-1", "deletePlan", planId="p1"), 404, None)


def test_what_a_call_made_is_removed_unless_it_is_gone(target: Target) -> None:
    assert UNDO.made([*MADE, *REFUSED, *CHANGED, *STILL_THERE], target) == [("admin-1", "deletePlan", {"planId": "p1"})]
    assert UNDO.made([*MADE, *CHANGED, *GONE], target) == []
    assert UNDO.made([*MADE, *NOT_FOUND], target) == []
    assert UNDO.made(UNKNOWN, target) == [], "nobody knows what was made"


def test_the_profile_says_where_the_id_of_what_was_made_is(target: Target) -> None:
    there = replace(target.operations["createPlan"], answers={"planId": "/data/id"})
    moved = replace(target, operations={**target.operations, "createPlan": there})
    made = answered(called("admin-1", "createPlan"), 201, {"data": {"id": "p1"}})
    assert UNDO.made(made, moved) == [("admin-1", "deletePlan", {"planId": "p1"})]
    assert UNDO.made(made, target) == []


def test_what_could_not_be_removed_is_left_behind(target: Target) -> None:
    assert UNDO.left_behind([*MADE, *STILL_THERE], target) == {"createPlan": 1}
    assert UNDO.left_behind(UNKNOWN, target) == {"createPlan": 1}


def test_a_change_of_what_is_gone_leaves_nothing_behind(target: Target) -> None:
    assert UNDO.left_behind([*MADE, *CHANGED], target) == {"createPlan": 1, "updatePlan": 1}
    assert UNDO.left_behind([*MADE, *CHANGED, *GONE], target) == {}
    invested = answered(called("user-1", "invest", planId="p1", amount=1), 201, {"id": "u1"})
    assert UNDO.left_behind([*MADE, *invested, *GONE], target) == {"invest": 1}, "a user plan outlives its plan"


def test_the_tier_that_somebody_has_is_what_the_last_call_gave_that_was_not_refused(user: Person) -> None:
    def answered(call: Record, status: int) -> list[Record]:
        return [call, replace(call, kind=Kind.ANSWERED, payload={"status": status})]

    given = answered(replace(called("admin-1", "updateUserTier", userId="u1", tier="premium"), call=1), 200)
    unknown = answered(replace(called("admin-1", "updateUserTier", userId="u1", tier="no-such"), call=2), 422)
    assert UNDO.tier(user, []) == "basic"
    assert UNDO.tier(user, [*given, *unknown]) == "premium"
    assert UNDO.tier(user, [*unknown, given[0]]) == "premium", "what has no answer may have been done"
