"""Months end on different days, and dates of a series do not drift."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_server.systems.shield.times import days_until, following, months_after, whole, written

MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))


def _day(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}T12:00:00+00:00")


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2026-01-31", 2, "2026-03-31"),
        ("2026-01-31", 3, "2026-04-30"),
        ("2026-11-30", 3, "2027-02-28"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2024-02-29", 48, "2028-02-29"),
        ("2026-12-15", 1, "2027-01-15"),
        ("2026-01-15", 0, "2026-01-15"),
    ],
)
def test_a_month_on_is_the_same_day_or_the_last_of_its_month(start: str, months: int, end: str) -> None:
    assert months_after(_day(start), months) == _day(end)


def test_dates_that_began_on_the_31st_come_back_to_it() -> None:
    start = date = _day("2026-01-31")
    found = []
    for _ in range(13):
        date = following(start, date, 1)
        found.append((date.month, date.day))
    assert found == [
        (2, 28), (3, 31), (4, 30), (5, 31), (6, 30), (7, 31), (8, 31), (9, 30), (10, 31), (11, 30), (12, 31), (1, 31),
        (2, 28),
    ]  # fmt: skip


def test_anniversaries_of_a_leap_day_come_back_to_it() -> None:
    start = date = _day("2024-02-29")
    found = []
    for _ in range(4):
        date = following(start, date, 12)
        found.append(date)
    assert found == [_day("2025-02-28"), _day("2026-02-28"), _day("2027-02-28"), _day("2028-02-29")]


@given(MOMENTS, st.integers(1, 400))
def test_a_series_is_the_same_step_by_step_and_at_once(start: datetime, count: int) -> None:
    date = start
    for _ in range(count % 40):
        date = following(start, date, 1)
    assert date == months_after(start, count % 40)
    assert following(start, months_after(start, count), 12) == months_after(start, count + 12)


@given(MOMENTS)
def test_a_time_that_was_cut_is_written_and_read_without_loss(moment: datetime) -> None:
    assert datetime.fromisoformat(written(whole(moment))) == whole(moment)
    assert timedelta() <= moment - whole(moment) < timedelta(milliseconds=1)


def test_a_time_of_another_zone_is_written_in_utc() -> None:
    moment = datetime(2026, 1, 31, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert written(whole(moment)) == "2026-01-30T23:30:00.000Z"


@pytest.mark.parametrize(
    ("left", "days"),
    [
        (timedelta(days=90), 90),
        (timedelta(days=89, seconds=1), 90),
        (timedelta(milliseconds=1), 1),
        (timedelta(), 0),
        (timedelta(days=-3), 0),
    ],
)
def test_a_day_that_has_begun_counts_whole(left: timedelta, days: int) -> None:
    now = _day("2026-03-14")
    assert days_until(now + left, now) == days
