"""User-state's decisions."""

from dataclasses import replace

import pytest

from eventproof.catalog import Direction
from reference_server.accounts.account import USER, Account, Session, Tier, standing
from reference_server.refusals import contracts
from reference_server.systems.user_state import events, rules

ACCOUNT = Account("usr_1", "ada@example.com", USER, Tier.FREE, banned=False, epoch=3)
SESSION = Session("usr_1", "token", 3, 0.0)


def test_a_ban_ends_every_session_issued_so_far_and_an_unban_revives_none() -> None:
    banned = rules.ban(ACCOUNT)
    assert standing(SESSION, banned, ended=False) == "account_banned"
    restored = rules.unban(banned)
    assert standing(SESSION, restored, ended=False) == "token_revoked"
    assert standing(replace(SESSION, epoch=restored.epoch), restored, ended=False) is None


def test_a_second_ban_changes_nothing() -> None:
    once = rules.ban(ACCOUNT)
    assert rules.ban(once) == once


def test_a_session_that_was_logged_out_or_belongs_to_nobody_is_refused() -> None:
    assert standing(SESSION, ACCOUNT, ended=True) == "token_revoked"
    assert standing(SESSION, None, ended=False) == "token_invalid"


@pytest.mark.parametrize(
    ("tier", "feature", "code"),
    [
        (Tier.FREE, "reports", "tier_too_low"),
        (Tier.BASIC, "reports", None),
        (Tier.BASIC, "insights", "tier_too_low"),
        (Tier.PREMIUM, "reports", None),
        (Tier.PREMIUM, "insights", None),
        (Tier.PREMIUM, "nonsense", "feature_not_found"),
    ],
)
def test_a_tier_grants_what_it_and_the_lower_ones_include(tier: Tier, feature: str, code: str | None) -> None:
    assert rules.grants(tier, feature) == code


def test_what_users_are_told_keeps_its_contract() -> None:
    system = contracts().system("user-state")
    told = [events.banned(ACCOUNT), events.unbanned(ACCOUNT)]
    told += [events.tier_updated(rules.with_tier(ACCOUNT, tier)) for tier in Tier]
    for message in told:
        event = system.event("/", Direction.SEND, message.name)
        assert event is not None
        assert event.is_valid(message.payload)
