"""A new connection: what it hears first, and what it has missed."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from reference_server.accounts.account import ADMIN
from reference_server.delivery.entry import Entry
from reference_server.delivery.rooms import ADMINS
from reference_server.limits import Limits
from reference_server.store.database import Store
from reference_server.store.sql import SqlConnection
from tests.reference_server.delivery.line import (
    PLACE,
    ack,
    comes_next,
    greeted,
    hears,
    is_heard,
    join,
    message,
    names,
    paid,
    says,
    tell,
)
from tests.reference_server.house import Person, Socket, keep_house

QUICK = Limits(ping_interval=0.2, ping_timeout=30)


def numbered(user: Person, *numbers: int) -> list[Any]:
    return [message(user, claimId=f"clm_{number}") for number in numbers]


async def claims(socket: Socket, count: int) -> list[str]:
    """The claims that the next events are about; a heartbeat may come between them."""
    found: list[Any] = []
    while len(found) < count:
        name, payload = await hears(socket)
        if name != "ping":
            found.append(payload["data"]["claimId"])
    return found


async def answer_heartbeat(socket: Socket) -> None:
    """Wait for a heartbeat, answer it, and see that the answer has arrived."""
    while await socket.read() != "2":
        pass
    await socket.send("3")
    await socket.send(f'42{PLACE},7["client_disconnect",{{"reason":"manual"}}]')
    await socket.rest()


async def test_connected_comes_first_and_to_that_connection_alone(tmp_path: Path) -> None:
    async with keep_house(tmp_path) as house:
        user = await house.person()
        first = await greeted(house, user)
        second = await join(house, user)
        name, payload = await hears(second)
        assert name == "connected"
        assert set(payload) == {"userId", "connectionId", "timestamp", "serverVersion"}
        await comes_next(house, user, first)


async def test_what_was_sent_to_nobody_is_heard_on_the_return_in_its_order(tmp_path: Path) -> None:
    async with keep_house(tmp_path) as house:
        user, other = await house.person(), await house.person()
        await tell(house, *numbered(user, 1, 2))
        await tell(house, *numbered(other, 9))
        await tell(house, *numbered(user, 3))
        socket = await greeted(house, user)
        assert await claims(socket, 3) == ["clm_1", "clm_2", "clm_3"]
        await comes_next(house, user, socket)


async def test_what_was_sent_into_a_cut_connection_is_heard_again(tmp_path: Path) -> None:
    async with keep_house(tmp_path) as house:
        user = await house.person()
        socket = await greeted(house, user)
        await tell(house, *numbered(user, 1))
        await socket.raw.close()
        await tell(house, *numbered(user, 2))
        back = await greeted(house, user)
        assert await claims(back, 2) == ["clm_1", "clm_2"]


async def test_what_came_before_an_answered_heartbeat_is_not_heard_again(tmp_path: Path) -> None:
    async with keep_house(tmp_path, limits=QUICK) as house:
        user = await house.person()
        socket = await greeted(house, user)
        await tell(house, *numbered(user, 1))
        assert await claims(socket, 1) == ["clm_1"]
        await answer_heartbeat(socket)
        await tell(house, *numbered(user, 2))
        back = await join(house, user)
        frames = [await back.read() for _ in range(2)]
        assert "connected" in frames[0]
        assert "clm_2" in frames[1]


async def test_what_was_confirmed_stays_confirmed_over_a_restart_and_the_rest_is_heard(tmp_path: Path) -> None:
    async with keep_house(tmp_path, limits=QUICK) as house:
        user = await house.person()
        socket = await greeted(house, user)
        await tell(house, *numbered(user, 1))
        assert await claims(socket, 1) == ["clm_1"]
        await answer_heartbeat(socket)
        await tell(house, *numbered(user, 2))
    async with keep_house(tmp_path) as again:
        socket = await greeted(again, user)
        assert await claims(socket, 1) == ["clm_2"]
        await comes_next(again, user, socket)


async def test_what_was_acknowledged_is_not_heard_again(tmp_path: Path) -> None:
    async with keep_house(tmp_path) as house:
        user = await house.person()
        socket = await greeted(house, user)
        payment = paid(user)
        approved = message(user, "claim_approved", claimId="clm_1")
        await tell(house, approved, payment, *numbered(user, 2))
        assert await names(socket, 3) == ["claim_approved", "claim_paid", "claim_under_review"]
        await says(socket, "claim_approved_ack", {"claimId": "clm_1", "received": True})
        await says(socket, "claim_paid_ack", ack(payment))
        await is_heard(socket)
        await socket.raw.close()
        back = await greeted(house, user)
        assert await claims(back, 1) == ["clm_2"]
        await comes_next(house, user, back)


async def test_what_is_older_than_the_window_is_not_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with keep_house(tmp_path) as house:
        user = await house.person()
        await tell(house, *numbered(user, 1))
        missed = house.services.journal.missed

        async def later(user_id: str, system: str, admin: bool, owes: bool, now: float) -> Sequence[Entry]:
            return await missed(user_id, system, admin, owes, now + 301)

        monkeypatch.setattr(house.services.journal, "missed", later)
        socket = await greeted(house, user)
        await comes_next(house, user, socket)


@pytest.mark.parametrize("limits", [Limits(max_replay=2), Limits(max_replay_size=500)])
async def test_of_much_that_was_missed_the_latest_is_heard(tmp_path: Path, limits: Limits) -> None:
    async with keep_house(tmp_path, limits=limits) as house:
        user = await house.person()
        await tell(house, *numbered(user, *range(1, 10)))
        socket = await greeted(house, user)
        assert await claims(socket, 2) == ["clm_8", "clm_9"]
        await comes_next(house, user, socket)


async def test_what_is_told_during_the_replay_waits_behind_it_and_nothing_comes_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with keep_house(tmp_path) as house:
        user = await house.person()
        await tell(house, *numbered(user, 1))
        missed, asked, go_on = house.services.journal.missed, asyncio.Event(), asyncio.Event()

        async def slow(*arguments: Any) -> Sequence[Entry]:
            asked.set()
            await go_on.wait()
            return await missed(*arguments)

        monkeypatch.setattr(house.services.journal, "missed", slow)
        socket = await greeted(house, user)
        await asked.wait()
        await tell(house, *numbered(user, 2))
        await tell(house, *numbered(user, 3))
        go_on.set()
        assert await claims(socket, 3) == ["clm_1", "clm_2", "clm_3"]
        await comes_next(house, user, socket)


async def test_who_cannot_take_what_is_told_during_the_replay_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with keep_house(tmp_path, limits=Limits(max_waiting=2)) as house:
        user = await house.person()
        asked, never = asyncio.Event(), asyncio.Event()

        async def stuck(*_: Any) -> Sequence[Entry]:
            asked.set()
            await never.wait()
            return []

        monkeypatch.setattr(house.services.journal, "missed", stuck)
        socket = await greeted(house, user)
        await asked.wait()
        with capture_logs() as logs:
            await tell(house, *numbered(user, 1, 2, 3))
        assert (await socket.rest())[0] == [f"41{PLACE},"]
        assert [(log["reason"], log["user"], log["channel"]) for log in logs] == [("slow reader", user.id, PLACE)]
        never.set()


async def test_a_store_that_cannot_be_read_delays_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with keep_house(tmp_path) as house:
        user = await house.person()

        async def broken(*_: Any) -> Sequence[Entry]:
            raise OperationalError("select", {}, Exception("disk I/O error"))

        with monkeypatch.context() as patched:
            patched.setattr(house.services.journal, "missed", broken)
            socket = await greeted(house, user)
        await comes_next(house, user, socket)


async def test_what_a_failed_replay_left_out_is_not_taken_for_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with keep_house(tmp_path, limits=QUICK) as house:
        user = await house.person()
        await tell(house, message(user, claimId="clm_1"))

        async def broken(*_: Any) -> Sequence[Entry]:
            raise OperationalError("select", {}, Exception("disk I/O error"))

        with monkeypatch.context() as patched:
            patched.setattr(house.services.journal, "missed", broken)
            socket = await greeted(house, user)
        await answer_heartbeat(socket)
        await house.settles(connections=0)
        assert await claims(await greeted(house, user), 1) == ["clm_1"]


async def test_what_all_administrators_are_told_reaches_them_alone_and_those_who_come_back(tmp_path: Path) -> None:
    async with keep_house(tmp_path) as house:
        user = await house.person()
        mine, boss = await greeted(house, user), await greeted(house, house.admin)
        await tell(house, message(None, "admin_claim_submitted", claimId="clm_1", userId=user.id))
        assert await names(boss, 1) == ["admin_claim_submitted"]
        await boss.raw.close()
        await house.settles(connections=1)
        await tell(house, message(None, "admin_claim_submitted", claimId="clm_2", userId=user.id))
        back = await greeted(house, house.admin)
        assert await claims(back, 2) == ["clm_1", "clm_2"]
        newcomer = await house.person(ADMIN)
        await comes_next(house, newcomer, await greeted(house, newcomer))
        await comes_next(house, user, mine)


async def test_an_administrator_who_was_there_long_ago_hears_what_all_were_told_since(tmp_path: Path) -> None:
    limits = Limits(replay_window=30)
    async with keep_house(tmp_path, limits=limits) as house:
        user = await house.person()
        admin = house.admin
        await (await greeted(house, admin)).raw.close()
        await house.settles(connections=0)
        later = house.services.courier._clock() + 2 * limits.replay_window
        for at in (0.0, later):
            await tell(house, *numbered(user, 1))
            await house.services.journal.purge(at)
        await tell(house, message(None, "admin_claim_submitted", claimId="clm_2", userId=user.id))
    async with keep_house(tmp_path, limits=limits) as again:
        assert await claims(await greeted(again, admin), 1) == ["clm_2"]


async def test_who_leaves_during_the_commit_is_pushed_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with keep_house(tmp_path) as house:
        user = await house.person()
        socket, journal = await greeted(house, user), house.services.journal
        write = journal.write

        async def left(*arguments: Any) -> None:
            await socket.raw.close()
            await house.settles(connections=0)
            await write(*arguments)

        monkeypatch.setattr(journal, "write", left)
        await tell(house, message(user, "claim_denied"))
        assert [push.event for push in await journal.pushes(user.id)] == ["claim_denied"]


async def test_an_event_goes_to_the_channels_whose_contract_has_it(tmp_path: Path) -> None:
    async with keep_house(tmp_path) as house:
        user = await house.person()
        shield, main = await greeted(house, user), await house.socket(user)
        await house.set_tier(user, "basic")
        assert (await main.read()).startswith('42["user.tier.updated"')
        await comes_next(house, user, shield)
        assert await main.is_open()


async def test_a_ban_closes_every_channel_of_the_user(tmp_path: Path) -> None:
    async with keep_house(tmp_path) as house:
        user = await house.person()
        shield = await greeted(house, user)
        await house.ban(user)
        assert (await shield.rest())[0] == [f"41{PLACE},"]
        await house.settles(connections=0, readers=0)


async def test_nothing_is_kept_for_who_has_left(tmp_path: Path) -> None:
    async with keep_house(tmp_path) as house:
        users = [await house.person() for _ in range(5)]
        sockets = [await greeted(house, user) for user in (*users, house.admin)]
        await house.settles(connections=6, readers=6)
        for socket in sockets:
            await socket.raw.close()
        await house.settles(connections=0, readers=0, socket_sessions=0)
        assert house.services.connections.hearing(ADMINS) == []


async def test_a_connection_left_alone_by_its_client_is_closed(tmp_path: Path) -> None:
    async with keep_house(tmp_path) as house:
        for argument in ({"reason": "logout"}, {"reason": "background"}, {"reason": "manual"}, {}, None):
            socket = await greeted(house, await house.person())
            await says(socket, "client_disconnect", argument)
            assert await socket.rest() == ([f"41{PLACE},"], 1000)
        await house.settles(connections=0)


async def test_who_comes_in_between_a_commit_and_its_telling_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal, which is read for what was missed before, has then what is about to be told, too."""
    committed, may_tell, committing = asyncio.Event(), asyncio.Event(), Store.committing

    @asynccontextmanager
    async def held(store: Store) -> AsyncIterator[SqlConnection]:
        async with committing(store) as connection:
            yield connection
        committed.set()
        await may_tell.wait()

    async with keep_house(tmp_path) as house:
        user = await house.person()
        await tell(house, *numbered(user, 0))
        monkeypatch.setattr(Store, "committing", held)
        telling = asyncio.create_task(tell(house, *numbered(user, 1, 2)))
        try:
            await committed.wait()
            socket = await greeted(house, user)
            assert await claims(socket, 3) == ["clm_0", "clm_1", "clm_2"]
        finally:
            may_tell.set()
        await telling
        await comes_next(house, user, socket)
