"""Studyspot, put together: its calls, and what its clients ask for on its channel."""

from ...services import Services
from ..served import Served
from ..sessions import Sessions
from .answers import Clock, utc
from .booking_calls import BookingCalls
from .channel import options
from .library_calls import LibraryCalls


def served(services: Services, clock: Clock = utc) -> Served:
    """Studyspot, on these services; `clock` tells the time."""
    operations = {
        **Sessions(services).operations(),
        **LibraryCalls(services, clock).operations(),
        **BookingCalls(services, clock).operations(),
    }
    return Served(operations, options(services))
