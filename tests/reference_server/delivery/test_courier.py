"""Commit, then tell: in one order, all or nothing, and nobody's trouble is anybody else's."""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, select
from structlog.testing import capture_logs

from reference_server.delivery.emission import Emission
from reference_server.delivery.journal import JOURNAL
from reference_server.delivery.message import Message
from reference_server.delivery.rooms import of_user
from reference_server.limits import Limits
from reference_server.store.database import Store
from reference_server.store.sql import SqlConnection
from reference_server.transport.socketio import SocketLink
from tests.reference_server.delivery.line import comes_next, greeted, hears, message, tell
from tests.reference_server.house import SECONDS, House, keep_house


async def journaled(house: House) -> int:
    async with house.services.store.reading() as connection:
        return (await connection.execute(select(func.count()).select_from(JOURNAL))).scalar() or 0


async def test_events_come_in_the_order_of_the_commits_however_many_changes_run_at_once(tmp_path: Path) -> None:
    async with keep_house(tmp_path, limits=Limits(ack_first=0.05, ack_within=30)) as house:
        users = [await house.person() for _ in range(3)]
        sockets = [await greeted(house, user) for user in users]
        await tell(house, *(message(user, "claim_paid") for user in users))
        committed: list[str] = []

        async def change(connection: SqlConnection) -> tuple[None, Sequence[Message]]:
            await connection.execute(select(1))
            claim = f"clm_{len(committed)}"
            committed.append(claim)
            return None, [message(user, claimId=claim) for user in users]

        await asyncio.gather(*(house.services.courier.carry("shield", change) for _ in range(200)))
        for socket in sockets:
            heard: list[str] = []
            async with asyncio.timeout(SECONDS):
                while len(heard) < 200:
                    name, payload = await hears(socket)
                    heard += [payload["data"]["claimId"]] if name == "claim_under_review" else []
            assert heard == committed


async def test_a_change_that_fails_is_undone_and_tells_nothing(tmp_path: Path) -> None:
    async with keep_house(tmp_path) as house:
        user = await house.person()
        socket = await greeted(house, user)

        async def change(connection: SqlConnection) -> tuple[None, Sequence[Message]]:
            row = {
                "seq": 1000,
                "system": "shield",
                "name": "x",
                "room": "x",
                "text": "{}",
                "created_at": 0.0,
                "ack": "none",
            }
            await connection.execute(JOURNAL.insert().values(**row))
            raise LookupError("no such claim")

        async def unwritable(_: SqlConnection) -> tuple[None, Sequence[Message]]:
            return None, [Message("claim_under_review", object(), of_user(user.id))]

        with pytest.raises(LookupError):
            await house.services.courier.carry("shield", change)
        with pytest.raises(TypeError):
            await house.services.courier.carry("shield", unwritable)
        assert await journaled(house) == 0
        await comes_next(house, user, socket)


async def test_the_result_is_the_changes_own(tmp_path: Path) -> None:
    async with keep_house(tmp_path) as house:

        async def change(_: SqlConnection) -> tuple[int, Sequence[Message]]:
            return 42, ()

        assert await house.services.courier.carry("shield", change) == 42


async def test_a_caller_who_leaves_half_way_leaves_nothing_half_done(tmp_path: Path) -> None:
    async with keep_house(tmp_path) as house:
        user = await house.person()
        socket = await greeted(house, user)
        begun, never = asyncio.Event(), asyncio.Event()

        async def change(_: SqlConnection) -> tuple[None, Sequence[Message]]:
            begun.set()
            await never.wait()
            return None, [message(user, claimId="clm_1")]

        call = asyncio.create_task(house.services.courier.carry("shield", change))
        await begun.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await comes_next(house, user, socket)
        assert await journaled(house) == 1


async def test_where_a_commit_takes_time_a_change_is_finished_although_its_caller_has_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Store, "commits_at_once", False)
    async with keep_house(tmp_path) as house:
        user = await house.person()
        socket = await greeted(house, user)
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def change(_: SqlConnection) -> tuple[None, Sequence[Message]]:
            begun.set()
            await go_on.wait()
            return None, [message(user, claimId="clm_1")]

        call = asyncio.create_task(house.services.courier.carry("shield", change))
        await begun.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        go_on.set()
        assert (await hears(socket))[1]["data"]["claimId"] == "clm_1"
        assert await journaled(house) == 1


async def test_who_is_told_need_not_wait_for_the_disk_and_who_is_answered_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = asyncio.Event()
    synced = Store.synced

    async def late(store: Store) -> None:
        await slow.wait()
        await synced(store)

    async with keep_house(tmp_path) as house:
        user = await house.person()
        socket = await greeted(house, user)
        monkeypatch.setattr(Store, "synced", late)
        telling = asyncio.create_task(tell(house, message(user, claimId="clm_1")))
        assert (await hears(socket))[1]["data"]["claimId"] == "clm_1"
        assert not telling.done()
        with closing(sqlite3.connect(tmp_path / "server.db")) as other:
            assert other.execute("SELECT name FROM journal").fetchall() == [("claim_under_review",)], (
                "what another program sees is the system's, and outlives this one"
            )
        slow.set()
        await telling


async def test_what_is_under_way_when_the_server_stops_is_finished(tmp_path: Path) -> None:
    async with keep_house(tmp_path) as house:
        user = await house.person()
        begun = asyncio.Event()

        async def change(connection: SqlConnection) -> tuple[None, Sequence[Message]]:
            begun.set()
            for _ in range(50):
                await connection.execute(select(1))
            return None, [message(user, claimId="clm_1")]

        call = asyncio.create_task(house.services.courier.carry("shield", change))
        await begun.wait()
        await house.stop()
        await call
    async with keep_house(tmp_path) as again:
        assert (await hears(await greeted(again, user)))[1]["data"]["claimId"] == "clm_1"


async def test_a_connection_that_cannot_be_sent_to_delays_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with keep_house(tmp_path) as house:
        user = await house.person()
        sockets = [await greeted(house, user) for _ in range(3)]
        broken = house.services.connections.of_user(user.id)[1].link
        send = SocketLink.send

        def fails(link: SocketLink, emission: Emission) -> None:
            if link is broken:
                raise OSError("no more memory")
            send(link, emission)

        monkeypatch.setattr(SocketLink, "send", fails)
        with capture_logs() as logs:
            await tell(house, message(user, claimId="clm_1"))
        for socket in (sockets[0], sockets[2]):
            assert (await hears(socket))[1]["data"]["claimId"] == "clm_1"
        assert [log["event"] for log in logs] == ["delivery-failed"]


async def test_what_is_not_kept_is_told_once(tmp_path: Path) -> None:
    async with keep_house(tmp_path) as house:
        user = await house.person()
        socket = await greeted(house, user)
        passing = message(user, claimId="clm_1")
        await tell(house, Message(passing.name, passing.payload, passing.room, kept=False))
        assert (await hears(socket))[1]["data"]["claimId"] == "clm_1"
        await socket.raw.close()
        await comes_next(house, user, await greeted(house, user))
        assert await journaled(house) == 1
