"""Unban gives back the account, and nothing of what the ban ended."""

import pytest

from eventproof import checks
from eventproof.conform.case import Stage, Transport, requirement

from .accounts import accounts
from .wording import BANNED, TIER_UPDATED, UNBANNED


@requirement("UST-UNBAN-1")
async def test_after_unban_the_user_logs_in_and_connects_as_before(stage: Stage) -> None:
    user = await stage.user()
    await accounts(stage).ban(user)
    (await stage.admin.call("unbanUser", userId=user.id)).must_be_accepted()
    token = (await user.log_in()).must_be_accepted().says("token")
    (await user.call("getMe", token=token)).must_be_accepted()
    line = user.knock(token)
    await line.open()
    await accounts(stage).set_tier(user, accounts(stage).another_tier(user))
    await accounts(stage).ban(user)
    await line.hears_any(TIER_UPDATED, BANNED)


@requirement("UST-UNBAN-2")
@pytest.mark.parametrize("transport", [Transport.WEBSOCKET, Transport.POLLING])
async def test_tokens_that_the_ban_revoked_stay_revoked(stage: Stage, transport: Transport) -> None:
    user, bystander = await stage.users(2)
    tokens = [await user.session(), await user.another_token()]
    before = [(await user.call("getMe", token=token)).must_succeed() for token in tokens]
    await (await user.connect(transport, token=tokens[1])).close()
    await user.connect(transport, token=tokens[0])
    await accounts(stage).ban(user)
    await accounts(stage).unban(user)
    for token, accepted, session in zip(tokens, before, ("first", "second"), strict=True):
        special = f"with the token of the {session} session, which the ban revoked"
        (await user.call("getMe", token=token)).must_be_refused(special, beside=accepted)
        twin = bystander.knock(await bystander.session(), transport)
        await stage.must_refuse(user.knock(token, transport), beside=twin, special=special)


@requirement("UST-UNBAN-3")
async def test_where_unban_is_told_it_is_valid_and_for_that_user_alone(stage: Stage) -> None:
    """Both an unban that ends a ban and one of a user who is connected, whom the event could reach."""
    user, banned, bystander = await stage.users(3)
    await user.connect()
    await bystander.connect()
    await accounts(stage).ban(banned)
    await accounts(stage).unban(banned)
    (await stage.admin.call("unbanUser", userId=user.id)).must_be_an_answer()
    await accounts(stage).canary(user, bystander)
    stage.judge(
        checks.invalid(stage.records, stage.known, UNBANNED),
        checks.leaked(stage.story(), UNBANNED),
    )
