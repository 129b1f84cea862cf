"""Once a ban is answered nothing that was issued before it gives access, by any door."""

import pytest

from eventproof.conform.case import (
    ContractViolation,
    Person,
    Refusal,
    Stage,
    Transport,
    requirement,
)

from .accounts import accounts
from .reading_calls import accepted_calls
from .wording import YOU_ARE_BANNED


async def _tokens(user: Person) -> list[str]:
    """Two tokens, of two sessions."""
    return [await user.session(), await user.another_token()]


_SESSIONS = ("of the first session, which was connected", "of the second session, which had no connection")


async def _login_is_refused(user: Person) -> None:
    refused = (await user.log_in()).must_be_refused("although the user is banned", Refusal.LOGIN)
    if refused.message != YOU_ARE_BANNED:
        raise ContractViolation(
            "the refused login does not say why", expected=YOU_ARE_BANNED, observed=f"{refused.message!r} in {refused}"
        )


@requirement("UST-BAN-4")
async def test_every_earlier_token_is_refused_by_rest(stage: Stage) -> None:
    """By every call that reads: each was accepted with the same token before the ban."""
    user, bystander = await stage.users(2)
    older, newer = await _tokens(user)
    tokens = {"an older session": older, "a newer session": newer}
    await user.connect()
    calls = await accepted_calls(stage, user, tokens)
    await accounts(stage).ban(user)
    for call in calls:
        for session, token in tokens.items():
            answer = await user.call(call.operation, token=token, **call.parameters)
            because = f"with the token of {session}, from before the ban"
            answer.must_be_refused(because, beside=call.accepted)
    (await bystander.call("getMe")).must_be_accepted()


@requirement("UST-BAN-5")
@pytest.mark.parametrize("transport", [Transport.WEBSOCKET, Transport.POLLING])
async def test_no_earlier_token_opens_a_connection(stage: Stage, transport: Transport) -> None:
    """Neither that of a session which the ban cut off, nor that of one without a connection; both had opened one."""
    user, bystander = await stage.users(2)
    tokens = await _tokens(user)
    await (await user.connect(transport, token=tokens[1])).close()
    await user.connect(transport, token=tokens[0])
    await accounts(stage).ban(user)
    for token, session in zip(tokens, _SESSIONS, strict=True):
        twin = bystander.knock(await bystander.session(), transport)
        await stage.must_refuse(user.knock(token, transport), beside=twin, special=f"with the token {session}")


@requirement("UST-BAN-6")
async def test_the_login_of_a_banned_user_is_refused_and_says_why(stage: Stage) -> None:
    user, bystander = await stage.users(2)
    await user.connect()
    await accounts(stage).ban(user)
    await _login_is_refused(user)
    (await bystander.log_in()).must_be_accepted()


@requirement("UST-BAN-9")
async def test_a_ban_of_an_offline_user_holds_when_they_come_back(stage: Stage) -> None:
    user, bystander = await stage.users(2)
    token = await user.another_token()
    await (await user.connect(token=token)).close()
    await accounts(stage).ban(user)
    await stage.must_refuse(
        user.knock(token), beside=bystander, special="with the token of a user banned while offline"
    )
    (await user.log_in()).must_be_refused("although the user was banned while offline", Refusal.LOGIN)
