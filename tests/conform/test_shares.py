"""Which share of the trials runs: the next one with every commit, wherever the tests are, or the one asked for."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conform import shares

_CONFTEST = Path(__file__).parents[1] / "conftest.py"


def _git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.com")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder that holds the tests, for all that the module knows, and nobody asks for a share."""
    monkeypatch.delenv("EVENTPROOF_TRIALS", raising=False)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.setattr(shares, "__file__", str(tmp_path / "shares.py"))
    return tmp_path


def test_the_share_is_the_next_one_with_every_commit(folder: Path) -> None:
    _git(folder, "init", "-q")
    found = [shares.share()]
    for number in range(6):
        _git(folder, "commit", "-q", "--allow-empty", "-m", str(number))
        found.append(shares.share())
    assert found == [0, 1, 2, 3, 4, 0, 1]


def test_without_a_repository_it_is_the_first_share() -> None:
    assert shares.share() == 0


def test_without_git_it_is_the_first_share(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder))
    assert shares.share() == 0


@pytest.mark.parametrize(("asked", "share"), [("all", None), ("0", 0), ("4", 4)])
def test_whoever_asks_for_a_share_gets_it(asked: str, share: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENTPROOF_TRIALS", asked)
    assert shares.share() == share


@pytest.mark.parametrize("asked", ["5", "7", "-1", "", "every"])
def test_a_share_that_does_not_exist_is_refused_in_words(asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENTPROOF_TRIALS", asked)
    with pytest.raises(pytest.UsageError, match="EVENTPROOF_TRIALS is all, or the number of a share, 0 to 4: not"):
        shares.share()


def test_pytest_works_without_xdist(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("xdist", "xdist.remote", "xdist.scheduler"):
        monkeypatch.setitem(sys.modules, name, None)
    assert "pytest_xdist_make_scheduler" not in runpy.run_path(str(_CONFTEST))
