"""On ban, every open connection hears why, then ends; nobody else notices anything."""

import asyncio

import pytest

from eventproof import checks
from eventproof.conform.case import (
    SOCKET_IO,
    ContractViolation,
    Inconclusive,
    Line,
    Stage,
    Transport,
    on_each,
    requirement,
)

from .accounts import accounts
from .devices import devices
from .wording import BANNED, YOU_ARE_BANNED


async def _end_of(lines: list[Line]) -> None:
    await on_each(lines, lambda line: line.ends(), "were closed by the server")


@requirement("UST-BAN-1")
async def test_the_event_says_that_the_account_was_banned(stage: Stage) -> None:
    user = await stage.user()
    line = await user.connect()
    (await stage.admin.call("banUser", userId=user.id)).must_be_accepted()
    heard = await line.hears(BANNED)
    stage.judge(checks.invalid(stage.records, stage.known, BANNED))
    if heard.payload["message"] != YOU_ARE_BANNED:
        raise ContractViolation(
            f"`{BANNED}` does not carry the message of the specification",
            expected=YOU_ARE_BANNED,
            observed=str(heard.payload),
        )


@requirement("UST-BAN-2")
@pytest.mark.parametrize("transport", SOCKET_IO)
async def test_every_connection_is_closed_by_the_server(stage: Stage, transport: Transport) -> None:
    """Where a DISCONNECT packet ends the namespace alone, its transport gets nobody in again, and nothing comes."""
    user, bystander = await stage.users(2)
    lines = await devices(stage, user, transport)
    await accounts(stage).ban(user)
    await _end_of(lines)
    if any(line.has_transport for line in lines):
        await bystander.connect()
        tier = accounts(stage).another_tier(user).name
        await stage.admin.call("updateUserTier", userId=user.id, tier=tier)  # whether it is accepted is no matter here
        await accounts(stage).canary(bystander)  # what that sent to the banned user has arrived by now
    await on_each(lines, lambda line: line.must_stay_out(), "stayed out of the namespace that they were sent from")
    stage.judge(checks.heard_after_close(stage.records))


@requirement("UST-BAN-3")
@pytest.mark.parametrize("transport", SOCKET_IO)
async def test_the_user_hears_why_before_the_connection_closes(stage: Stage, transport: Transport) -> None:
    user = await stage.user()
    lines = await devices(stage, user, transport)
    await accounts(stage).ban(user)
    try:
        await _end_of(lines)
    except ContractViolation as still_open:
        raise Inconclusive(f"the connection has not closed, so no order can be seen: {still_open}") from still_open
    stage.judge(
        checks.closed_untold(stage.records, BANNED, [line.name for line in lines]),
        checks.heard_after_close(stage.records),
    )


@requirement("UST-BAN-7")
async def test_nobody_else_is_told_or_logged_out(stage: Stage) -> None:
    user, bystander = await stage.users(2)
    watched = [await bystander.connect(transport) for transport in stage.transports]
    line = await user.connect()
    await accounts(stage).ban(user)
    await line.told_or_closed(BANNED, closed=True)
    stage.judge(checks.closed_early(stage.records, [line.name for line in watched]))
    await accounts(stage).canary(bystander)
    stage.judge(checks.leaked(stage.story(), BANNED))
    (await bystander.call("getMe")).must_be_accepted()
    (await stage.admin.call("getMe")).must_be_accepted()


@requirement("UST-BAN-8")
async def test_all_connections_close_within_the_time_given(stage: Stage) -> None:
    user = await stage.user()
    lines = await devices(stage, user, stage.transports[0])
    await accounts(stage).ban(user)
    await _end_of(lines)
    names = [line.name for line in lines]
    stage.judge(checks.slow_to_close(stage.records, "banUser", names, stage.budgets.ban_to_closed))


@requirement("UST-BAN-12")
async def test_a_double_click_tells_every_connection_once(stage: Stage) -> None:
    user = await stage.user()
    lines = [await user.connect(transport) for transport in stage.transports]
    clicks = [stage.admin.call("banUser", userId=user.id) for _ in range(2)]
    for answer in await asyncio.gather(*clicks):
        answer.must_be_an_answer()
    await asyncio.gather(*(line.told_or_closed(BANNED, closed=True) for line in lines))
    stage.judge(checks.duplicated(stage.records, BANNED, [line.name for line in lines]))


@requirement("UST-BAN-12")
async def test_a_second_ban_changes_nothing_and_tells_nobody(stage: Stage) -> None:
    user, bystander = await stage.users(2)
    line = await bystander.connect()
    token = await user.session()
    await accounts(stage).ban(user)
    before = [(await user.log_in()).status, (await user.call("getMe", token=token)).status]
    await accounts(stage).canary(bystander)
    heard = len(line.received)
    (await stage.admin.call("banUser", userId=user.id)).must_be_an_answer()
    after = [(await user.log_in()).status, (await user.call("getMe", token=token)).status]
    await accounts(stage).canary(bystander)
    if after != before:
        raise ContractViolation(
            "a second ban changed what the user may do",
            expected=f"login and getMe answered {before}, as after the first ban",
            observed=f"they answered {after}",
        )
    if BANNED in line.names()[heard:]:
        raise ContractViolation(
            f"a second ban sent `{BANNED}`", expected="nothing", observed=f"`{BANNED}` on {line.name}"
        )


@requirement("UST-BAN-12")
async def test_one_unban_lifts_two_bans(stage: Stage) -> None:
    once, twice = await stage.users(2)
    for user in (once, twice, twice):
        (await stage.admin.call("banUser", userId=user.id)).must_be_an_answer()
    for user in (once, twice):
        await accounts(stage).unban(user)
    if not (await once.log_in()).is_accepted:
        raise Inconclusive("not even a single ban is lifted")
    (await twice.log_in()).must_be_accepted()
