"""What a call is made with, by the contract alone."""

from eventproof import catalog
from eventproof.conform.performing import arguments

CATALOG = catalog.load()
SHIELD, USERS, PLANS = (CATALOG.system(name) for name in ("shield", "user-state", "plan-sync"))


def test_what_earlier_answers_tell_comes_first_and_the_rest_is_the_documents_example() -> None:
    known = {"userId": "7", "claimId": "clm_1", "status": "approved"}
    assert arguments(SHIELD.operation("denyClaim"), known) == {"userId": "7", "claimId": "clm_1", "denialCode": "D003"}
    changed = arguments(SHIELD.operation("setSubscriptionStatus"), {"userId": "7"})
    assert changed == {"userId": "7", "status": "past_due", "reason": "payment_failed"}
    assert arguments(SHIELD.operation("setSubscriptionStatus"), known)["status"] == "approved"


def test_what_must_be_unique_is_another_one_each_time() -> None:
    made = [arguments(PLANS.operation("createPlan"), {})["name"] for _ in range(2)]
    assert all(name.startswith("Platinum-") for name in made)
    assert len(set(made)) == 2


def test_a_tier_is_one_that_the_user_does_not_have_where_its_undoing_gives_theirs_back() -> None:
    given = arguments(USERS.operation("updateUserTier"), {"userId": "7"}, tier="basic")
    assert given == {"userId": "7", "tier": "basic"}
    assert "tier" not in arguments(USERS.operation("banUser"), {"userId": "7"}, tier="basic")


def test_an_optional_header_of_which_nothing_is_known_is_left_out() -> None:
    assert arguments(PLANS.operation("updatePlan"), {"planId": 3}) == {"planId": 3, "roi": 3.5}
