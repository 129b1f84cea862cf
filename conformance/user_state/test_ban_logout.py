"""On ban, every open connection hears why, then ends; nobody else notices anything."""

import asyncio

import pytest

from eventproof import checks
from eventproof.conform.cases import (
    SOCKET_IO,
    Case,
    ContractViolation,
    Inconclusive,
    Line,
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
async def test_the_event_says_that_the_account_was_banned(case: Case) -> None:
    user = await case.user()
    line = await user.connect()
    (await case.admin.call("banUser", userId=user.id)).must_be_accepted()
    heard = await line.hears(BANNED)
    case.judge(checks.invalid(case.records, case.known, BANNED))
    if heard.payload["message"] != YOU_ARE_BANNED:
        raise ContractViolation(
            f"`{BANNED}` does not carry the message of the specification",
            expected=YOU_ARE_BANNED,
            observed=str(heard.payload),
        )


@requirement("UST-BAN-2")
@pytest.mark.parametrize("transport", SOCKET_IO)
async def test_every_connection_is_closed_by_the_server(case: Case, transport: Transport) -> None:
    """Where a DISCONNECT packet ends the namespace alone, its transport gets nobody in again, and nothing comes."""
    user, bystander = await case.users(2)
    lines = await devices(case, user, transport)
    await accounts(case).ban(user)
    await _end_of(lines)
    if any(line.has_transport for line in lines):
        await bystander.connect()
        tier = accounts(case).another_tier(user).name
        await case.admin.call("updateUserTier", userId=user.id, tier=tier)  # whether it is accepted is no matter here
        await accounts(case).canary(bystander)  # what that sent to the banned user has arrived by now
    await on_each(lines, lambda line: line.must_stay_out(), "stayed out of the namespace that they were sent from")
    case.judge(checks.heard_after_close(case.records))


@requirement("UST-BAN-3")
@pytest.mark.parametrize("transport", SOCKET_IO)
async def test_the_user_hears_why_before_the_connection_closes(case: Case, transport: Transport) -> None:
    user = await case.user()
    lines = await devices(case, user, transport)
    await accounts(case).ban(user)
    try:
        await _end_of(lines)
    except ContractViolation as still_open:
        raise Inconclusive(f"the connection has not closed, so no order can be seen: {still_open}") from still_open
    case.judge(
        checks.closed_untold(case.records, BANNED, [line.name for line in lines]),
        checks.heard_after_close(case.records),
    )


@requirement("UST-BAN-7")
async def test_nobody_else_is_told_or_logged_out(case: Case) -> None:
    user, bystander = await case.users(2)
    watched = [await bystander.connect(transport) for transport in case.transports]
    line = await user.connect()
    await accounts(case).ban(user)
    await line.told_or_closed(BANNED, closed=True)
    case.judge(checks.closed_early(case.records, [line.name for line in watched]))
    await accounts(case).canary(bystander)
    case.judge(checks.leaked(case.story(), BANNED))
    (await bystander.call("getMe")).must_be_accepted()
    (await case.admin.call("getMe")).must_be_accepted()


@requirement("UST-BAN-8")
async def test_all_connections_close_within_the_time_given(case: Case) -> None:
    user = await case.user()
    lines = await devices(case, user, case.transports[0])
    await accounts(case).ban(user)
    await _end_of(lines)
    names = [line.name for line in lines]
    case.judge(checks.slow_to_close(case.records, "banUser", names, case.budgets.ban_to_closed))


@requirement("UST-BAN-12")
async def test_a_double_click_tells_every_connection_once(case: Case) -> None:
    user = await case.user()
    lines = [await user.connect(transport) for transport in case.transports]
    clicks = [case.admin.call("banUser", userId=user.id) for _ in range(2)]
    for answer in await asyncio.gather(*clicks):
        answer.must_be_an_answer()
    await asyncio.gather(*(line.told_or_closed(BANNED, closed=True) for line in lines))
    case.judge(checks.duplicated(case.records, BANNED, [line.name for line in lines]))


@requirement("UST-BAN-12")
async def test_a_second_ban_changes_nothing_and_tells_nobody(case: Case) -> None:
    user, bystander = await case.users(2)
    line = await bystander.connect()
    token = await user.session()
    await accounts(case).ban(user)
    before = [(await user.log_in()).status, (await user.call("getMe", token=token)).status]
    await accounts(case).canary(bystander)
    heard = len(line.received)
    (await case.admin.call("banUser", userId=user.id)).must_be_an_answer()
    after = [(await user.log_in()).status, (await user.call("getMe", token=token)).status]
    await accounts(case).canary(bystander)
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
async def test_one_unban_lifts_two_bans(case: Case) -> None:
    once, twice = await case.users(2)
    for user in (once, twice, twice):
        (await case.admin.call("banUser", userId=user.id)).must_be_an_answer()
    for user in (once, twice):
        await accounts(case).unban(user)
    if not (await once.log_in()).is_accepted:
        raise Inconclusive("not even a single ban is lifted")
    (await twice.log_in()).must_be_accepted()
