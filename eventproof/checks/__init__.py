"""Judgements of a history, each a pure function from records to findings."""

from .audience import leaked
from .closing import closed_early, closed_untold, heard_after_close, heard_of, left_open
from .contract import Known, invalid, known_events, outside_the_catalogue, unasked, unforeseen
from .delivery import duplicated, is_owed, more_than_caused, undelivered
from .finding import Finding, Unjudged, raise_for
from .order import misordered, one_order, out_of_order
from .retries import altered, repeated, returned
from .story import Rooms, Story
from .timing import slow_to_close

__all__ = [
    "Finding",
    "Known",
    "Rooms",
    "Story",
    "Unjudged",
    "altered",
    "closed_early",
    "closed_untold",
    "duplicated",
    "heard_after_close",
    "heard_of",
    "invalid",
    "is_owed",
    "known_events",
    "leaked",
    "left_open",
    "misordered",
    "more_than_caused",
    "one_order",
    "out_of_order",
    "outside_the_catalogue",
    "raise_for",
    "repeated",
    "returned",
    "slow_to_close",
    "unasked",
    "undelivered",
    "unforeseen",
]
