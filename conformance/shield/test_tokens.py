"""A token that the server did not issue as it is opens nothing."""

import pytest

from eventproof.conform.bad_tokens import must_refuse_token
from eventproof.conform.case import Stage, requirement


@requirement("SHD-SEC-1")
@pytest.mark.parametrize(
    "change", ["alg-none", "forged", "wrong-key", "changed-payload", "no-expiry", "future-not-before"]
)
async def test_a_token_that_was_changed_is_refused(stage: Stage, change: str) -> None:
    """Beside the same one without the change: so it is refused for that, and not for how it was made."""
    user, other = await stage.users(2)
    await must_refuse_token(stage, user, change, subject=other)
