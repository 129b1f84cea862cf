"""Times: aware, UTC, whole milliseconds; how they are written, and how months are counted."""

import calendar
from datetime import UTC, datetime, timedelta


def whole(moment: datetime) -> datetime:
    """The moment in UTC, cut to milliseconds: what is kept, answered and sent is then one and the same."""
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def written(moment: datetime) -> str:
    """ISO 8601 in UTC: `2026-01-31T12:00:00.000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def months_after(start: datetime, months: int) -> datetime:
    """The same day and time so many months on, or the last day of a month that has no such day."""
    years, month = divmod(start.month - 1 + months, 12)
    year, month = start.year + years, month + 1
    return start.replace(year=year, month=month, day=min(start.day, calendar.monthrange(year, month)[1]))


def following(start: datetime, date: datetime, months: int) -> datetime:
    """The date that comes so many months after `date` in a series of dates that began with `start`.

    What began on the 31st of January falls due on the 28th of February and then on the 31st of March.
    """
    gone = (date.year - start.year) * 12 + date.month - start.month
    return months_after(start, gone + months)


def days_until(end: datetime, now: datetime) -> int:
    """Days that are left, a day that has begun counted whole; 0 once the end has come."""
    return max(0, -((now - end) // timedelta(days=1)))
