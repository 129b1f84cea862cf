"""While a user has no connection, what they must not miss goes to the push fallback."""

from eventproof.conform.cases import Case, requirement

from .claims import approve, deny, pay, request_proof, review, submit
from .presence import hears_still
from .pushes import must_be_pushed


@requirement("SHD-PUSH-1")
async def test_what_a_user_without_a_connection_must_not_miss_is_pushed(case: Case) -> None:
    """One who has just left, which the server has to notice.

    What has to be acknowledged is pushed in any case when its retries have ended: long before that it is pushed because
    nobody was there.
    """
    user = await case.user()
    line = await user.connect()
    await hears_still(case, user, line)
    claim, other = await submit(case, user), await submit(case, user)
    await line.close()
    await user.call("getMe")
    await review(case, claim)
    for act in (approve, pay, request_proof):
        await act(case, claim)
    await deny(case, other)
    events = ("claim_approved", "claim_paid", "payout_completed", "proof_of_payment_requested")
    wanted = [*((name, claim) for name in events), ("claim_denied", other)]
    within = min(case.budgets.event_arrival, case.budgets.ack_retries_end / 2)
    await must_be_pushed(case, user, wanted, "while it had no connection", within)
