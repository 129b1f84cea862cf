"""Who takes part in the swarm of any contract: what a profile may say of it, and what it may not."""

from pathlib import Path

import pytest

from eventproof import profile
from eventproof.errors import UsageError
from eventproof.population import Habit, Population
from eventproof.target import Target

CHAT = Path(__file__).parents[2] / "examples" / "chat"


def described(folder: Path, traffic: str) -> Target:
    """The profile of the chat, with this table in it."""
    (folder / "chat.yaml").write_text((CHAT / "chat.yaml").read_text())
    path = folder / "eventproof.toml"
    path.write_text(f"{(CHAT / 'eventproof.toml').read_text()}\n[traffic]\n{traffic}")
    return profile.load(path, env={"CHAT_PORT": "1"})


def test_nothing_has_to_be_said(tmp_path: Path) -> None:
    assert described(tmp_path, "").population == Population()


def test_a_profile_says_how_many_do_what_and_how_often(tmp_path: Path) -> None:
    said = described(
        tmp_path,
        'system = "chat"\nlisten = 0.5\nslow = 0.1\nsilent = 0.1\ncut = 0.1\ncut_every = "10s"\ncut_for = 1\n'
        'things = 3\nrates = { "message:post" = 20, "room:join" = 0.5 }\npeople = { user = 2 }\n',
    ).population
    assert said.rates == {"message:post": 20.0, "room:join": 0.5}
    assert said.people == {"user": 2}
    (first, rest), *others = said.habits()
    assert first is Habit.ACT
    assert rest == pytest.approx(0.2)
    assert others == [(Habit.LISTEN, 0.5), (Habit.SLOW, 0.1), (Habit.SILENT, 0.1), (Habit.CUT, 0.1)]
    assert (said.system, said.things, said.cut_every, said.cut_for) == ("chat", 3, 10.0, 1.0)


@pytest.mark.parametrize(
    ("traffic", "words"),
    [
        ("listen = 0.9\ncut = 0.2", r'"traffic.listen" and slow, silent and cut are more than 1 together'),
        ("slow = 1.5", r'"traffic.slow" must be a number from 0 to 1, not 1.5'),
        ("slow = true", r'"traffic.slow" must be a number'),
        ('rates = { "mesage:post" = 1 }', r'"traffic.rates.mesage:post" is no call.*did you mean "message:post"'),
        ('rates = { "message:post" = -1 }', r'"traffic.rates.message:post" must be a number from 0'),
        ("people = { admin = 1 }", r'"traffic.people.admin" asks for 1 people, and the profile gives 0 of that role'),
        ("people = { user = 9 }", r"asks for 9 people, and the profile gives 8"),
        ('system = "shield"', r'"traffic.system" names "shield", which is not under test'),
        ("listens = 0.1", r'unknown key "listens" in \[traffic\].*did you mean "listen"'),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(tmp_path: Path, traffic: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        described(tmp_path, traffic)


@pytest.mark.parametrize("traffic", ["listen = 0.9\ncut = 0.1", "slow = 1", "people = { user = 8 }"])
def test_what_just_can_be_is_taken(tmp_path: Path, traffic: str) -> None:
    assert described(tmp_path, traffic).population != Population()


def test_a_crowd_in_which_everybody_only_listens_has_nobody_who_acts(tmp_path: Path) -> None:
    assert described(tmp_path, "listen = 0.7\nslow = 0.2\ncut = 0.1").population.nobody_acts
    assert not described(tmp_path, "listen = 0.7\nslow = 0.2").population.nobody_acts
