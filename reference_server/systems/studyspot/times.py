"""Times of bookings: read, checked and shown. A booking takes whole quarters of an hour, and each has a number."""

from datetime import UTC, datetime, timedelta
from typing import Final

SLOT: Final = timedelta(minutes=15)
"""What seats are booked by."""
LONGEST: Final = timedelta(hours=24)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def read(text: str) -> datetime | None:
    """A time of the form that the contract has, in UTC; None where there is none such, as on a 30th of February."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def shown(at: datetime) -> str:
    """A time as calls and events show it; one on a quarter of an hour has no more than seconds."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(at: datetime) -> int:
    """A time as it is kept: whole seconds since 1970."""
    return (at - _EPOCH) // timedelta(seconds=1)


def of_seconds(kept: int) -> datetime:
    """A time that was kept."""
    return _EPOCH + timedelta(seconds=kept)


def refusal(starts_at: datetime, ends_at: datetime, now: datetime, begun: datetime | None = None) -> str | None:
    """The code that refuses a booking of this time, or None.

    The quarter of an hour that is running can still be booked. A booking that is changed may have `begun`: as long as
    it still starts at that time, only its end has to lie ahead.
    """
    if ends_at <= starts_at:
        return "times_crossed"
    if (starts_at - _EPOCH) % SLOT or (ends_at - _EPOCH) % SLOT:
        return "time_between_slots"
    if ends_at <= now or (starts_at != begun and starts_at <= now - SLOT):
        return "time_past"
    return "booking_too_long" if ends_at - starts_at > LONGEST else None


def slots(starts_at: datetime, ends_at: datetime) -> range:
    """The numbers of the quarters of an hour from the one time to the other."""
    return range((starts_at - _EPOCH) // SLOT, (ends_at - _EPOCH) // SLOT)
