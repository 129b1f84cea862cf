"""Prepared statements: what goes in and what comes out is what SQLAlchemy's Core would give."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.dialects import sqlite

from eventproof.errors import TargetUnavailable, UsageError
from reference_server.accounts.tables import USERS
from reference_server.store.database import open_store
from reference_server.store.sql import Prepared, compiled
from reference_server.store.tables import TABLES
from reference_server.systems.shield.claims import Status
from reference_server.systems.shield.tables import CLAIMS
from tests.reference_server.shield.samples import a_claim

USER = {"id": "usr_1", "email": "a@b.example", "password": "", "role": "user", "tier": "free", "banned": True}
DIALECT = sqlite.dialect()


async def test_values_come_back_in_the_types_of_their_columns(tmp_path: Path) -> None:
    store = await open_store(f"sqlite:///{tmp_path / 'a.db'}", TABLES)
    claim = a_claim()
    names = [column.name for column in CLAIMS.c if column.name != "number"]
    add, find = Prepared(insert(CLAIMS), names), select(CLAIMS).where(CLAIMS.c.id == bindparam("this"))
    async with store.writing() as connection:
        await connection.run(add, {name: getattr(claim, name) for name in names})
        await connection.run(Prepared(insert(USERS), (*USER, "epoch")), {**USER, "epoch": 0})
    async with store.reading() as connection:
        (row,) = await connection.rows(Prepared(find), {"this": claim.id})
        assert [row] == [tuple(each) for each in await connection.execute(find, {"this": claim.id})]
        found = dict(zip(CLAIMS.c.keys(), row, strict=True))
        assert (found["status"], found["submitted_at"]) == (Status.SUBMITTED, claim.submitted_at)
        assert (await connection.rows(Prepared(select(USERS.c.banned))))[0][0] is True
    await store.close()


async def test_a_link_to_a_database_opens_it_for_one_server_alone(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link.db").symlink_to("real/a.db")
    store = await open_store(f"sqlite:///{tmp_path / 'link.db'}", TABLES)
    with pytest.raises(TargetUnavailable, match="in use by another server"):
        await open_store(f"sqlite:///{tmp_path / 'real' / 'a.db'}", TABLES)
    await store.close()
    assert {each.name for each in (tmp_path / "real").iterdir()} == {"a.db", "a.db.lock"}


async def test_a_link_that_leads_to_itself_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "a.db").symlink_to("a.db")
    with pytest.raises(UsageError, match=r"a\.db cannot be opened"):
        await open_store(f"sqlite:///{tmp_path / 'a.db'}", TABLES)


async def test_what_a_statement_says_itself_need_not_be_given_and_all_else_must() -> None:
    statement = select(USERS.c.id).where(USERS.c.role == "admin", USERS.c.email == bindparam("who")).limit(3)
    made = compiled(Prepared(statement), DIALECT)
    assert made.parameters({"who": "x"}) == ["admin", "x", 3, 0]
    with pytest.raises(KeyError):
        made.parameters({})
    fixed = compiled(Prepared(update(CLAIMS).values(paid_at=datetime(1970, 1, 2, tzinfo=UTC))), DIALECT)
    assert fixed.parameters({}) == [86_400_000]


@pytest.mark.parametrize(
    "statement",
    [
        Prepared(select(USERS).where(USERS.c.id.in_(["a", "b"]))),
        Prepared(insert(USERS), [name for name in USER if name != "banned"]),
    ],
    ids=["as many parameters as there are values", "a value that is made anew"],
)
def test_what_core_has_to_make_anew_each_time_cannot_be_prepared(statement: Prepared) -> None:
    with pytest.raises(ValueError, match="cannot be prepared"):
        compiled(statement, DIALECT)
