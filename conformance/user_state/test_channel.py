"""The channel opens for a valid session token, and for nothing else."""

import time
from collections.abc import Awaitable, Callable

import pytest

from eventproof.actions import expired, forged
from eventproof.conform.case import NotTestable, Person, Stage, Transport, requirement

from .accounts import accounts
from .wording import BANNED, TIER_UPDATED


@requirement("UST-CONN-1")
@pytest.mark.parametrize("transport", Transport)
async def test_a_valid_token_opens_the_channel_and_events_arrive(stage: Stage, transport: Transport) -> None:
    user = await stage.user()
    line = user.knock(await user.session(), transport)
    await line.open()
    await accounts(stage).set_tier(user, accounts(stage).another_tier(user))
    await accounts(stage).ban(user)
    await line.hears_any(TIER_UPDATED, BANNED)


async def _none(_stage: Stage, _user: Person) -> str | None:
    return None


async def _malformed(_stage: Stage, _user: Person) -> str | None:
    return "this is no token"


async def _forged(_stage: Stage, user: Person) -> str | None:
    return forged(await user.session())


async def _expired(stage: Stage, user: Person) -> str | None:
    token = expired(stage.target, await user.session(), time.time())
    if token is None:
        raise NotTestable("an expired token cannot be made: give the profile [jwt] secret_env, or expired_env")
    return token


async def _of_a_banned_user(stage: Stage, user: Person) -> str | None:
    token = await user.session()
    await user.connect()
    await accounts(stage).ban(user)
    return user.minted() or token


@requirement("UST-CONN-2")
@pytest.mark.parametrize("transport", [Transport.WEBSOCKET, Transport.POLLING])
@pytest.mark.parametrize(
    "token",
    [
        pytest.param(_none, id="no-token"),
        pytest.param(_malformed, id="malformed-token"),
        pytest.param(_forged, id="forged-token"),
        pytest.param(_expired, id="expired-token"),
        pytest.param(_of_a_banned_user, id="token-of-a-banned-user"),
    ],
)
async def test_a_connection_without_a_good_token_is_refused(
    stage: Stage, transport: Transport, token: Callable[[Stage, Person], Awaitable[str | None]]
) -> None:
    user, bystander = await stage.users(2)
    presented = await token(stage, user)
    await stage.must_refuse(user.knock(presented, transport), beside=bystander)
