"""What was refused causes nothing; what was not answered may have caused everything."""

import pytest

from eventproof import catalog, checks
from eventproof.history import Kind, Record

KNOWN = checks.known_events([catalog.load().system("user-state")])
ROOMS = {"user-1": frozenset({"user:1"}), "user-2": frozenset({"user:2"})}


def called(user: str, call: int | None = None) -> Record:
    return Record(0.0, Kind.CALLED, "admin-1", name="banUser", payload={"userId": user}, call=call)


def answered(status: int, call: int | None = None) -> Record:
    return Record(0.0, Kind.ANSWERED, "admin-1", name="banUser", payload={"status": status, "body": None}, call=call)


def told(user: str) -> Record:
    return Record(0.0, Kind.RECEIVED, f"user-{user}", f"user-{user}/ws-1", "/", "user.banned")


UNANSWERED = Record(0.0, Kind.UNANSWERED, "admin-1", name="banUser")


@pytest.mark.parametrize(
    ("records", "leaks"),
    [
        ([called("1"), answered(204), told("1")], 0),
        ([called("1"), answered(403), told("1")], 1),
        ([called("1"), told("1"), answered(403)], 1),
        ([called("1"), answered(500), told("1")], 0),
        ([called("1"), UNANSWERED, told("1")], 0),
        ([called("1"), told("1")], 0),
        ([answered(403), called("1"), told("1")], 0),
        ([called("1"), answered(403), called("1"), answered(204), told("1")], 0),
        ([called("1"), called("2"), answered(403), answered(204), told("1"), told("2")], 0),
        ([called("1"), called("2"), answered(403), answered(404), told("1"), told("2")], 2),
        ([called("1"), called("2"), answered(403), UNANSWERED, told("1"), told("2")], 0),
        ([called("1", 1), called("2", 2), answered(403, 1), answered(204, 2), told("1"), told("2")], 1),
        ([called("1", 1), called("2", 2), answered(204, 2), answered(403, 1), told("1"), told("2")], 1),
        ([called("1", 1), called("2", 2), answered(403, 2), told("1"), told("2")], 1),
        ([called("1", 1), called("1", 2), answered(403, 2), told("1")], 0),
    ],
    ids=[
        "accepted",
        "refused",
        "refused-later",
        "failed",
        "unanswered",
        "under-way",
        "begun-before-the-records",
        "refused-and-repeated",
        "one-of-two-refused",
        "both-refused",
        "one-refused-one-unanswered",
        "numbered-one-of-two-refused",
        "numbered-and-answered-in-another-order",
        "numbered-one-without-an-end",
        "numbered-and-repeated-without-an-end",
    ],
)
def test_a_call_that_was_certainly_refused_makes_no_event_lawful(records: list[Record], leaks: int) -> None:
    assert len(list(checks.leaked(checks.Story(records, KNOWN, ROOMS)))) == leaks
