"""Somebody else acts on the users of a run: that is named, and blamed on no server; what fails every time is blamed."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from eventproof import catalog, checks, profile
from eventproof.catalog import ADMIN, USER
from eventproof.conform.case import Case
from eventproof.conform.check_run import CheckRun
from eventproof.conform.each import on_each
from eventproof.errors import ContractViolation, Inconclusive
from eventproof.reference import Reference


class House:
    """The case of one run, and the admin of another one who acts on the same users."""

    def __init__(self, server: Reference) -> None:
        target = profile.load(server.profile)
        self.check_run, self.other = (CheckRun(target, catalog.load(), seed=1) for _ in range(2))
        self.case = self.check_run.case("a case", "user-state")
        self.banned: list[str] = []

    def __enter__(self) -> "House":
        return self

    def __exit__(self, *_: object) -> None:
        left = self.case.leave()
        for user in self.banned:
            self.acts("unbanUser", userId=user)
        self.check_run.close()
        self.other.close()
        assert all("somebody else acts on these users" in note for note in left)

    def acts(self, operation: str, **parameters: Any) -> None:
        """What the other run does, at once and to its end."""
        self.other.perform(self._call(operation, parameters))

    async def _call(self, operation: str, parameters: dict[str, Any]) -> None:
        (await self.other.people.acting(ADMIN).call(operation, **parameters)).must_succeed()


Acts = Callable[[], Coroutine[Any, Any, None]]


def attempts(case: Case, *others: Callable[[str], Coroutine[Any, Any, None]]) -> Acts:
    """A case whose user must keep the session; one after another, each attempt is disturbed by one of these others."""
    left = list(others)

    async def acts() -> None:
        user = await case.user()
        await user.connect()
        if left:
            await left.pop(0)(str(user.id))
        (await user.call("getMe")).must_be_accepted()

    return acts


@pytest.fixture
def house(server: Reference) -> House:
    return House(server)


def test_a_ban_by_somebody_else_is_named_and_blames_nobody(house: House) -> None:
    with house:

        async def bans(user: str) -> None:
            await _ban(house, user)

        with pytest.raises(Inconclusive, match=r"the session of user-\d+ was ended, which nothing in this run did"):
            house.case.carry_out(attempts(house.case, bans))


def test_what_fails_once_more_is_blamed(house: House) -> None:
    with house:

        async def bans(user: str) -> None:
            await _ban(house, user)

        with pytest.raises(ContractViolation, match="getMe was not accepted"):
            house.case.carry_out(attempts(house.case, bans, bans))


def test_a_failure_without_a_sign_of_somebody_else_is_blamed_at_once(house: House) -> None:
    count = []

    async def acts() -> None:
        count.append(await house.case.user())
        raise ContractViolation("wrong")

    with house, pytest.raises(ContractViolation, match="wrong"):
        house.case.carry_out(acts)
    assert len(count) == 1


def test_what_somebody_else_caused_is_no_leak_of_the_run(house: House) -> None:
    with house:
        case = house.case

        async def acts() -> None:
            user = await case.user()
            line = await user.connect()
            await _ban(house, str(user.id))
            await line.hears("user.banned")

        case.carry_out(acts)
        assert list(checks.leaked(checks.Story(case.whole_run, case.known, case.rooms)))
        (note,) = case.leave()
        assert "somebody else acts on these users" in note
        assert not list(checks.leaked(checks.Story(case.whole_run, case.known, case.rooms)))


async def _ban(house: House, user: str) -> None:
    """By the other run's admin, in a loop of its own: its client belongs to that."""
    house.banned.append(user)
    await asyncio.to_thread(house.acts, "banUser", userId=user)


def test_the_target_is_believed_about_a_tier_and_not_the_credentials(house: House) -> None:
    with house:
        known = house.check_run.people.pool(USER).take()
        house.check_run.people.pool(USER).lose(known, "only looked at")
        assert known.identity.tier == "free"
        house.acts("updateUserTier", userId=known.id, tier="premium")
        house.check_run.perform(_session(known))
        assert known.tier == "premium"
        house.acts("updateUserTier", userId=known.id, tier="free")


async def _session(person: Any) -> None:
    await person.session()


def test_what_a_run_leaves_is_told_by_the_calls_that_nothing_undoes(house: House) -> None:
    with house:
        case = house.case

        async def acts() -> None:
            user = await case.user()
            for title in ("One", "Two"):
                (await case.admin.call("notifyUser", **_note(user.id, title))).must_succeed()
            await case.admin.call("updateUserTier", userId=user.id, tier="premium")
            await user.call("getMe")

        case.perform(acts())
        assert case.leave() == []
        assert house.check_run.left_behind() == [
            "what this run did and nothing undoes, by accepted calls: 2 notifyUser"
        ]


def _note(user: Any, title: str) -> dict[str, Any]:
    return {"userId": user, "title": title, "message": "x", "type": "general"}


def test_each_of_several_connections_is_named_that_lacks_what_the_others_have(house: House) -> None:
    with house:
        case = house.case

        async def acts() -> None:
            user, other = await case.users(2)
            lines = [await user.connect(), await other.connect()]
            lines[1].role = "device 2 of 2, an older session"
            await case.admin.call("updateUserTier", userId=user.id, tier="premium")
            with pytest.raises(ContractViolation) as raised:
                await on_each(lines, lambda line: line.hears("user.tier.updated", within=0.5), "heard it")
            assert str(raised.value) == (
                f"1 of 2 connections heard it; {lines[1].name} (device 2 of 2, an older session) did not"
            )
            assert raised.value.expected == "on each of them: user.tier.updated within 0.5 s"

        case.perform(acts())


def test_a_connection_of_which_nothing_is_known_did_not_do_it() -> None:
    async def wait(line: Any) -> str:
        if line == "lost":
            raise ContractViolation("it lacks it", expected="it", observed="nothing")
        if line == "silent":
            raise Inconclusive("nobody knows")
        return "heard"

    class Named(str):
        name = "x"

    async def acts() -> None:
        with pytest.raises(ContractViolation) as raised:
            await on_each([Named("first"), Named("lost"), Named("silent")], wait, "heard it")  # type: ignore[list-item]
        assert str(raised.value) == "1 of 3 connections heard it; lost did not; of silent nothing is known"

    asyncio.run(acts())
