from dataclasses import replace

import pytest

from eventproof import catalog, profile
from eventproof.catalog import ADMIN, USER, Wire
from eventproof.conform.check_run import CheckRun
from eventproof.conform.dialer import HandshakeOptions
from eventproof.errors import Inconclusive, UsageError
from eventproof.history import Kind
from eventproof.reference import Reference
from eventproof.target import CARRIED, SOCKET_IO, Endpoint, Identity, Transport


@pytest.mark.parametrize("theirs", ["usr_7f3c", "17", 17])
def test_an_id_that_nobody_has_is_of_the_kind_that_the_target_gives(server: Reference, theirs: str | int) -> None:
    check_run = CheckRun(profile.load(server.profile), catalog.load(), seed=1)
    try:
        case = check_run.case("a case")
        check_run.people.acting(ADMIN).id = theirs
        nobody = case.nobody(like=check_run.people.acting(ADMIN))
        assert type(nobody) is type(theirs)
        assert str(nobody).isdigit() == str(theirs).isdigit()
        assert nobody != theirs
    finally:
        check_run.close()


def test_the_own_channels_of_a_system_are_its_main_one_and_the_doors_that_its_contract_names(server: Reference) -> None:
    target = profile.load(server.profile)
    alien = Endpoint(Wire.SSE, "/v1/news", "/v1/news", CARRIED[Wire.SSE])
    own = next(further for further in target.other_channels or () if further.wire is Wire.WEBSOCKET)
    check_run = CheckRun(replace(target, other_channels=(alien, own)), catalog.load(), seed=1)
    try:
        assert check_run.case("a case", "user-state").own_channels == {"/", own.address}
        assert check_run.case("a case", "shield").own_channels == {"/shield/ws"}
    finally:
        check_run.close()


def test_a_case_ends_before_everybody_leaves(server: Reference) -> None:
    check_run = CheckRun(profile.load(server.profile), catalog.load(), seed=1)
    try:
        case = check_run.case("a case", "user-state")

        async def acts() -> None:
            await (await case.user()).connect()

        case.perform(acts())
        before = case.records
        assert case.leave() == []
        assert case.records == before
        assert any(record.kind is Kind.CLOSED for record in case.whole_run)
    finally:
        check_run.close()


@pytest.mark.parametrize("transport", SOCKET_IO)
def test_a_client_says_more_in_its_handshake_and_asks_for_its_namespace_later(
    server: Reference, transport: Transport
) -> None:
    check_run = CheckRun(profile.load(server.profile), catalog.load(), seed=1)
    try:
        case = check_run.case("a case", "user-state")

        async def acts() -> None:
            user = await case.user()
            says = HandshakeOptions(auth={"role": "admin"}, query={"role": "admin"}, headers={"X-Role": "admin"})
            line = user.connection(await user.session(), transport, says=says)
            await line.reach()
            assert not line.is_open
            await line.open()
            assert line.is_open
            with pytest.raises(UsageError, match="opens once"):
                await line.reach()

        case.perform(acts())
        assert case.leave() == []
    finally:
        check_run.close()


def test_who_gets_no_session_is_passed_over_and_an_emptied_pool_does_not_ask_for_more_users(server: Reference) -> None:
    target = profile.load(server.profile)
    locked_out = Identity("user", email="nobody@example.com", password="wrong")
    check_run = CheckRun(replace(target, users=(locked_out, target.users[0])), catalog.load(), seed=1)
    try:
        case = check_run.case("a case", "user-state")

        async def acts() -> None:
            assert (await case.user()).identity == target.users[0]
            assert len(check_run.people.pool(USER)) == 1
            for _ in range(2):
                with pytest.raises(Inconclusive, match="user-1 could not log in"):
                    await case.user()
            with pytest.raises(Inconclusive, match="1 of the 2 users of the profile take no further part"):
                await case.user()

        case.perform(acts())
        assert case.leave() == []
    finally:
        check_run.close()
