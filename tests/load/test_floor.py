from eventproof.load import floor


def test_the_floor_is_a_thousand_round_trips_of_an_echo() -> None:
    measured = floor.measure()
    assert measured.floor
    assert measured.count == 1000
    assert 0 < measured.p50 <= measured.p99 <= measured.maximum
