"""The channel opens for a valid session token, and for nothing else."""

import pytest

from eventproof.conform.cases import SOCKET_IO, Case, Transport, requirement

from .accounts import accounts
from .wording import BANNED, TIER_UPDATED


@requirement("UST-CONN-1")
@pytest.mark.parametrize("transport", SOCKET_IO)
async def test_a_valid_token_opens_the_channel_and_events_arrive(case: Case, transport: Transport) -> None:
    user = await case.user()
    line = user.connection(await user.session(), transport)
    await line.open()
    await accounts(case).set_tier(user, accounts(case).another_tier(user))
    await accounts(case).ban(user)
    await line.hears_any(TIER_UPDATED, BANNED)


@requirement("UST-CONN-2")
@pytest.mark.parametrize("transport", [Transport.WEBSOCKET, Transport.POLLING])
async def test_the_connection_of_a_banned_user_is_refused(case: Case, transport: Transport) -> None:
    """With a token that was never revoked, where one can be made; it was accepted before the ban."""
    user, bystander = await case.users(2)
    token = user.minted() or await user.session()
    await user.connect(transport, token=token)
    await accounts(case).ban(user)
    token = user.minted() or token
    twin = bystander.connection(await bystander.session(), transport)
    await case.must_refuse(user.connection(token, transport), beside=twin, special="with the token of a banned user")
