"""Somebody else acts on the users of a run: that is named, and blamed on no server; what fails every time is blamed."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from eventproof import catalog, checks, profile
from eventproof.conform.each import on_each
from eventproof.conform.stage import Stage
from eventproof.conform.troupe import Troupe
from eventproof.errors import ContractViolation, Inconclusive
from eventproof.reference import Reference


class House:
    """The stage of one run, and the admin of another one who acts on the same users."""

    def __init__(self, server: Reference) -> None:
        target = profile.load(server.profile)
        self.troupe, self.other = (Troupe(target, catalog.load(), seed=1) for _ in range(2))
        self.stage = self.troupe.stage("a case", "user-state")
        self.banned: list[str] = []

    def __enter__(self) -> "House":
        return self

    def __exit__(self, *_: object) -> None:
        left = self.stage.leave()
        for user in self.banned:
            self.acts("unbanUser", userId=user)
        self.troupe.close()
        self.other.close()
        assert all("somebody else acts on these users" in note for note in left)

    def acts(self, operation: str, **parameters: Any) -> None:
        """What the other run does, at once and to its end."""
        self.other.perform(self._call(operation, parameters))

    async def _call(self, operation: str, parameters: dict[str, Any]) -> None:
        (await self.other.admin.call(operation, **parameters)).must_succeed()


Case = Callable[[], Coroutine[Any, Any, None]]


def attempts(stage: Stage, *acts: Callable[[str], Coroutine[Any, Any, None]]) -> Case:
    """A case whose user must keep the session; one after another, each attempt is disturbed by one of these acts."""
    left = list(acts)

    async def case() -> None:
        user = await stage.user()
        await user.connect()
        if left:
            await left.pop(0)(str(user.id))
        (await user.call("getMe")).must_be_accepted()

    return case


@pytest.fixture
def house(server: Reference) -> House:
    return House(server)


def test_a_ban_by_somebody_else_is_named_and_blames_nobody(house: House) -> None:
    with house:

        async def bans(user: str) -> None:
            await _ban(house, user)

        with pytest.raises(Inconclusive, match=r"the session of user-\d+ was ended, which nothing in this run did"):
            house.stage.play_out(attempts(house.stage, bans))


def test_what_fails_once_more_is_blamed(house: House) -> None:
    with house:

        async def bans(user: str) -> None:
            await _ban(house, user)

        with pytest.raises(ContractViolation, match="getMe was not accepted"):
            house.stage.play_out(attempts(house.stage, bans, bans))


def test_a_failure_without_a_sign_of_somebody_else_is_blamed_at_once(house: House) -> None:
    count = []

    async def case() -> None:
        count.append(await house.stage.user())
        raise ContractViolation("wrong")

    with house, pytest.raises(ContractViolation, match="wrong"):
        house.stage.play_out(case)
    assert len(count) == 1


def test_what_somebody_else_caused_is_no_leak_of_the_run(house: House) -> None:
    with house:
        stage = house.stage

        async def case() -> None:
            user = await stage.user()
            line = await user.connect()
            await _ban(house, str(user.id))
            await line.hears("user.banned")

        stage.play_out(case)
        assert list(checks.leaked(checks.Story(stage.whole_run, stage.known, stage.rooms)))
        (note,) = stage.leave()
        assert "somebody else acts on these users" in note
        assert not list(checks.leaked(checks.Story(stage.whole_run, stage.known, stage.rooms)))


async def _ban(house: House, user: str) -> None:
    """By the other run's admin, in a loop of its own: its client belongs to that."""
    house.banned.append(user)
    await asyncio.to_thread(house.acts, "banUser", userId=user)


def test_the_target_is_believed_about_a_tier_and_not_the_credentials(house: House) -> None:
    with house:
        known = house.troupe.pool.take()
        house.troupe.pool.lose(known, "only looked at")
        assert known.identity.tier == "free"
        house.acts("updateUserTier", userId=known.id, tier="premium")
        house.troupe.perform(_session(known))
        assert known.tier == "premium"
        house.acts("updateUserTier", userId=known.id, tier="free")


async def _session(person: Any) -> None:
    await person.session()


def test_what_a_run_leaves_is_told_by_the_calls_that_nothing_undoes(house: House) -> None:
    with house:
        stage = house.stage

        async def play() -> None:
            user = await stage.user()
            for title in ("One", "Two"):
                (await stage.admin.call("notifyUser", **_note(user.id, title))).must_succeed()
            await stage.admin.call("updateUserTier", userId=user.id, tier="premium")
            await user.call("getMe")

        stage.perform(play())
        assert stage.leave() == []
        assert house.troupe.left_behind() == ["what this run did and nothing undoes, by accepted calls: 2 notifyUser"]


def _note(user: Any, title: str) -> dict[str, Any]:
    return {"userId": user, "title": title, "message": "x", "type": "general"}


def test_each_of_several_connections_is_named_that_lacks_what_the_others_have(house: House) -> None:
    with house:
        stage = house.stage

        async def play() -> None:
            user, other = await stage.users(2)
            lines = [await user.connect(), await other.connect()]
            lines[1].role = "device 2 of 2, an older session"
            await stage.admin.call("updateUserTier", userId=user.id, tier="premium")
            with pytest.raises(ContractViolation) as raised:
                await on_each(lines, lambda line: line.hears("user.tier.updated", within=0.5), "heard it")
            assert str(raised.value) == (
                f"1 of 2 connections heard it; {lines[1].name} (device 2 of 2, an older session) did not"
            )
            assert raised.value.expected == "on each of them: user.tier.updated within 0.5 s"

        stage.perform(play())


def test_a_connection_of_which_nothing_is_known_did_not_do_it() -> None:
    async def wait(line: Any) -> str:
        if line == "lost":
            raise ContractViolation("it lacks it", expected="it", observed="nothing")
        if line == "silent":
            raise Inconclusive("nobody knows")
        return "heard"

    class Named(str):
        name = "x"

    async def play() -> None:
        with pytest.raises(ContractViolation) as raised:
            await on_each([Named("first"), Named("lost"), Named("silent")], wait, "heard it")  # type: ignore[list-item]
        assert str(raised.value) == "1 of 3 connections heard it; lost did not; of silent nothing is known"

    asyncio.run(play())
