"""A member and a claim to start from."""

from datetime import UTC, datetime

from reference_server.accounts.account import Tier
from reference_server.systems.shield.claims import Claim, Status
from reference_server.systems.shield.member import Member, begin

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def a_member(tier: Tier = Tier.FREE, now: datetime = NOW) -> Member:
    return begin("usr_1", tier, "sub_1", now)


def a_claim(amount: int = 175_00, claim_id: str = "clm_1") -> Claim:
    return Claim(
        claim_id, "usr_1", "SF-2026-114502", amount, "San Francisco", "CA", "no_parking", Status.SUBMITTED, NOW, NOW
    )
