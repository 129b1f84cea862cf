from time import monotonic

from eventproof.load.floor import FLOOR, Floor
from eventproof.load.greenlets import sleep


def test_the_floor_is_asked_of_an_echo_as_long_as_the_run_lasts() -> None:
    floor, end = Floor(period=0), monotonic() + 60
    try:
        while len(floor.samples) < 50 and monotonic() < end:
            sleep(0.01)
    finally:
        floor.stop()
    measured = floor.account()
    assert measured.notes == ()
    samples = measured.samples(FLOOR)
    assert len(samples) >= 50
    assert 0 < samples.minimum <= samples.maximum


def test_an_echo_that_ends_is_told() -> None:
    floor, end = Floor(period=0), monotonic() + 60
    try:
        while not len(floor.samples) and monotonic() < end:
            sleep(0.01)
        floor._echo.kill()
        while not floor.account().notes and monotonic() < end:
            sleep(0.01)
    finally:
        floor.stop()
    (note,) = floor.account().notes
    assert note.startswith("the floor could not be measured: ")
