from eventproof.history import Kind
from eventproof.report import lanes
from eventproof.report.records import Frame
from tests.report import samples


def test_each_actor_has_the_lane_of_its_first_appearance() -> None:
    line = lanes.time_line(samples.FRAMES)
    assert line.lanes == 4
    assert [row.lane for row in line.rows[:6]] == [0, 1, 2, 3, 0, 0]


def test_a_long_pause_is_told_and_a_short_one_is_not() -> None:
    pauses = [row.pause for row in lanes.time_line(samples.FRAMES).rows]
    assert [pause for pause in pauses if pause] == ["2 s later", "3 s later"]
    assert pauses[0] == ""


def test_more_actors_than_lanes_share_the_last_one() -> None:
    line = lanes.time_line([Frame(0.0, f"user-{number}", "note", "") for number in range(20)])
    assert line.lanes == lanes.LANES
    assert line.rows[-1].lane == lanes.LANES - 1


def test_every_kind_of_record_has_a_sign() -> None:
    line = lanes.time_line([Frame(0.0, "user-1", kind.value, "") for kind in Kind])
    assert "·" not in {row.sign for row in line.rows}


def test_no_frames_make_no_rows() -> None:
    assert lanes.time_line([]) == lanes.TimeLine((), 0)
