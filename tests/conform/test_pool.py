"""Who is lent: nobody is lost by a moment's outage, and a pool that was emptied is not one that was too small."""

from dataclasses import replace

import pytest

from eventproof import catalog, profile
from eventproof.catalog import USER
from eventproof.conform.check_run import CheckRun
from eventproof.conform.person import Person
from eventproof.conform.pool import Pool
from eventproof.conform.verdicts import NotTestable
from eventproof.errors import Inconclusive
from eventproof.target import Identity


@pytest.fixture
def people() -> list[Person]:
    users = tuple(Identity("user", id=f"u{number}", email=f"{number}@example", password="p") for number in range(3))
    target = replace(
        profile.for_url("http://127.0.0.1:8080", {}), admins=(Identity("admin", id="a", token="t"),), users=users
    )
    check_run = CheckRun(target, catalog.load(), seed=1)
    check_run.close()
    return [check_run.people.pool(USER).take() for _ in users]


def test_a_pool_that_is_too_small_asks_for_more_users(people: list[Person]) -> None:
    pool = Pool(people[:1])
    pool.take()
    with pytest.raises(NotTestable, match=r"gives 1 users.*add to \[\[identities\.users\]\]"):
        pool.take()


def test_a_pool_that_was_emptied_proves_nothing_and_says_who_is_gone(people: list[Person]) -> None:
    pool = Pool(people[:2])
    pool.take()
    pool.lose(pool.take(), "the login was answered 503")
    with pytest.raises(Inconclusive, match=rf"1 of the 2 users.*{people[1].name}: the login was answered 503"):
        pool.take()


def test_who_could_get_no_session_comes_again_but_not_for_ever(people: list[Person]) -> None:
    pool = Pool(people[:1])
    for _ in range(2):
        pool.postpone(pool.take(), "503")
    assert pool.take() is people[0]
    pool.postpone(people[0], "503")
    with pytest.raises(Inconclusive, match="503"):
        pool.take()


def test_the_reserve_is_lent_once_all_others_are_out(people: list[Person]) -> None:
    pool = Pool(people[:1], people[1:])
    assert len(pool) == 3
    assert [pool.take(), pool.take(), pool.take()] == people


def test_users_of_earlier_cases_come_back_by_name(people: list[Person]) -> None:
    pool = Pool(people)
    assert pool.take_again({people[0].name, people[2].name, "user-77"}, 2) == [people[2], people[0]]
    assert pool.take() is people[1]
