from eventproof.catalog import EVERYONE, of_role, of_user
from eventproof.load.rooms import Rooms


def test_a_device_is_told_what_any_of_its_rooms_is_told_and_once() -> None:
    rooms: Rooms[str] = Rooms()
    rooms.join("phone", (of_user(1), of_role("user"), EVERYONE))
    rooms.join("laptop", (of_user(2), of_role("user"), EVERYONE))
    assert rooms.of({of_user(1)}) == ("phone",)
    assert rooms.of({EVERYONE, of_role("user"), of_user(2)}) == ("phone", "laptop")
    assert rooms.of({of_role("admin")}) == ()


def test_a_room_that_is_left_is_told_no_more_and_takes_no_memory() -> None:
    rooms: Rooms[str] = Rooms()
    rooms.join("phone", ("session:1", EVERYONE))
    rooms.leave("phone", ("session:1", "session:2"))
    assert (rooms.of({"session:1"}), rooms.of({EVERYONE})) == ((), ("phone",))
    rooms.leave("phone")
    rooms.leave("phone")
    assert rooms.of({EVERYONE}) == ()
    assert not rooms._devices
    assert not rooms._rooms


def test_between_a_request_and_its_answer_nobody_knows_whether_somebody_is_in_the_room() -> None:
    rooms: Rooms[str] = Rooms()
    rooms.ask("phone", "room:1", at=10)
    assert not rooms.told({"room:1"}, since=11)["phone"].is_certain
    rooms.join("phone", ("room:1",), at=12)
    assert not rooms.told({"room:1"}, since=11)["phone"].is_certain, "what was caused before may have missed them"
    assert rooms.told({"room:1"}, since=12)["phone"].is_certain


def test_who_asked_to_leave_may_still_be_told_until_the_answer_and_nothing_after_it() -> None:
    rooms: Rooms[str] = Rooms()
    rooms.ask("phone", "room:1", at=1)
    rooms.join("phone", ("room:1",), at=2)
    stay = rooms.ask_to_leave("phone", "room:1", at=10)
    assert stay is not None
    assert not rooms.told({"room:1"}, since=5)["phone"].is_certain
    rooms.leave("phone", ("room:1",), at=11)
    assert rooms.told({"room:1"}, since=5)["phone"].stay is stay
    assert stay.left == 11
    assert rooms.told({"room:1"}, since=12) == {}


def test_a_connection_that_is_lost_takes_its_rooms_with_it_and_says_nothing_of_what_was_on_its_way() -> None:
    rooms: Rooms[str] = Rooms()
    rooms.join("phone", ("user:1",))
    rooms.join("phone", ("room:1",), at=2)
    rooms.lose("phone", ("room:1", "room:2"), at=10)
    assert (rooms.of({"room:1"}), rooms.of({"user:1"})) == ((), ("phone",))
    presence = rooms.told({"room:1"}, since=9)["phone"]
    assert presence.stay is not None
    assert presence.stay.left > 10
    assert rooms.told({"room:1"}, since=11) == {}


def test_nobody_leaves_by_request_a_room_that_is_theirs_from_the_beginning() -> None:
    rooms: Rooms[str] = Rooms()
    rooms.join("phone", ("user:1",))
    assert rooms.ask_to_leave("phone", "user:1", at=5) is None
    assert rooms.told({"user:1"}, since=6)["phone"] == (True, None)


def test_of_two_rooms_the_one_counts_where_somebody_is_more_surely() -> None:
    rooms: Rooms[str] = Rooms()
    rooms.join("phone", ("user:1",))
    rooms.ask("phone", "room:1", at=5)
    assert rooms.told({"room:1", "user:1"}, since=6)["phone"] == (True, None)


def test_a_user_is_in_a_room_by_a_call_on_every_device_there_is_and_will_be() -> None:
    rooms: Rooms[str] = Rooms()
    rooms.join("phone", ("user:1",))
    rooms.join_user(1, "room:desk", asked=3, at=4)
    rooms.join("laptop", ("user:1",))
    assert rooms.of({"room:desk"}) == ("phone", "laptop")
    assert not rooms.told({"room:desk"}, since=3.5)["phone"].is_certain
    assert rooms.told({"room:desk"}, since=4)["laptop"].is_certain
    rooms.leave_user(1, "room:desk", asked=6, at=9)
    assert not rooms.told({"room:desk"}, since=5)["phone"].is_certain
    assert rooms.told({"room:desk"}, since=10) == {}
