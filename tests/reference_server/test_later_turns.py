"""What is sent where a turn is over goes out in a later one: no order changes."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from reference_server.delivery.message import Message
from reference_server.delivery.rooms import of_user
from reference_server.turns import Turns
from tests.reference_server.house import Person, keep_house

COUNT = 20


def _told(user: Person) -> list[Message]:
    return [Message("user.tier.updated", {"message": str(number)}, of_user(user.id)) for number in range(COUNT)]


@pytest.mark.parametrize("over", [False, True])
async def test_each_connection_hears_all_in_its_order_and_then_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, over: bool
) -> None:
    async with keep_house(tmp_path) as house:
        user, put_off = await house.person(), []
        sockets = [await house.socket(user) for _ in range(3)]
        later = Turns.later

        def note(turns: Turns, work: Callable[[], None], *, goes_on: bool = False) -> None:
            put_off.append(work)
            later(turns, work, goes_on=goes_on)

        async with (
            house.http.get(f"{house.url}/api/me/stream", headers=user.headers) as stream,
            house.http.ws_connect(f"{house.url}/api/me/ws", headers=user.headers) as native,
        ):
            monkeypatch.setattr(Turns, "later", note)
            monkeypatch.setattr(Turns, "over", lambda _: over)
            await house.tell("user-state", *_told(user))
            await house.ban(user)
            numbers = [str(number) for number in range(COUNT)]
            for socket in sockets:
                frames, _ = await socket.rest()
                *told, banned, end = frames
                assert [json.loads(frame[2:])[1]["message"] for frame in told] == numbers
                assert ("user.banned" in banned, end) == (True, "41")
            said = [json.loads(message.data) async for message in native]
            assert [event["data"]["message"] for event in said[:-1]] == numbers
            assert said[-1]["event"] == "user.banned"
            blocks = (await stream.text()).strip().split("\n\n")[1:]
            assert [json.loads(block.split("data: ")[1])["message"] for block in blocks[:-1]] == numbers
            assert "user.banned" in blocks[-1]
        assert bool(put_off) is over
