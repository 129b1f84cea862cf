import subprocess
import sys
from pathlib import Path

import pytest

from eventproof.errors import UsageError
from eventproof.load.run import scenario_of, scenarios, swarm


def test_every_scenario_is_listed_with_what_it_is_about() -> None:
    assert "ban_storm" in [one.name for one in scenarios()]
    assert all(one.about.endswith(".") and one.objectives for one in scenarios())


def test_an_unknown_scenario_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no scenario ban_strom; there are .*ban_storm"):
        swarm("ban_strom", "http://127.0.0.1:1", 1, 1, 1, results=tmp_path / "results")
    assert not (tmp_path / "results").exists()


def test_a_locustfile_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text("plugin.objectives(")
    with pytest.raises(UsageError, match=r"mine\.py cannot be read as Python: "):
        scenario_of(str(path))


def test_starting_a_swarm_needs_neither_gevent_nor_locust() -> None:
    code = "import sys; before = set(sys.modules); import eventproof.load.run; print(*set(sys.modules) - before)"
    ran = subprocess.run([sys.executable, "-c", code], check=True, timeout=60, capture_output=True, text=True)
    assert "eventproof.load.run" in ran.stdout.split()
    assert not {"gevent", "locust"} & set(ran.stdout.split())
