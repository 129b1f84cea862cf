"""Two systems on one namespace: one CONNECT, each event to its own system, nothing where only the other is meant."""

import json
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from eventproof import catalog, layout
from eventproof.errors import ContractError
from reference_server import app
from reference_server.limits import Limits
from reference_server.refusals import contracts
from tests.reference_server.delivery.line import greeted, message, tell
from tests.reference_server.house import House, Person, Socket, keep_house
from tests.reference_server.library import system
from tests.reference_server.library.system import CLOSED, returned, seat_free

SHARED = ("user-state", "library")
Keep = Callable[..., AbstractAsyncContextManager[House]]


@pytest.fixture
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The server knows the contracts of the library, and of an archive that has the same."""
    root = tmp_path / "contracts"
    shutil.copytree(layout.CONTRACTS, root)
    for name in ("library", "archive"):
        shutil.copytree(Path(__file__).parent / "contract", root / name)
        monkeypatch.setitem(app.SYSTEMS, name, system.served)
    prefix = root / "archive" / "requirements.yaml"
    prefix.write_text(prefix.read_text("utf-8").replace("LIB", "ARC"), "utf-8")
    loaded = catalog.load(root)
    monkeypatch.setattr(catalog, "load", lambda: loaded)
    contracts.cache_clear()
    yield
    contracts.cache_clear()


@pytest.fixture
def keep(tmp_path: Path, known: None) -> Keep:
    """Keep house with these systems."""

    @asynccontextmanager
    async def keep(*systems: str, **options: Any) -> AsyncIterator[House]:
        async with keep_house(tmp_path, systems=systems, **options) as house:
            yield house

    return keep


async def entered(house: House, person: Person) -> Socket:
    """A new connection to `/` that has heard the library's greeting."""
    socket = await house.socket(person)
    assert await socket.read() == '42["library:open",{"seats":3}]'
    return socket


async def asks(socket: Socket, name: str, argument: Any) -> Any:
    """What the acknowledgement of this event says."""
    await socket.send("427" + json.dumps([name, argument]))
    frame = await socket.read()
    assert frame.startswith("437["), frame
    return json.loads(frame.removeprefix("437"))


async def test_one_connect_hears_the_events_of_both_systems(keep: Keep) -> None:
    async with keep(*SHARED) as house:
        user = await house.person()
        socket = await entered(house, user)
        await house.tell("library", returned(user, "Walden"))
        assert await socket.read() == f'42["book:returned",{{"userId":"{user.id}","title":"Walden"}}]'
        await house.set_tier(user, "basic")
        assert (await socket.read()).startswith('42["user.tier.updated"')


async def test_who_joins_a_room_is_answered_and_hears_what_goes_there_until_they_leave(keep: Keep) -> None:
    async with keep(*SHARED) as house:
        user, other = await house.person(), await house.person()
        socket, witness = await entered(house, user), await entered(house, other)
        assert await asks(socket, "join:library", "lib_1") == [{"joined": "lib_1"}]
        assert await asks(socket, "join:library", "lib_1") == [{"joined": "lib_1"}], "joined again"
        assert (await house.call("POST", "/api/libraries/lib_1/seats", house.admin))[0] == 204
        assert await socket.read() == '42["seat:free",{"libraryId":"lib_1","seat":7}]'
        await house.tell("library", seat_free("lib_2", 1))
        assert await asks(socket, "leave:library", "lib_1") == []
        await house.tell("library", seat_free("lib_1", 8), returned(user, "Emma"), returned(other, "Emma"))
        for each in (socket, witness):
            assert (await each.read()).startswith('42["book:returned"')


async def test_a_room_is_left_with_the_connection(keep: Keep) -> None:
    async with keep(*SHARED) as house:
        user = await house.person()
        socket = await entered(house, user)
        await asks(socket, "join:library", "lib_1")
        await house.settles(connections=1, rooms=3)
        await socket.raw.close()
        await house.settles(connections=0, rooms=0)
        back = await entered(house, user)
        await house.tell("library", seat_free("lib_1", 7), returned(user, "Emma"))
        assert (await back.read()).startswith('42["book:returned"')


async def test_a_refused_event_is_told_so_in_its_acknowledgement_and_the_connection_stays(keep: Keep) -> None:
    async with keep(*SHARED) as house:
        socket = await entered(house, await house.person())
        (answer,) = await asks(socket, "join:library", CLOSED)
        assert answer == {"error": {"code": "forbidden", "message": "This library is closed to you: choose another."}}
        for name, argument in (("join:library", 42), ("join:library", "a/b"), ("nonsense", None)):
            (answer,) = await asks(socket, name, argument)
            assert answer["error"]["code"] == "INVALID_PAYLOAD"
            assert answer["error"]["message"].endswith(".")
        await socket.send('427["join:library"')
        assert (await socket.read()).startswith('437[{"error"')
        await socket.send('451-7["join:library",{"_placeholder":true,"num":0}]', b"x")
        assert (await socket.read()).startswith('437[{"error"')
        await socket.send('42["nonsense"]')
        assert await asks(socket, "join:library", "lib_1") == [{"joined": "lib_1"}], "unasked, nothing is said"


async def test_a_connection_joins_no_more_rooms_than_it_may(keep: Keep) -> None:
    async with keep(*SHARED, limits=Limits(max_rooms=3)) as house:
        socket = await entered(house, await house.person())
        assert await asks(socket, "join:library", "lib_1") == [{"joined": "lib_1"}]
        (answer,) = await asks(socket, "join:library", "lib_2")
        assert answer["error"]["message"] == "A connection may be in 3 rooms: leave one first."
        await asks(socket, "leave:library", "lib_1")
        assert await asks(socket, "join:library", "lib_2") == [{"joined": "lib_2"}]


async def test_neither_greeting_nor_heartbeat_nor_pace_is_that_of_another_systems_channel(keep: Keep) -> None:
    limits = Limits(ping_interval=0.1, by_system={"library": {"events_a_second": 2}})
    async with keep(*SHARED, "shield", limits=limits) as house:
        user = await house.person()
        socket, elsewhere, shield = (
            await entered(house, user),
            await house.socket(user, "/me"),
            await greeted(house, user),
        )
        assert await elsewhere.read() == "2"
        assert [await shield.read() for _ in range(2)] == ['42/shield/ws,["ping"]', "2"]
        assert [await socket.read() for _ in range(2)] == ['42["library:ping"]', "2"]
        await socket.send("3")
        for _ in range(3):
            await shield.send('42/shield/ws,7["pong"]')
            while (heard := await shield.read()) != "43/shield/ws,7[]":
                assert heard in ('42/shield/ws,["ping"]', "2")
        house.services.incoming.clock = lambda: 0.0
        for _ in range(3):
            await socket.send('427["library:pong"]')
        answers: list[str] = []
        while len(answers) < 3:
            answers += [frame] if (frame := await socket.read()).startswith("43") else []
        assert answers[:2] == ["437[]"] * 2
        assert '"RATE_LIMITED"' in answers[2]


async def test_what_was_missed_of_one_system_comes_where_that_system_is_and_nowhere_else(keep: Keep) -> None:
    async with keep(*SHARED, "shield") as house:
        user = await house.person()
        await house.tell("library", returned(user, "Walden"))
        await tell(house, message(user, claimId="clm_1"))
        await house.set_tier(user, "basic")
        shield = await greeted(house, user)
        assert "clm_1" in await shield.read()
        await tell(house, message(user, claimId="clm_2"))
        assert "clm_2" in await shield.read(), "and no book in between"
        socket = await entered(house, user)
        assert (await socket.read()).startswith('42["book:returned"')
        await house.set_tier(user, "premium")
        assert "Premium" in await socket.read(), "a tier is not told again"


async def test_what_arrived_of_one_system_proves_nothing_of_another(keep: Keep) -> None:
    async with keep(*SHARED, "shield", limits=Limits(ping_interval=0.2)) as house:
        user = await house.person()
        await tell(house, message(user, claimId="clm_1"))
        await house.tell("library", returned(user, "Walden"))
        socket = await entered(house, user)
        assert (await socket.read()).startswith('42["book:returned"')
        assert [await socket.read() for _ in range(2)] == ['42["library:ping"]', "2"]
        await socket.send("3")
        assert await asks(socket, "leave:library", "lib_1") == []
        shield = await greeted(house, user)
        assert "clm_1" in await shield.read()
        back = await entered(house, user)
        await house.tell("library", returned(user, "Emma"))
        while (heard := await back.read()) in ('42["library:ping"]', "2"):
            pass
        assert "Emma" in heard, "what was proved is not told again"


async def test_a_ban_comes_before_the_close_also_while_a_system_there_is_still_replaying(keep: Keep) -> None:
    async with keep(*SHARED) as house:
        user = await house.person()
        await house.tell("library", *[returned(user, f"Volume {number}") for number in range(5)])
        socket = await house.socket(user)
        await house.ban(user)
        frames, _ = await socket.rest()
        assert [frame[:16] for frame in frames[-2:]] == ['42["user.banned"', "41"]


async def test_two_systems_that_take_one_name_on_one_namespace_do_not_start(keep: Keep) -> None:
    with pytest.raises(ContractError) as refused:
        async with keep("library", "archive"):
            pass
    assert str(refused.value) == (
        "library and archive both take the event 'library:pong' on /: "
        "name it otherwise in one of them, or serve them apart (--systems)"
    )
