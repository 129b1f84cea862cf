"""When a seat can be booked."""

from datetime import UTC, datetime, timedelta

import pytest

from reference_server.systems.studyspot import times

NOW = datetime(2026, 3, 14, 9, 7, tzinfo=UTC)


def on(hour: float) -> datetime:
    return datetime(2026, 3, 14, tzinfo=UTC) + timedelta(hours=hour)


@pytest.mark.parametrize(
    ("begin", "end", "code"),
    [
        (10, 12, None),
        (9, 9.25, None),
        (10, 34, None),
        (10, 34.25, "booking_too_long"),
        (12, 10, "times_crossed"),
        (10, 10, "times_crossed"),
        (8.75, 10, "time_past"),
        (10.1, 12, "time_between_slots"),
        (10, 12.1, "time_between_slots"),
    ],
)
def test_a_booking_takes_whole_quarters_of_an_hour_that_lie_ahead(begin: float, end: float, code: str | None) -> None:
    assert times.refusal(on(begin), on(end), NOW) == code


def test_a_booking_that_has_begun_can_be_prolonged_and_not_moved_back() -> None:
    assert times.refusal(on(8), on(10), NOW, begun=on(8)) is None
    assert times.refusal(on(7), on(10), NOW, begun=on(8)) == "time_past"
    assert times.refusal(on(8), on(9), NOW, begun=on(8)) == "time_past"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-03-14T09:15:00Z", "2026-03-14T09:15:00Z"),
        ("2026-03-14T09:15+05:30", "2026-03-14T03:45:00Z"),
        ("2026-03-14T09:15:00.000-01:00", "2026-03-14T10:15:00Z"),
    ],
)
def test_a_time_is_shown_in_utc(text: str, shown: str) -> None:
    read = times.read(text)
    assert read is not None
    assert times.shown(read) == shown
    assert times.of_seconds(times.seconds(read)) == read


@pytest.mark.parametrize("text", ["2026-02-30T09:00:00Z", "2026-03-14T24:30:00Z", "0001-01-01T00:00:00+14:00"])
def test_a_time_that_there_is_not_is_none(text: str) -> None:
    assert times.read(text) is None


def test_two_bookings_that_touch_share_no_slot_and_two_that_overlap_do() -> None:
    morning, noon = times.slots(on(9), on(12)), times.slots(on(12), on(13))
    assert not set(morning) & set(noon)
    assert set(morning) & set(times.slots(on(11.75), on(13)))
    assert len(morning) == 12
