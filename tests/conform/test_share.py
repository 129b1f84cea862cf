"""Two runs at the same time take different users of one target, where there are enough."""

from uuid import uuid4

import pytest

from eventproof.conform.share import Share

PEOPLE = range(200)


@pytest.fixture
def url() -> str:
    return f"http://127.0.0.1:1/{uuid4()}"


def test_two_runs_with_one_seed_take_different_users(url: str) -> None:
    first, second = Share(url, 7), Share(url, 7)
    mine, reserve = first.of(PEOPLE)
    theirs, _ = second.of(PEOPLE)
    assert not set(mine) & set(theirs)
    assert sorted([*mine, *reserve]) == list(PEOPLE)
    first.release()
    second.release()


def test_the_same_seed_takes_the_same_users_again(url: str) -> None:
    taken = []
    for _ in range(2):
        share = Share(url, 7)
        taken.append(share.of(PEOPLE))
        share.release()
    assert taken[0] == taken[1]


def test_a_small_pool_is_not_shared(url: str) -> None:
    share = Share(url, 7)
    assert share.of(PEOPLE[:79]) == (PEOPLE[:79], ())
    share.release()
