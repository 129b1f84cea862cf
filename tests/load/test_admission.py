from collections.abc import Callable
from pathlib import Path

import pytest

from eventproof import profile
from eventproof.errors import UsageError
from eventproof.load.admission import admit
from eventproof.load.scenario import Scenario
from eventproof.load.share import ProcessShare
from eventproof.target import Target, is_loopback

MakeTarget = Callable[..., Target]
_ONE = [Scenario("user-state")]


@pytest.fixture
def target(tmp_path: Path) -> MakeTarget:
    def make(url: str = "http://127.0.0.1:8080", users: int = 10, admins: int = 1, more: str = "") -> Target:
        path = tmp_path / "eventproof.toml"
        admin = '[[identities.admins]]\ntoken = "a"\n' * admins
        members = f'[[identities.users]]\nid = "{{n}}"\npassword = "t"\ncount = {users}\n' if users else ""
        path.write_text(f'base_url = "{url}"\nsystems = ["user-state"]\n{more}\n{admin}{members}')
        return profile.load(path)

    return make


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://127.8.9.1", "http://localhost:80", "https://[::1]:8443"])
def test_loopback_is_this_machine(url: str) -> None:
    assert is_loopback(url)


@pytest.mark.parametrize("url", ["http://10.0.0.1", "https://example.com", "http://127.0.0.1.example.com"])
def test_everything_else_is_not(url: str) -> None:
    assert not is_loopback(url)


def test_a_swarm_against_another_machine_needs_the_profiles_permission(target: MakeTarget) -> None:
    with pytest.raises(UsageError, match="allow_load = true"):
        admit(target("http://10.0.0.1"), 5, 1, 1, _ONE)
    admit(target("http://10.0.0.1", more="allow_load = true"), 5, 1, 1, _ONE)


def test_calls_that_leave_this_machine_need_it_too(target: MakeTarget) -> None:
    with pytest.raises(UsageError, match="allow_load = true"):
        admit(target(more='[rest]\nurl = "https://api.example.com"'), 5, 1, 1, _ONE)


def test_admins_do_not_count_as_users(target: MakeTarget) -> None:
    admit(target(users=10), 12, 2, 1, _ONE)


def test_too_few_identities_are_refused_with_the_way_to_more(target: MakeTarget) -> None:
    with pytest.raises(UsageError, match=r"11 users need 11 identities, and there are 10.*--seed N"):
        admit(target(users=10), 13, 2, 1, _ONE)


def test_several_processes_need_a_few_identities_more(target: MakeTarget) -> None:
    admit(target(users=12), 12, 2, 2, _ONE)
    with pytest.raises(UsageError, match="over 2 processes need 12 identities"):
        admit(target(users=11), 12, 2, 2, _ONE)


def test_a_swarm_without_an_admin_to_act_is_refused(target: MakeTarget) -> None:
    with pytest.raises(UsageError, match="needs an admin"):
        admit(target(admins=0), 5, 1, 1, _ONE)
    admit(target(admins=0), 5, 0, 1, _ONE)


@pytest.mark.parametrize("processes", [1, 2, 3, 7])
def test_shares_have_no_identity_in_common_and_leave_none_out(processes: int) -> None:
    shares = [ProcessShare(index, processes).cut(range(20)) for index in range(processes)]
    assert sorted(number for share in shares for number in share) == list(range(20))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


@pytest.mark.parametrize("processes", [2, 3, 5])
@pytest.mark.parametrize("admins", [0, 1, 2, 4])
def test_what_is_admitted_suffices_however_locust_spreads_the_users(processes: int, admins: int) -> None:
    """Locust gives every worker as many users as the others, or one more, and the admins to the first ones."""
    members = 30
    needed = (-(-members // processes) + 1) * processes
    for index in range(processes):
        users = (members + admins) // processes + (index < (members + admins) % processes)
        own_admins = admins // processes + (index < admins % processes)
        assert len(ProcessShare(index, processes).cut(range(needed))) >= users - own_admins
