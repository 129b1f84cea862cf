"""Notices: what a member reads in the app. On the wire they are notifications."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """What a notice is about."""

    CLAIM_UPDATE = "claim_update"
    COVERAGE_WARNING = "coverage_warning"
    PAYOUT = "payout"
    GENERAL = "general"


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice to a member; `route` is the screen of the app that it opens."""

    id: str
    user_id: str
    title: str
    message: str
    kind: Kind
    read: bool
    created_at: datetime
    claim_id: str | None = None
    route: str | None = None
