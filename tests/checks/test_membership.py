"""Who is in a room that a connection asks for, or that a call fills: what they may hear, and what they must."""

from dataclasses import replace
from typing import Any

from eventproof import catalog, checks
from eventproof.catalog import CALLER, Opening
from eventproof.history import Kind, Record

CONTRACT = catalog.load().system("plan-sync")
DESK, SHELF = "room:desk:{planId}", "room:shelf:{planId}"
UPDATED = next(event for event in CONTRACT.events if event.name == "UPDATE")
ADDRESS = UPDATED.channels[0].address
EVENT = replace(UPDATED, audience=(DESK, SHELF), channels=UPDATED.channels[:1])
KNOWN = {(ADDRESS, "UPDATE"): EVENT}
OPERATIONS = {
    "createPlan": replace(CONTRACT.operation("createPlan"), joins={DESK: CALLER}),
    "invest": replace(CONTRACT.operation("invest"), joins={DESK: "helperId"}),
    "endUserPlan": replace(CONTRACT.operation("endUserPlan"), leaves={DESK: "helperId"}),
}
ROOMS = {f"user-{number}": frozenset({f"user:{number}", "role:user", "everyone"}) for number in range(1, 4)}


def call(at: float, actor: str, name: str, status: int = 200, says: Any = None, **parameters: Any) -> list[Record]:
    """A call, and its answer a tenth of a second later."""
    asked = Record(at, Kind.CALLED, actor, name=name, payload=parameters, call=int(at * 100))
    return [asked, replace(asked, at=at + 0.1, kind=Kind.ANSWERED, payload={"status": status, "says": says or {}})]


def line(at: float, actor: str, kind: Kind = Kind.OPENED, room: str = "") -> Record:
    return Record(at, kind, actor, f"{actor}/a", ADDRESS, room)


def heard(at: float, actor: str, plan: str = "p1") -> Record:
    return replace(line(at, actor, Kind.RECEIVED, "UPDATE"), payload={"planId": plan})


def judged(*parts: Record | list[Record], known: Any = None) -> tuple[int, int]:
    """How many leaks there were, and how many losses."""
    records = [record for part in parts for record in (part if isinstance(part, list) else [part])]
    end = Record(100.0, Kind.NOTE, "case")
    ordered = [*sorted(records, key=lambda record: record.at), end]
    story = checks.Story(ordered, known or KNOWN, ROOMS, operations=OPERATIONS)
    found = [list(checks.leaked(story)), list(checks.undelivered(story, within=5))]
    leaks, losses = (sum(isinstance(one, checks.Finding) for one in those) for those in found)
    return leaks, losses


def unjudged(*parts: Record | list[Record]) -> list[str]:
    """Why something was not judged."""
    records = [record for part in parts for record in (part if isinstance(part, list) else [part])]
    ordered = [*sorted(records, key=lambda record: record.at), Record(100.0, Kind.NOTE, "case")]
    story = checks.Story(ordered, KNOWN, ROOMS, operations=OPERATIONS)
    return [one.sentence for one in checks.leaked(story) if isinstance(one, checks.Unjudged)]


CHANGE = call(5, "user-3", "updatePlan", planId="p1")


def test_who_makes_a_thing_is_in_its_room_on_every_connection() -> None:
    made = call(1, "user-1", "createPlan", says={"planId": "p1"})
    assert judged(made, line(2, "user-1"), CHANGE, heard(5.2, "user-1")) == (0, 0)
    assert judged(made, line(2, "user-1"), CHANGE) == (0, 1)
    assert judged(made, line(2, "user-2"), CHANGE, heard(5.2, "user-2")) == (1, 0)


def test_a_call_that_was_refused_has_nobody_join() -> None:
    refused = call(1, "user-1", "createPlan", status=409, planId="p1")
    assert judged(refused, line(2, "user-1"), CHANGE, heard(5.2, "user-1")) == (1, 0)


def test_a_call_may_name_who_joins_and_who_leaves() -> None:
    joined = call(1, "user-1", "invest", planId="p1", helperId="2")
    left = call(3, "user-1", "endUserPlan", planId="p1", helperId="2")
    assert judged(joined, line(2, "user-2"), CHANGE) == (0, 1)
    assert judged(joined, line(2, "user-2"), left, CHANGE) == (0, 0)
    assert judged(joined, line(2, "user-2"), left, CHANGE, heard(5.2, "user-2")) == (1, 0)
    assert judged(joined, line(2, "user-2"), CHANGE, heard(5.2, "user-2"), call(6, "user-1", "endUserPlan")) == (0, 0)


def test_who_joins_by_a_call_that_does_not_tell_which_room_may_be_in_any_of_its_form() -> None:
    untold, heard_it = call(1, "user-1", "createPlan"), heard(5.2, "user-1")
    assert judged(untold, line(2, "user-1"), CHANGE, heard_it) == (0, 0)
    (why,) = unjudged(untold, line(2, "user-1"), CHANGE, heard_it)
    assert "the answer to createPlan gives no planId" in why
    assert judged(untold, line(2, "user-2"), CHANGE, heard(5.2, "user-2")) == (1, 0), "that one joined nothing"
    assert judged(call(6, "user-1", "createPlan"), line(2, "user-1"), CHANGE, heard_it) == (1, 0), "it came later"


def test_whom_a_call_has_join_without_naming_them_may_be_anybody() -> None:
    untold = call(1, "user-1", "invest", planId="p1")
    (why,) = unjudged(untold, line(2, "user-2"), CHANGE, heard(5.2, "user-2"))
    assert "the answer to invest gives no helperId" in why
    unanswered = Record(1, Kind.CALLED, "user-1", name="createPlan", payload={}, call=7)
    (why,) = unjudged(unanswered, line(2, "user-1"), CHANGE, heard(5.2, "user-1"))
    assert "createPlan was not answered" in why


def test_who_may_have_left_by_a_call_that_does_not_tell_it_need_not_hear_any_more() -> None:
    joined = call(1, "user-1", "invest", planId="p1", helperId="2")
    assert judged(joined, line(2, "user-2"), call(3, "user-1", "endUserPlan", helperId="3"), CHANGE) == (0, 1)
    lefts: list[dict[str, Any]] = [{"helperId": "2"}, {"planId": "p1"}]
    for left in lefts:
        gone = call(3, "user-1", "endUserPlan", **left)
        assert judged(joined, line(2, "user-2"), gone, CHANGE) == (0, 0)
        assert judged(joined, line(2, "user-2"), gone, CHANGE, heard(5.2, "user-2")) == (0, 0), "it may be in still"


def asks(at: float, actor: str, kind: Kind) -> Record:
    return line(at, actor, kind, SHELF.replace("{planId}", "p1"))


def test_a_connection_that_asked_may_hear_and_must_once_it_was_told_that_it_is_in() -> None:
    opened, asked, joined = line(1, "user-1"), asks(2, "user-1", Kind.JOINS), asks(3, "user-1", Kind.JOINED)
    assert judged(opened, asked, CHANGE) == (0, 0), "nobody has told it yet"
    assert judged(opened, asked, CHANGE, heard(5.2, "user-1")) == (0, 0)
    assert judged(opened, asked, joined, CHANGE) == (0, 1)
    assert judged(opened, asked, joined, CHANGE, heard(5.2, "user-1", "p2")) == (1, 1), "that is another room's"


def test_who_was_refused_a_room_or_has_left_it_hears_nothing_of_what_is_caused_later() -> None:
    opened, asked, out = line(1, "user-1"), asks(2, "user-1", Kind.JOINS), asks(3, "user-1", Kind.LEFT)
    assert judged(opened, asked, out, CHANGE, heard(5.2, "user-1")) == (1, 0)
    joined, leaving = asks(2.1, "user-1", Kind.JOINED), asks(2.5, "user-1", Kind.LEAVES)
    assert judged(opened, asked, joined, leaving, CHANGE) == (0, 0)
    assert judged(opened, asked, joined, leaving, CHANGE, heard(5.2, "user-1")) == (0, 0), "it may be in still"
    assert judged(opened, asked, joined, leaving, out, CHANGE, heard(5.2, "user-1")) == (1, 0)


def test_what_was_caused_before_one_left_may_come_afterwards() -> None:
    opened, joined = line(1, "user-1"), asks(2, "user-1", Kind.JOINED)
    gone = [asks(5.05, "user-1", Kind.LEAVES), asks(5.15, "user-1", Kind.LEFT)]
    assert judged(opened, joined, CHANGE, gone, heard(5.2, "user-1")) == (0, 0)
    assert judged(opened, joined, CHANGE, gone) == (0, 0), "it need not come any more"


def test_a_room_that_was_joined_again_is_another_stay() -> None:
    opened, joined = line(1, "user-1"), asks(2, "user-1", Kind.JOINED)
    gone = [asks(2.5, "user-1", Kind.LEAVES), asks(2.6, "user-1", Kind.LEFT)]
    again = [asks(3, "user-1", Kind.JOINS), asks(3.1, "user-1", Kind.JOINED)]
    assert judged(opened, joined, gone, again, CHANGE) == (0, 1)
    assert judged(opened, joined, gone, again, CHANGE, heard(5.2, "user-1")) == (0, 0)


def test_where_clients_join_the_rooms_of_roles_only_who_has_must_hear() -> None:
    channel = replace(UPDATED.channels[0], opening=Opening("join:role", "{role}"))
    known = {(ADDRESS, "UPDATE"): replace(UPDATED, audience=("role:user",), channels=(channel,))}
    opened, joined = line(1, "user-1"), line(2, "user-1", Kind.JOINED, "role:user")
    assert judged(opened, CHANGE, known=known) == (0, 0)
    assert judged(opened, joined, CHANGE, known=known) == (0, 1)
    assert judged(opened, CHANGE, heard(5.2, "user-1"), known=known) == (0, 0), "of that role they may"


def test_an_audience_may_depend_on_the_call_and_on_what_nobody_can_tell() -> None:
    by_trigger = {"updatePlan": ("user:{ownerId}",), "createPlan": ("role:user",)}
    event = replace(
        UPDATED,
        audience=("user:{ownerId}", "role:user"),
        audiences=by_trigger,
        triggers=("updatePlan", "createPlan"),
        possible=("user:{buyerId}",),
        channels=EVENT.channels,
    )
    known = {(ADDRESS, "UPDATE"): event}
    change = call(5, "user-3", "updatePlan", planId="p1", ownerId="1", buyerId="2")
    both = [line(1, "user-1"), line(1, "user-2")]
    assert judged(both, change, known=known) == (0, 1), "the owner must"
    assert judged(both, change, heard(5.2, "user-1"), heard(5.2, "user-2"), known=known) == (0, 0), "the buyer may"
    assert judged(line(1, "user-3"), change, heard(5.2, "user-3"), known=known) == (1, 0)
