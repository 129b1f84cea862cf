"""A store that is locked, full, read-only or slow: calls end in their time, connections stay, health says so, and then
all is well again."""

import asyncio
import resource
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from reference_server.delivery.journal import Journal
from reference_server.limits import Limits
from reference_server.store.database import Store
from tests.reference_server.child import Child, headers, start_child
from tests.reference_server.delivery.line import ack, complaint, greeted, hears, paid, says, tell
from tests.reference_server.house import SECONDS, House, Person, keep_house

SOON = Limits(call_timeout=0.3)


async def _health(house: House) -> tuple[int, Any]:
    return await house.call("GET", "/healthz")


async def _becomes(house: House, status: int, reason: str | None = None) -> None:
    """Wait until health says so."""
    async with asyncio.timeout(SECONDS):
        while True:
            found, said = await _health(house)
            if (found, said.get("reason")) == (status, reason):
                return


async def _bans(house: House, person: Person) -> int:
    return (await house.call("POST", f"/api/admin/users/{person.id}/ban", house.admin))[0]


@contextmanager
def _locked(folder: Path) -> Any:
    intruder = sqlite3.connect(folder / "server.db", isolation_level=None, timeout=SECONDS)
    intruder.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        intruder.close()


async def test_a_store_that_another_program_holds_refuses_calls_in_their_time_and_recovers(tmp_path: Path) -> None:
    async with keep_house(tmp_path, limits=SOON) as house:
        user = await house.person()
        socket = await house.socket(user)
        with _locked(tmp_path):
            assert await _bans(house, user) == 503
            await _becomes(house, 503, "store_locked")
            assert (await house.call("GET", "/api/me", user))[0] == 200
            assert await socket.is_open()
        await _becomes(house, 200)
        other = await house.person()
        assert await _bans(house, other) == 200


class _Slow:
    """A store that answers when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers = asyncio.Event()
        writing, reading = Store.writing, Store.reading

        def slowly(way: Callable[[Store], Any]) -> Callable[[Store], Any]:
            @asynccontextmanager
            async def wait(store: Store) -> AsyncIterator[Any]:
                await self.answers.wait()
                async with way(store) as connection:
                    yield connection

            return wait

        monkeypatch.setattr(Store, "writing", slowly(writing))
        monkeypatch.setattr(Store, "reading", slowly(reading))


async def test_a_store_that_does_not_answer_refuses_calls_and_connections_in_their_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with keep_house(tmp_path, limits=SOON) as house:
        user, late = await house.person(), await house.person()
        socket = await house.socket(user)
        with monkeypatch.context() as patched:
            slow = _Slow(patched)
            for method, path, by in (
                ("GET", f"/api/admin/users/{late.id}", house.admin),
                ("POST", f"/api/admin/users/{user.id}/ban", house.admin),
                ("GET", "/api/me/stream", late),
                ("GET", "/api/me", late),
            ):
                status, answer = await house.call(method, path, by)
                assert (status, answer["error"]["code"]) == (503, "unavailable"), path
            newcomer = await house.engine()
            await newcomer.send(late.connect)
            assert (await newcomer.read()).startswith("44")
            assert await _health(house) == (503, {"status": "unavailable", "reason": "store_slow"})
            assert await socket.is_open()
            slow.answers.set()
        await _becomes(house, 200)
        assert (await house.call("GET", "/api/me", late))[0] == 200
        await newcomer.send(late.connect)
        assert (await newcomer.read()).startswith("40")


async def test_a_store_that_cannot_be_connected_to_is_told_and_leaves_no_stack_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with keep_house(tmp_path) as house:
        user, socket = await house.person(), await house.engine()
        with monkeypatch.context() as patched:

            def refused(_: Store) -> None:
                raise ConnectionRefusedError(111, "Connect call failed")

            patched.setattr(Store, "writing", refused)
            patched.setattr(Store, "reading", refused)
            await _becomes(house, 503, "store_failed")
            await socket.send(user.connect)
            assert (await socket.read()).startswith("44")
        await _becomes(house, 200)
        await socket.send(user.connect)
        assert (await socket.read()).startswith("40")
    assert "Traceback" not in capsys.readouterr().out


async def test_a_logout_that_the_disk_fails_ends_the_session_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with keep_house(tmp_path) as house:
        user = await house.person()
        socket = await house.socket(user)
        assert (await house.call("GET", "/api/me", user))[0] == 200
        with monkeypatch.context() as patched:

            async def fails(_: Store) -> None:
                raise OperationalError("the sync of the log", None, OSError(5, "Input/output error"))

            patched.setattr(Store, "synced", fails)
            assert (await house.call("POST", "/api/auth/logout", user))[0] == 503
        assert (await socket.rest())[0] == ["41"]
        assert (await house.call("GET", "/api/me", user))[0] == 401
        assert (await house.call("GET", "/api/me", house.session(user)))[0] == 200


async def test_an_acknowledgement_that_cannot_be_looked_up_is_answered_with_a_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with keep_house(tmp_path, limits=SOON) as house:
        user = await house.person()
        socket = await greeted(house, user)
        with monkeypatch.context() as patched:

            async def never(*_: object) -> list[Any]:
                await asyncio.Event().wait()
                return []

            patched.setattr(Journal, "acknowledged", never)
            await says(socket, "claim_paid_ack", ack(paid(user)))
            assert await complaint(socket) == ("INTERNAL_ERROR", "claim_paid_ack")
        payment = paid(user, 2)
        await tell(house, payment)
        assert await hears(socket) == ("claim_paid", payment.payload)
    assert "Traceback" not in capsys.readouterr().out


def _lines(child: Child, text: str) -> int:
    return child.log.read_text().count(text)


async def _told_by(child: Child, status: int, *reasons: str) -> None:
    async with asyncio.timeout(SECONDS):
        while True:
            async with child.http.get(f"{child.url}/healthz") as answer:
                if answer.status == status and (await answer.json()).get("reason", "") in (reasons or ("",)):
                    return


async def test_a_disk_that_is_full_loses_nothing_that_was_answered_and_leaves_no_stack_trace(tmp_path: Path) -> None:
    async with start_child(tmp_path, users=5) as child:
        async with child.http.ws_connect(f"{child.url}/api/me/ws", headers=headers(child.people[-1])) as socket:
            limits = resource.prlimit(child.process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
            assert await child.ban(child.people[-2]) == 503
            await _told_by(child, 503, "store_full", "store_failed")
            async with child.http.get(f"{child.url}/api/me", headers=headers(child.people[-1])) as answer:
                assert answer.status == 200
            resource.prlimit(child.process.pid, resource.RLIMIT_FSIZE, limits)
            await _told_by(child, 200)
            assert not socket.closed
            assert await child.ban(child.people[-3]) == 200
        await child.kill()
        with sqlite3.connect(tmp_path / "eventproof-data" / "server.db") as connection:
            banned = {row[0] for row in connection.execute("SELECT id FROM users WHERE banned")}
        connection.close()
        assert child.people[-3]["id"] in banned
        assert child.people[-2]["id"] not in banned
        assert _lines(child, "Traceback") == 0


async def test_a_client_whose_answer_waits_behind_the_store_is_not_taken_for_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = Limits(ping_interval=0.1, ping_timeout=0.2, call_timeout=SECONDS)
    async with keep_house(tmp_path, limits=limits) as house:
        late = await house.person()
        with monkeypatch.context() as patched:
            slow = _Slow(patched)
            newcomer = await house.engine()
            await newcomer.send(late.connect)
            for silent in (await house.engine(), await house.engine()):
                assert (await silent.rest())[0] == ["2"], "whoever answers no ping is closed"
            slow.answers.set()
            while (said := await newcomer.read()) == "2":
                pass
            assert said.startswith("40{")
