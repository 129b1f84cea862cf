"""When the garbage collector looks at everything."""

import gc
from collections.abc import Iterator

import pytest

from eventproof import garbage


@pytest.fixture(autouse=True)
def thresholds() -> Iterator[None]:
    kept = gc.get_threshold()
    yield
    gc.set_threshold(*kept)


def test_what_lives_is_kept_and_looked_through_no_more() -> None:
    mine: list[list[int]] = [[] for _ in range(100)]
    known = gc.get_freeze_count()
    garbage.keep()
    assert gc.get_freeze_count() >= known + len(mine)
    assert gc.get_count()[2] == 0


def test_a_process_that_only_serves_has_full_collections_hardly_ever() -> None:
    young, middle, old = gc.get_threshold()
    garbage.look_rarely()
    assert gc.get_threshold()[:2] == (young, middle)
    assert gc.get_threshold()[2] > 10 * old
