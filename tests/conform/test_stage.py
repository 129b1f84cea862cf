from dataclasses import replace

import pytest

from eventproof import catalog, profile
from eventproof.catalog import Wire
from eventproof.conform.doors import Handshake
from eventproof.conform.troupe import Troupe
from eventproof.errors import Inconclusive, UsageError
from eventproof.history import Kind
from eventproof.reference import Reference
from eventproof.target import CARRIED, SOCKET_IO, Endpoint, Identity, Transport


@pytest.mark.parametrize("theirs", ["usr_7f3c", "17", 17])
def test_an_id_that_nobody_has_is_of_the_kind_that_the_target_gives(server: Reference, theirs: str | int) -> None:
    troupe = Troupe(profile.load(server.profile), catalog.load(), seed=1)
    try:
        stage = troupe.stage("a case")
        troupe.admin.id = theirs
        nobody = stage.nobody(like=troupe.admin)
        assert type(nobody) is type(theirs)
        assert str(nobody).isdigit() == str(theirs).isdigit()
        assert nobody != theirs
    finally:
        troupe.close()


def test_the_own_channels_of_a_system_are_its_main_one_and_the_doors_that_its_contract_names(server: Reference) -> None:
    target = profile.load(server.profile)
    alien = Endpoint(Wire.SSE, "/v1/news", "/v1/news", CARRIED[Wire.SSE])
    own = next(door for door in target.other_channels or () if door.wire is Wire.WEBSOCKET)
    troupe = Troupe(replace(target, other_channels=(alien, own)), catalog.load(), seed=1)
    try:
        assert troupe.stage("a case", "user-state").own_channels == {"/", own.address}
        assert troupe.stage("a case", "shield").own_channels == {"/shield/ws"}
    finally:
        troupe.close()


def test_a_case_ends_before_everybody_leaves(server: Reference) -> None:
    troupe = Troupe(profile.load(server.profile), catalog.load(), seed=1)
    try:
        stage = troupe.stage("a case", "user-state")

        async def play() -> None:
            await (await stage.user()).connect()

        stage.perform(play())
        before = stage.records
        assert stage.leave() == []
        assert stage.records == before
        assert any(record.kind is Kind.CLOSED for record in stage.whole_run)
    finally:
        troupe.close()


@pytest.mark.parametrize("transport", SOCKET_IO)
def test_a_client_says_more_in_its_handshake_and_asks_for_its_namespace_later(
    server: Reference, transport: Transport
) -> None:
    troupe = Troupe(profile.load(server.profile), catalog.load(), seed=1)
    try:
        stage = troupe.stage("a case", "user-state")

        async def play() -> None:
            user = await stage.user()
            says = Handshake(auth={"role": "admin"}, query={"role": "admin"}, headers={"X-Role": "admin"})
            line = user.knock(await user.session(), transport, says=says)
            await line.reach()
            assert not line.is_open
            await line.open()
            assert line.is_open
            with pytest.raises(UsageError, match="opens once"):
                await line.reach()

        stage.perform(play())
        assert stage.leave() == []
    finally:
        troupe.close()


def test_who_gets_no_session_is_passed_over_and_an_emptied_pool_does_not_ask_for_more_users(server: Reference) -> None:
    target = profile.load(server.profile)
    locked_out = Identity("user", email="nobody@example.com", password="wrong")
    troupe = Troupe(replace(target, users=(locked_out, target.users[0])), catalog.load(), seed=1)
    try:
        stage = troupe.stage("a case", "user-state")

        async def play() -> None:
            assert (await stage.user()).identity == target.users[0]
            assert len(troupe.pool) == 1
            for _ in range(2):
                with pytest.raises(Inconclusive, match="user-1 could not log in"):
                    await stage.user()
            with pytest.raises(Inconclusive, match="1 of the 2 users of the profile play no further part"):
                await stage.user()

        stage.perform(play())
        assert stage.leave() == []
    finally:
        troupe.close()
