"""A token that the server did not issue as it is opens nothing."""

import time
from collections.abc import Callable

import pytest

from eventproof.actions import (
    altered,
    expiring,
    forged,
    not_yet_valid,
    signed_by_another,
    unsigned,
    without_expiry,
)
from eventproof.conform.case import ConnectionRefused, NotTestable, Person, Stage, Target, requirement

Made = Callable[[Target, str], str | None]
"""Makes a bad token of a good one; None where it cannot."""


def _early(target: Target, token: str) -> str | None:
    return not_yet_valid(target, token, time.time())


@requirement("SHD-SEC-1")
@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda _, token: unsigned(token), id="alg-none"),
        pytest.param(lambda _, token: forged(token), id="wrong-signature"),
        pytest.param(lambda _, token: signed_by_another(token), id="wrong-key"),
        pytest.param(lambda _, token: altered(token), id="changed-payload"),
    ],
)
async def test_a_token_that_others_made_is_refused(stage: Stage, make: Made) -> None:
    user = await stage.user()
    token = make(stage.target, await user.session())
    if token is None:
        raise NotTestable("the target's tokens are no JSON Web Tokens, so none can be made of them")
    await stage.must_refuse(user.knock(token), beside=user)


@requirement("SHD-SEC-1")
@pytest.mark.parametrize(
    "make", [pytest.param(without_expiry, id="no-expiry"), pytest.param(_early, id="future-not-before")]
)
async def test_a_token_of_the_right_key_that_is_never_or_not_yet_limited_is_refused(stage: Stage, make: Made) -> None:
    """Beside one that was made in the same way and is good: so it is not refused for how it was made."""
    user = await stage.user()
    session = await user.session()
    token, good = make(stage.target, session), expiring(stage.target, session, time.time() + 600)
    if token is None or good is None:
        raise NotTestable("such a token cannot be made: give the profile [jwt] secret_env")
    await _must_be_accepted(user, good)
    await stage.must_refuse(user.knock(token), beside=user)


async def _must_be_accepted(user: Person, token: str) -> None:
    line = user.knock(token)
    try:
        await line.open()
    except ConnectionRefused as refused:
        raise NotTestable(
            f"a good token made with the secret of the profile was refused, so its [jwt] does not fit: {refused}"
        ) from refused
    await line.close()
