"""The channel opens for a valid session token, and for nothing else."""

import pytest

from eventproof.conform.case import SOCKET_IO, Stage, Transport, requirement

from .accounts import accounts
from .wording import BANNED, TIER_UPDATED


@requirement("UST-CONN-1")
@pytest.mark.parametrize("transport", SOCKET_IO)
async def test_a_valid_token_opens_the_channel_and_events_arrive(stage: Stage, transport: Transport) -> None:
    user = await stage.user()
    line = user.knock(await user.session(), transport)
    await line.open()
    await accounts(stage).set_tier(user, accounts(stage).another_tier(user))
    await accounts(stage).ban(user)
    await line.hears_any(TIER_UPDATED, BANNED)


@requirement("UST-CONN-2")
@pytest.mark.parametrize("transport", [Transport.WEBSOCKET, Transport.POLLING])
async def test_the_connection_of_a_banned_user_is_refused(stage: Stage, transport: Transport) -> None:
    """With a token that was never revoked, where one can be made; it was accepted before the ban."""
    user, bystander = await stage.users(2)
    token = user.minted() or await user.session()
    await user.connect(transport, token=token)
    await accounts(stage).ban(user)
    token = user.minted() or token
    twin = bystander.knock(await bystander.session(), transport)
    await stage.must_refuse(user.knock(token, transport), beside=twin, special="with the token of a banned user")
