"""A call about a thing need not say whose it is, where the call that made it has said so."""

from typing import Any

from eventproof import catalog, checks
from eventproof.history import Kind, Record

STUDYSPOT = catalog.load().system("studyspot")
KNOWN = checks.known_events([STUDYSPOT])
OPERATIONS = {operation.id: operation for operation in STUDYSPOT.operations}
ROOMS = {"student-1": frozenset({"user:7", "role:student"}), "student-2": frozenset({"user:8", "role:student"})}
MADE = {"bookingId": "bkg_1", "id": "bkg_1", "libraryId": "lib_1", "seatId": "sea_1", "studentId": "7"}


def call(number: int, name: str, says: dict[str, Any], **given: Any) -> list[Record]:
    answered = {"status": 200, "body": None, "says": says}
    return [
        Record(number, Kind.CALLED, "student-1", name=name, payload=given, call=number),
        Record(number + 0.1, Kind.ANSWERED, "student-1", name=name, payload=answered, call=number),
    ]


def heard(at: float, actor: str, name: str, **payload: Any) -> Record:
    return Record(at, Kind.RECEIVED, actor, f"{actor}/1", "/", name, payload)


def judged(*records: Record) -> list[tuple[type, Record | None]]:
    found = checks.leaked(checks.Story(records, KNOWN, ROOMS, operations=OPERATIONS))
    return [(type(one), one.record) for one in found]


def test_whose_a_booking_is_was_said_when_it_was_made() -> None:
    made = call(1, "createBooking", MADE, libraryId="lib_1", seatId="sea_1")
    cancelled = call(2, "cancelBooking", {}, bookingId="bkg_1")
    own, astray = (heard(3, actor, "booking:cancelled", id="bkg_1") for actor in ROOMS)
    assert judged(*made, *cancelled, own, astray) == [(checks.Finding, astray)]
    assert judged(*cancelled, own) == [(checks.Unjudged, own)], "nobody has said whose it is"


def test_what_the_call_itself_says_comes_first() -> None:
    made = call(1, "createBooking", MADE, libraryId="lib_1", seatId="sea_1")
    cancelled = call(2, "cancelBooking", {**MADE, "studentId": "8"}, bookingId="bkg_1")
    own, other = (heard(3, actor, "booking:cancelled", id="bkg_1") for actor in ROOMS)
    assert judged(*made, *cancelled, own, other) == [(checks.Finding, own)]


def test_what_was_said_of_another_thing_tells_nothing() -> None:
    made = call(1, "createBooking", MADE, libraryId="lib_1", seatId="sea_1")
    cancelled = call(2, "cancelBooking", {}, bookingId="bkg_2")
    own = heard(3, "student-1", "booking:cancelled", id="bkg_2")
    assert judged(*made, *cancelled, own) == [(checks.Unjudged, own)]
