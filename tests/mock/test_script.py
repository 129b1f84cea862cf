"""What a mock says, and to whom."""

from typing import Any

import pytest

from eventproof import catalog
from eventproof.catalog import Event, System
from eventproof.mock.script import Cause, Hearer, Script


def event(script: Script, name: str) -> Event:
    (found,) = script.called(name)
    return found


def hearer(script: Script, *payloads: Any) -> Hearer:
    """A client of the main channel that joined rooms with these payloads."""
    channel = script.system.channels[0]
    client = Hearer(channel)
    for payload in payloads:
        client.follow(script.heard(channel, "room:join", payload, 0))
    return client


def test_what_a_client_sends_is_acknowledged_with_a_yes_and_causes_what_the_contract_says(chat: System) -> None:
    script = Script(chat)
    heard = script.heard(chat.channels[0], "message:post", {"roomId": "lobby", "text": "hi"}, 0)
    assert heard.wrong == ""
    assert heard.arguments is not None
    assert heard.arguments[0]["ok"] is True
    assert [caused.name for caused in heard.caused] == ["message:new"]
    assert heard.known["text"] == "hi"


def test_what_the_contract_refuses_is_refused_with_the_reason_and_causes_nothing(chat: System) -> None:
    heard = Script(chat).heard(chat.channels[0], "message:post", {"roomId": "lobby", "text": 7}, 0)
    assert heard.wrong == "at /text expected string, found 7"
    assert heard.arguments == ({**heard.arguments[0], "ok": False, "error": heard.wrong},)  # type: ignore[index]
    assert heard.caused == ()


def test_an_event_that_no_client_sends_is_told_with_the_nearest_name(chat: System) -> None:
    heard = Script(chat).heard(chat.channels[0], "message:pots", {}, 0)
    assert 'did you mean "message:post"?' in heard.wrong
    assert heard.arguments is None


def test_a_reply_that_is_an_event_repeats_what_it_answers_and_is_told_once(echo: System) -> None:
    heard = Script(echo).heard(echo.channels[0], "shout", {"type": "shout", "id": 3, "text": "hello"}, 0)
    assert heard.reply is not None
    assert (heard.reply[0].name, heard.reply[1]) == ("echoed", {"type": "echoed", "id": 3, "text": "hello"})
    assert heard.caused == ()


def test_what_is_no_json_is_told_by_what_it_lacks(echo: System) -> None:
    heard = Script(echo).heard(echo.channels[0], "message", "garbage", 0)
    assert heard.wrong == "it is no JSON with a name at /type; clients send shout there"


def test_those_in_a_room_hear_of_it_and_nobody_else(chat: System) -> None:
    script = Script(chat)
    said, cause = event(script, "message:new"), Cause("message:post", Hearer(chat.channels[0]), {"roomId": "lobby"})
    assert script.knows(said, hearer(script, {"roomId": "lobby"}), cause) == {"roomId": "lobby"}
    assert script.knows(said, hearer(script, {"roomId": "garden"}), cause) is None


def test_what_nobody_caused_is_about_the_room_that_a_client_joined_last(chat: System) -> None:
    script = Script(chat)
    said = event(script, "message:new")
    both = hearer(script, {"roomId": "lobby"}, {"roomId": "garden"})
    assert script.knows(said, both, Cause()) == {"roomId": "garden"}
    assert script.knows(said, hearer(script), Cause()) is None


def test_a_client_is_in_a_bounded_number_of_rooms(chat: System) -> None:
    script = Script(chat)
    client = hearer(script, *({"roomId": f"room {number}"} for number in range(150)))
    assert len(client.rooms) == 100
    assert "room:room 149" in client.rooms
    assert "room:room 0" not in client.rooms


def test_what_answers_one_connection_is_for_it_alone(echo: System) -> None:
    script = Script(echo)
    sender, other = Hearer(echo.channels[0]), Hearer(echo.channels[0])
    cause = Cause("shout", sender, {"text": "hello"})
    assert script.knows(event(script, "echoed"), sender, cause) == {"text": "hello"}
    assert script.knows(event(script, "echoed"), other, cause) is None
    assert script.knows(event(script, "echoed"), other, Cause()) == {}


def test_a_stream_about_one_thing_hears_of_it_alone() -> None:
    script = Script(catalog.load().system("plan-sync"))
    of_plan = script.system.channels[1]
    watcher = Hearer(of_plan, {"planId": "pln_1"})
    (updated,) = (each for each in script.called("UPDATE") if of_plan in each.channels)
    assert script.knows(updated, watcher, Cause(known={"planId": "pln_1"})) == {"planId": "pln_1"}
    assert script.knows(updated, watcher, Cause(known={"planId": "pln_2"})) is None


@pytest.mark.parametrize("name", ["user-state", "shield", "plan-sync", "studyspot", "marketplace"])
def test_something_can_be_said_of_every_event_of_a_bundled_system(name: str) -> None:
    script = Script(catalog.load().system(name))
    assert script.unsayable == ()
    greetings = {channel.greeting for channel in script.system.channels}
    assert script.unasked
    assert not greetings & {each.name for each in script.unasked}
