"""The journal lets go of what is old, and of nothing else."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from reference_server.delivery import journal as journals
from reference_server.delivery.journal import CONFIRMED, JOURNAL, Journal
from reference_server.delivery.rooms import of_user
from reference_server.limits import Limits
from reference_server.store.sqlite import _Connection as SqliteConnection
from tests.reference_server.delivery.line import comes_next, greeted, message, names, paid, says, tell
from tests.reference_server.house import House, keep_house

DAY = 24 * 3600.0


async def kept(house: House) -> list[str]:
    async with house.services.store.reading() as connection:
        return list((await connection.execute(select(JOURNAL.c.name).order_by(JOURNAL.c.seq))).scalars())


async def test_what_is_older_than_the_window_is_let_go_and_what_can_be_acknowledged_a_day_later(
    tmp_path: Path,
) -> None:
    async with keep_house(tmp_path) as house:
        user, other, journal = await house.person(), await house.person(), house.services.journal
        await tell(house, message(user), message(user, "claim_approved"), paid(user))
        owed = journal.seq
        await journal.purge(0.0)
        await tell(house, message(user, "coverage_updated"), message(other, "claim_status_changed"))
        everything = ["claim_under_review", "claim_approved", "claim_paid", "coverage_updated", "claim_status_changed"]
        await journal.purge(299.0)
        assert await kept(house) == everything
        await journal.purge(300.0)
        assert await kept(house) == everything[1:]
        await journal.purge(DAY)
        assert await kept(house) == ["claim_paid", "claim_status_changed"], "what is still owed stays, and the last"
        await journal.expire([owed], DAY)
        await journal.purge(2 * DAY)
        assert await kept(house) == ["claim_status_changed"]
        socket = await greeted(house, user)
        await comes_next(house, user, socket)


async def test_a_journal_that_was_left_behind_is_let_go_in_portions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "_AT_ONCE", 7)
    async with keep_house(tmp_path) as house:
        user = await house.person()
        await tell(house, *(message(user, kind) for kind in ["claim_under_review", "claim_approved"] * 20))
        journal = Journal(house.services.store, Limits())
        await journal.recall()
        await journal.purge(0.0)
        await journal.purge(300.0)
        assert await kept(house) == ["claim_approved"] * 20


async def test_what_was_there_before_the_window_is_not_searched(tmp_path: Path) -> None:
    async with keep_house(tmp_path) as house:
        user, journal = await house.person(), house.services.journal
        window, rooms = Limits().replay_window, [of_user(user.id)]
        await tell(house, message(user))
        await journal.purge(1000.0)
        await tell(house, message(user, "claim_approved"))
        async with house.services.store.writing() as connection:
            await connection.execute(JOURNAL.update().values(created_at=10**9))  # Only its place tells that it is old.

        async def since(now: float) -> list[str]:
            return [entry.name for entry in await journal.since(rooms, "shield", 0, now)]

        assert await since(999.0 + window) == ["claim_under_review", "claim_approved"]
        assert await since(1000.0 + window) == ["claim_approved"]


async def test_confirmations_are_let_go_in_portions_but_not_of_who_has_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "_AT_ONCE", 3)
    async with keep_house(tmp_path) as house:
        users, journal = [await house.person() for _ in range(8)], house.services.journal
        await tell(house, *map(message, users))
        for user in users:
            assert journal.confirm(user.id, "shield", False, journal.seq)
        await journal.save()
        await tell(house, message(users[0]))
        await journal.purge(0.0)
        run, back = SqliteConnection.run, users[-1].id

        async def meanwhile(connection: SqliteConnection, *given: Any) -> int:
            journal.confirm(back, "shield", False, journal.seq)
            return await run(connection, *given)

        await tell(house, *map(message, users))
        monkeypatch.setattr(SqliteConnection, "run", meanwhile)
        await journal.purge(300.0)
        await journal.save()
        async with house.services.store.reading() as connection:
            assert (await connection.execute(select(CONFIRMED.c.user_id))).scalars().all() == [back]
        assert journal._confirmed.keys() == {(back, "shield")}


async def test_however_much_comes_no_more_is_kept_than_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journals, "_MOST", 5)
    monkeypatch.setattr(journals, "_MOST_UNDERSTOOD", 8)
    async with keep_house(tmp_path) as house:
        user = await house.person()
        await tell(house, *(message(user, kind) for kind in ["claim_under_review", "claim_approved"] * 10))
        await house.services.journal.purge(0.0)
        young = ["claim_approved", "claim_under_review", "claim_approved", "claim_under_review", "claim_approved"]
        assert await kept(house) == ["claim_approved", *young]


async def test_places_that_a_power_cut_may_have_taken_back_are_not_given_again(tmp_path: Path) -> None:
    async with keep_house(tmp_path) as house:
        user = await house.person()
        await tell(house, message(user))
        told = house.services.journal.seq
        async with house.services.store.writing() as connection:
            await connection.execute(JOURNAL.update().values(seq=told - 1))
    async with keep_house(tmp_path) as again:
        await tell(again, message(user))
        assert again.services.journal.seq > told


async def test_places_go_on_after_a_restart_although_the_journal_is_empty(tmp_path: Path) -> None:
    async with keep_house(tmp_path) as house:
        user = await house.person()
        socket = await greeted(house, user)
        approved = message(user, "claim_approved", claimId="clm_1")
        await tell(house, message(user), approved)
        assert await names(socket, 2) == ["claim_under_review", "claim_approved"]
        await says(socket, "claim_approved_ack", {"claimId": "clm_1", "received": True})
        await comes_next(house, user, socket)
        seq = house.services.journal.seq
    async with keep_house(tmp_path) as again:
        assert again.services.journal.seq > seq
        async with again.services.store.writing() as connection:
            await connection.execute(JOURNAL.delete())
    async with keep_house(tmp_path) as later:
        async with later.services.store.reading() as connection:
            (confirmed,) = (await connection.execute(select(CONFIRMED.c.seq))).scalars()
        assert later.services.journal.seq > confirmed
        await tell(later, message(user, claimId="clm_2"))
        assert await names(await greeted(later, user), 1) == ["claim_under_review"]
