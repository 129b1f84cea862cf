"""Several scenarios side by side: who acts in each, whose identities they are, what is told apart in the account."""

from dataclasses import replace
from pathlib import Path

import pytest

from eventproof import profile
from eventproof.errors import UsageError
from eventproof.load.account import Incident, SwarmAccount
from eventproof.load.admission import admit, fingerprint, part_of, users_of
from eventproof.load.scenario import Scenario, appointed
from eventproof.load.share import ProcessShare
from eventproof.load.tally import Tally
from eventproof.target import Target

_STUDY = Scenario("studyspot", members="student", acting="library_owner", others=("staff",))
_BAN, _PLANS = Scenario("user-state"), Scenario("plan-sync")


@pytest.fixture
def target(tmp_path: Path) -> Target:
    path = tmp_path / "eventproof.toml"
    people = "".join(
        f'[[identities.people]]\nrole = "{role}"\nid = "{role}-{{n}}"\npassword = "p"\ncount = {count}\n'
        for role, count in (("student", 10), ("seller", 2))
    )
    path.write_text(
        'base_url = "http://127.0.0.1:1"\nsystems = ["user-state", "plan-sync", "studyspot", "marketplace"]\n'
        '[[identities.admins]]\ntoken = "a"\n'
        f'[[identities.users]]\nid = "{{n}}"\npassword = "p"\ncount = 10\n{people}'
    )
    return profile.load(path)


def test_in_every_scenario_somebody_acts() -> None:
    assert appointed(2, ["one"]) == {"one": 2}
    assert appointed(5, ["one", "two"]) == {"one": 3, "two": 2}
    assert appointed(2, ["one", "two", "three"]) == {"one": 1, "two": 1, "three": 1}
    alone = type("Alone", (), {"acts_alone": True})
    assert [appointed(asked, ["one", alone, "two"])[alone] for asked in (0, 1, 2, 9)] == [0, 1, 1, 1]
    assert appointed(9, ["one", alone, "two"]) == {"one": 4, alone: 1, "two": 4}
    assert appointed(9, [alone]) == {alone: 1}
    assert appointed(0, ["one", "two"]) == {"one": 0, "two": 0}
    assert appointed(sum(appointed(2, "abc").values()), "abc") == appointed(2, "abc")


def test_the_users_of_a_scenario_are_of_its_role(target: Target) -> None:
    with pytest.raises(UsageError, match=r'11 users need 11 identities of the role "student", and there are 10'):
        admit(target, 11, 0, 1, [_STUDY])
    admit(target, 10, 0, 1, [_STUDY])


def test_who_is_missing_to_act_is_named(target: Target) -> None:
    with pytest.raises(UsageError, match=r'needs somebody of the role "library_owner"; list them under'):
        admit(target, 10, 1, 1, [_STUDY])
    with pytest.raises(UsageError, match=r'needs somebody of the role "staff"; list them under'):
        admit(target, 10, 1, 1, [Scenario("marketplace", acting="seller", others=("staff",))])
    admit(target, 10, 1, 1, [Scenario("marketplace", acting="seller")])


def test_scenarios_share_the_identities_of_one_role_and_nobody_takes_part_in_two(target: Target) -> None:
    admit(target, 15, 0, 1, [_BAN, _PLANS, _STUDY])
    with pytest.raises(UsageError, match=r"12 users need 12 identities, and there are 10"):
        admit(target, 18, 0, 1, [_BAN, _PLANS, _STUDY])
    parts = [part_of(scenario, [_BAN, _STUDY, _PLANS]) for scenario in (_BAN, _STUDY, _PLANS)]
    assert parts == [ProcessShare(0, 2), ProcessShare(0, 1), ProcessShare(1, 2)]


def test_the_account_of_one_of_several_systems_names_it() -> None:
    account = SwarmAccount(tallies={"E": Tally(lost=1)}, incidents=(Incident(1.0, "u1", "E was lost"),), notes=("so",))
    named = account.of_system("shield")
    assert (list(named.tallies), named.incidents[0].who, named.notes) == (["shield/E"], "shield: u1", ("shield: so",))
    assert named.count("lost") == 1


def test_the_shares_of_all_processes_and_scenarios_are_everybody_and_each_once(target: Target) -> None:
    everybody = [
        name
        for index in range(3)
        for name in users_of(target, [_BAN, _PLANS], ProcessShare(index, 3), {"user-state": 99, "plan-sync": 99})
    ]
    assert sorted(everybody) == sorted(identity.name for identity in target.people("user"))


def test_of_a_process_those_are_named_who_had_come_in(target: Target) -> None:
    share = ProcessShare(1, 2)
    whole = users_of(target, [_BAN], share, {"user-state": 5})
    assert users_of(target, [_BAN], share, {"user-state": 2}) == whole[:2]
    assert users_of(target, [_BAN], share, {}) == ()


def test_a_profile_is_known_by_its_target_and_its_identities_in_their_order(target: Target) -> None:
    known = fingerprint(target, [_BAN, _STUDY])
    assert known == fingerprint(target, [_BAN, _STUDY])
    elsewhere = replace(target, base_url="http://127.0.0.1:2")
    fewer = replace(target, users=target.users[:-1])
    reordered = replace(target, users=target.users[::-1])
    assert len({known, *(fingerprint(other, [_BAN, _STUDY]) for other in (elsewhere, fewer, reordered))}) == 4
