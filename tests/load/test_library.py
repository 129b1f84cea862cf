from datetime import UTC, datetime

from loadtests.studyspot.library import RushedLibrary

_NOW = datetime(2026, 3, 14, 9, 26, tzinfo=UTC)


def test_no_seat_is_given_out_twice_at_one_time() -> None:
    library = RushedLibrary("l1", ["s1", "s2"], _NOW)
    taken = []
    for _ in range(4):
        asked = library.take()
        taken.append((asked["seatId"], asked["startsAt"]))
        library.give_back(asked["seatId"])
    assert len(set(taken)) == 4
    assert taken[0] == ("s1", "2026-03-16T00:00:00Z")
    assert taken[2] == ("s1", "2026-03-16T00:15:00Z")


def test_a_seat_in_use_is_not_given_out() -> None:
    library = RushedLibrary("l1", ["s1"], _NOW)
    asked = library.take()
    assert (library.has_seat, asked["endsAt"]) == (False, "2026-03-16T00:15:00Z")
    library.give_back("s1")
    assert library.has_seat


def test_a_seat_may_be_wanted_again_at_another_time_without_being_given_back() -> None:
    library = RushedLibrary("l1", ["s1"], _NOW)
    assert [library.another()["startsAt"] for _ in range(2)] == ["2026-03-16T00:00:00Z", "2026-03-16T00:15:00Z"]
    assert library.has_seat
