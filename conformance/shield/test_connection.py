"""The channel opens for the bearer of a valid token, is closed when its time is over, and is there again on return."""

import math
import time
from typing import Any

import pytest

from eventproof import checks
from eventproof.actions import expiring
from eventproof.conform.bad_tokens import changed, controlled
from eventproof.conform.case import (
    SOCKET_IO,
    ContractViolation,
    Inconclusive,
    NotTestable,
    Stage,
    Transport,
    requirement,
)

from .complaints import ERROR, taken
from .presence import hears_still, must_hear
from .reading import data

CONNECTED = "connected"
CLIENT_DISCONNECT = "client_disconnect"
AUTH_EXPIRED = "AUTH_EXPIRED"


@requirement("SHD-CONN-1")
@pytest.mark.parametrize("transport", SOCKET_IO)
async def test_the_first_event_is_one_greeting_to_that_connection_alone(stage: Stage, transport: Transport) -> None:
    user, bystander = await stage.users(2)
    lines = [await user.connect(), await bystander.connect()]
    await stage.canary(user, bystander)
    line = user.knock(await user.session(), transport)
    await line.open()
    greeting = await line.hears(CONNECTED)
    await stage.canary(user, bystander)
    for greeted in (line, *lines):
        if len(greeted.heard(CONNECTED)) > 1:
            raise ContractViolation(
                f"{greeted.name} received `{CONNECTED}` more than once",
                expected=f"one `{CONNECTED}`, for that connection alone",
                observed=f"{len(greeted.heard(CONNECTED))} of them after {line.name} had opened",
            )
    if line.names()[0] != CONNECTED:
        raise ContractViolation(
            f"`{CONNECTED}` was not the first event", expected=CONNECTED, observed=", ".join(line.names()[:5])
        )
    stage.judge(checks.invalid(stage.records, stage.known, CONNECTED))
    if greeting.payload["userId"] != str(user.id):
        raise ContractViolation(
            f"`{CONNECTED}` names another user", expected=str(user.id), observed=str(greeting.payload["userId"])
        )


@requirement("SHD-CONN-4")
async def test_a_session_that_ends_while_connected_is_told_and_closed(stage: Stage) -> None:
    """Beside one whose token was made alike, and ends later."""
    user = await stage.user()
    session = await user.session()
    if expiring(stage.target, session, time.time()) is None:
        raise NotTestable("a token that expires soon cannot be made: give the profile [jwt] secret_env")
    twin = await controlled(stage, user, await changed(stage, user, "expired"))
    await twin.open()
    over = math.ceil(time.time()) + 1
    token = expiring(stage.target, session, over)
    line = await user.connect(token=token)
    within = over - time.time() + stage.budgets.event_arrival
    told = await line.hears(ERROR, lambda event: data(event).get("code") == AUTH_EXPIRED, within)
    if time.time() < over - 1:
        raise ContractViolation(
            f"`{ERROR}` {AUTH_EXPIRED} came before the token had expired",
            expected=f"not before {over}",
            observed=f"{time.time():.1f}, by our clock: {told.payload}",
        )
    await line.ends()
    try:
        await hears_still(stage, user, twin)
    except Inconclusive as silence:
        if twin.is_open:
            raise
        raise ContractViolation(
            f"{twin.name} ended as well, whose token is good for longer",
            expected="an open connection",
            observed=str(twin.closed and twin.closed.reason),
        ) from silence


@requirement("SHD-CONN-5")
@pytest.mark.parametrize(
    "reason",
    [
        pytest.param([{"reason": "logout"}], id="logout"),
        pytest.param([{"reason": "background"}], id="background"),
        pytest.param([{"reason": "manual"}], id="manual"),
        pytest.param([{}], id="without-a-reason"),
        pytest.param([], id="without-a-payload"),
    ],
)
async def test_a_client_that_leaves_gets_its_own_connection_closed(stage: Stage, reason: list[Any]) -> None:
    user, bystander = await stage.users(2)
    twin, other, line = await user.connect(), await bystander.connect(), await user.connect()
    await line.say(CLIENT_DISCONNECT, *reason)
    await line.ends()
    await must_hear(stage, user, twin)
    await must_hear(stage, bystander, other)


@requirement("SHD-CONN-5")
@pytest.mark.parametrize(
    "frame",
    [pytest.param('["disconnect",{"reason":"logout"}]', id="reason"), pytest.param('["disconnect"]', id="bare")],
)
async def test_an_event_named_disconnect_does_no_harm(stage: Stage, frame: str) -> None:
    """Only a client made by hand can send it: it is ignored, or its connection is closed, and nobody else notices."""
    user, bystander = await stage.users(2)
    twin, other, line = await user.connect(), await bystander.connect(), await user.connect()
    await line.say_raw(f"42{stage.target.main(stage.system.name).address},{frame}")
    try:
        await taken(line)
    except ContractViolation as ended:
        if line.is_open:
            raise Inconclusive(f"what became of {line.name} is unknown: {ended}") from ended
    await must_hear(stage, user, twin)
    await must_hear(stage, bystander, other)
    if line.is_open:
        await must_hear(stage, user, line)


@requirement("SHD-CONN-6")
async def test_events_arrive_again_after_a_lost_connection_and_a_new_one(stage: Stage) -> None:
    user = await stage.user()
    lost = await user.connect()
    await must_hear(stage, user, lost)
    lost.drop()
    line = await user.connect()
    await must_hear(stage, user, line)


@requirement("SHD-CONN-6")
async def test_the_end_of_an_older_connection_takes_nothing_from_a_newer_one(stage: Stage) -> None:
    """A client on another network connects anew before the server has noticed that the old connection is gone."""
    user = await stage.user()
    older, newer = await user.connect(), await user.connect()
    await must_hear(stage, user, older, newer)
    older.drop()
    newest = await user.connect()
    await must_hear(stage, user, newer, newest)
    await newer.close()
    await must_hear(stage, user, newest)


@requirement("SHD-CONN-8")
async def test_a_client_limited_to_websocket_connects_and_works(stage: Stage) -> None:
    user = await stage.user()
    line = user.knock(await user.session(), Transport.WEBSOCKET)
    await line.open()
    await must_hear(stage, user, line)
    await line.say(CLIENT_DISCONNECT, {"reason": "manual"})
    await line.ends()
