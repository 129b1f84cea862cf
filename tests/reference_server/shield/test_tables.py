"""What is kept comes back as it was."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy.exc import IntegrityError

from reference_server.store.database import Store, open_store
from reference_server.store.tables import TABLES
from reference_server.systems.shield import claims, coverage, member, tables, wallet
from reference_server.systems.shield.claims import Claim
from reference_server.systems.shield.notices import Kind, Notice
from reference_server.systems.shield.payment import pay
from reference_server.systems.shield.plans import Plan
from reference_server.systems.shield.wallet import Transaction, Withdrawal
from tests.reference_server.shield.samples import NOW, a_claim, a_member

SOON = NOW + timedelta(days=1, milliseconds=7)


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await open_store(f"sqlite:///{tmp_path / 'server.db'}", TABLES)
    yield opened
    await opened.close()


async def test_a_member_comes_back_as_it_was_saved_last(store: Store) -> None:
    new = a_member()
    changed = replace(
        member.upgrade(coverage.reserve(new, 10_00), Plan.PROFESSIONAL),
        balance=10**12,
        restricted_until=SOON,
        last_payout_at=NOW,
        clock_days=3,
    )
    for saved in (new, changed):
        async with store.writing() as connection:
            await tables.save_member(connection, saved)
        async with store.reading() as connection:
            assert await tables.member(connection, "usr_1") == saved
            assert await tables.member(connection, "usr_2") is None


async def test_a_claim_comes_back_in_every_state_of_its_life(store: Store) -> None:
    approved = claims.approve(a_claim(), "As agreed.", SOON)
    paid = pay(coverage.reserve(a_member(), 135_00), approved, "pay_1", "txn_1", SOON).claim
    asked = claims.request_proof(paid, "The receipt, please.", 14, SOON)
    async with store.writing() as connection:
        await tables.add(connection, a_claim())
    for claim in (
        a_claim(),
        claims.review(a_claim(), SOON),
        claims.deny(a_claim(), "D007", None, SOON),
        approved,
        paid,
        asked,
        claims.submit_proof(asked, SOON),
    ):
        async with store.writing() as connection:
            await tables.save(connection, claim)
        async with store.reading() as connection:
            assert await tables.find(connection, Claim, "usr_1", "clm_1") == claim


async def test_the_latest_come_first_and_nobody_elses(store: Store) -> None:
    async with store.writing() as connection:
        for number in range(5):
            await tables.add(connection, a_claim(claim_id=f"clm_{number}"))
        await tables.add(connection, replace(a_claim(claim_id="clm_other"), user_id="usr_2"))
    async with store.reading() as connection:
        found = await tables.latest(connection, Claim, "usr_1", 3)
        assert [claim.id for claim in found] == ["clm_4", "clm_3", "clm_2"]
        assert await tables.find(connection, Claim, "usr_1", "clm_other") is None


async def test_a_count_comes_with_the_things_that_it_counts(store: Store) -> None:
    notice = Notice("ntf_1", "usr_1", "Almost there", "80 % is used.", Kind.GENERAL, False, NOW, "clm_1")
    balance, unread = tables.MEMBERS.c.balance, tables.MEMBERS.c.unread
    async with store.reading() as connection:
        assert await tables.latest_beside(connection, unread, Notice, "usr_1", 100) == (0, [])
    async with store.writing() as connection:
        await tables.save_member(connection, replace(a_member(), unread=7, balance=135_00))
        await tables.add(connection, notice)
        await tables.add(connection, replace(notice, id="ntf_2"))
        await tables.add(connection, replace(notice, id="ntf_3", user_id="usr_2"))
    async with store.reading() as connection:
        assert await tables.latest_beside(connection, unread, Notice, "usr_1", 100) == (
            7,
            [replace(notice, id="ntf_2"), notice],
        )
        assert (await tables.latest_beside(connection, unread, Notice, "usr_1", 1))[1] == [replace(notice, id="ntf_2")]
        assert await tables.latest_beside(connection, balance, Transaction, "usr_1", 100) == (135_00, [])


async def test_a_withdrawal_comes_back_before_and_after_its_decision(store: Store) -> None:
    pending = Withdrawal("wdr_1", "usr_1", 40_00, "0007", wallet.Status.PENDING, NOW)
    failed = wallet.decide(pending, wallet.Status.FAILED, "Closed account.", SOON)
    async with store.writing() as connection:
        await tables.add(connection, pending)
        assert await tables.find(connection, Withdrawal, "usr_1", "wdr_1") == pending
        await tables.save(connection, failed)
        assert await tables.find(connection, Withdrawal, "usr_1", "wdr_1") == failed


async def test_an_id_belongs_to_one_thing(store: Store) -> None:
    async with store.writing() as connection:
        await tables.add(connection, a_claim())
        with pytest.raises(IntegrityError):
            await tables.add(connection, replace(a_claim(), user_id="usr_2"))
