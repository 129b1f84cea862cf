from eventproof.load.rooms import EVERYONE, Rooms, of_role, of_user


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
