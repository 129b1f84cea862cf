"""The streams of plan-sync, as the server writes them."""

import json
from pathlib import Path

import pytest

from eventproof.wire.sse import Comment
from reference_server.limits import Limits
from tests.reference_server.house import House, keep_house
from tests.reference_server.plan_sync.planning import PLANS, STREAM, Stream, change, create, streaming

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_a_change_comes_with_an_id_and_without_an_event_field(house: House) -> None:
    user = await house.person()
    async with streaming(house, user) as stream:
        plan, _ = await create(house)
        event = await stream.event()
        argument = json.loads(event.data)
        assert (argument["type"], argument["planId"], event.event) == ("CREATE", plan, "message")
        assert argument["adminEmail"] == house.admin.account.email
        assert event.id


async def test_the_stream_of_one_plan_says_nothing_of_others(house: House) -> None:
    user, (plan, _), (other, _) = await house.person(), await create(house), await create(house)
    async with streaming(house, user, f"/api/plans/{plan}/subscribe") as stream:
        await change(house, other, roi=1)
        await change(house, plan, roi=2)
        await house.call("DELETE", f"{PLANS}/{other}", house.admin)
        await house.call("DELETE", f"{PLANS}/{plan}", house.admin)
        told = [await stream.next(), await stream.next()]
    assert [(each["type"], each["planId"]) for each in told] == [("UPDATE", plan), ("DELETE", plan)]


async def test_who_comes_back_gets_what_was_missed_and_then_what_is_new(house: House) -> None:
    user, (plan, _) = await house.person(), await create(house)
    async with streaming(house, user) as stream:
        await change(house, plan, roi=1)
        last = (await stream.event()).id
    for roi in (2, 3):
        await change(house, plan, roi=roi)
    async with streaming(house, user, after=last) as stream:
        await change(house, plan, roi=4)
        assert [(await stream.next())["planData"]["roi"] for _ in range(3)] == [2, 3, 4]


async def test_who_was_lost_before_the_first_change_can_come_back_to_where_they_began(house: House) -> None:
    user, (plan, _) = await house.person(), await create(house)
    async with house.http.get(house.url + STREAM, headers=user.headers) as answer:
        greeting = await Stream(answer).event()
    assert json.loads(greeting.data)["type"] == "CONNECTED"
    await change(house, plan, roi=2)
    async with streaming(house, user, after=greeting.id) as stream:
        assert (await stream.next())["planData"]["roi"] == 2


@pytest.mark.parametrize("strange", ["", "x", "-1", "1.5", "9" * 30, "\u0663"])
async def test_an_id_that_no_event_had_is_no_place_to_go_on_from(house: House, strange: str) -> None:
    user, (plan, _) = await house.person(), await create(house)
    headers = {"Last-Event-ID": strange.encode().decode("latin-1")}
    async with streaming(house, user, after=headers["Last-Event-ID"]) as stream:
        await change(house, plan, roi=7)
        assert (await stream.next())["planData"]["roi"] == 7


async def test_what_was_missed_survives_a_restart(tmp_path: Path) -> None:
    async with keep_house(tmp_path, systems=("plan-sync",)) as house:
        user, (plan, _) = await house.person(), await create(house)
        async with streaming(house, user) as stream:
            await change(house, plan, roi=1)
            last = (await stream.event()).id
        await change(house, plan, roi=2)
    async with keep_house(tmp_path, systems=("plan-sync",)) as house:
        user = await house.person()
        async with streaming(house, user, after=last) as stream:
            await change(house, plan, roi=3)
            assert [(await stream.next())["planData"]["roi"] for _ in range(2)] == [2, 3]


async def test_ids_go_on_after_everything_was_purged_and_a_restart(tmp_path: Path) -> None:
    async with keep_house(tmp_path, systems=("plan-sync",)) as house:
        user, (plan, _) = await house.person(), await create(house)
        async with streaming(house, user) as stream:
            await change(house, plan, roi=1)
            last = (await stream.event()).id
        await house.services.journal.purge(0.0)
        await house.services.journal.purge(10**9)
    async with keep_house(tmp_path, systems=("plan-sync",)) as house:
        user = await house.person()
        await change(house, plan, roi=2)
        async with streaming(house, user, after=last) as stream:
            assert (await stream.next())["planData"]["roi"] == 2


async def test_an_id_that_this_server_has_not_reached_brings_all_that_is_there(house: House) -> None:
    user, (plan, _) = await house.person(), await create(house)
    await change(house, plan, roi=2)
    async with streaming(house, user, f"/api/plans/{plan}/subscribe", after="999999999") as stream:
        await change(house, plan, roi=3)
        assert [(await stream.next())["planData"]["roi"] for _ in range(2)] == [2, 3]


@pytest.mark.parametrize("where", ["cookie", "query"])
async def test_a_browser_without_headers_shows_its_token_otherwise(house: House, where: str) -> None:
    user = await house.person()
    path = f"{STREAM}?token={user.token}" if where == "query" else STREAM
    headers = {"Cookie": f"session={user.token}"} if where == "cookie" else {}
    async with house.http.get(house.url + path, headers=headers) as answer:
        assert (answer.status, answer.content_type) == (200, "text/event-stream")


@pytest.mark.parametrize("path", [STREAM, "/api/plans/pln_1/subscribe"])
async def test_nobody_hears_without_a_token(house: House, path: str) -> None:
    status, body = await house.call("GET", path)
    assert (status, body["error"]["code"]) == (401, "token_missing")


async def test_a_plan_whose_id_no_plan_can_have_is_not_there(house: House) -> None:
    user = await house.person()
    status, body = await house.call("GET", "/api/plans/a%20b/subscribe", user)
    assert (status, body["error"]["code"]) == (404, "plan_not_found")


async def test_a_ban_ends_the_streams_of_its_user(tmp_path: Path) -> None:
    async with keep_house(tmp_path, systems=("user-state", "plan-sync")) as house:
        user, other = await house.person(), await house.person()
        async with streaming(house, user) as ended, streaming(house, other) as kept:
            await house.ban(user)
            await ended.ends()
            plan, _ = await create(house)
            assert (await kept.next())["planId"] == plan


async def test_an_idle_stream_carries_comments(tmp_path: Path) -> None:
    async with keep_house(tmp_path, limits=Limits(stream_comment=0.05), systems=("plan-sync",)) as house:
        user = await house.person()
        async with streaming(house, user) as stream:
            assert isinstance(await stream.item(), Comment)
