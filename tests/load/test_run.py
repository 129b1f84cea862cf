import subprocess
import sys
from pathlib import Path

import pytest

from eventproof.errors import UsageError
from eventproof.load.run import describe, scenarios, swarm


def test_every_scenario_is_listed_with_what_it_is_about() -> None:
    assert "ban_storm" in [one.name for one in scenarios()]
    assert all(one.about.endswith(".") and one.objectives for one in scenarios())


def test_an_unknown_scenario_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no scenario ban_strom; there are .*ban_storm"):
        swarm("ban_strom", "http://127.0.0.1:1", 1, 1, 1, results=tmp_path / "results")
    assert not (tmp_path / "results").exists()


def test_a_scenario_tells_what_it_measures_and_what_it_is_asked_for() -> None:
    told = describe("ban_storm")
    assert (told.systems, told.has_steps) == (("user-state",), False)
    assert told.options["ban-rate"] == "Bans a second, of all admins together. (4)"
    assert told.latencies["ban_to_logout"].startswith("from the ban's intended time")
    assert "user.banned" in told.events
    assert "claim_paid" not in told.events
    assert told.counts["bans"] == "bans that were answered"
    assert "ban_to_logout: p(99) < 1s" in told.objectives


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("from eventproof.load import plugin\nplugin.objectives('happiness == 1')", "names an unknown metric"),
        ("1 / 0", "ZeroDivisionError"),
    ],
)
def test_a_locustfile_that_cannot_be_read_says_why(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "mine.py"
    path.write_text(content)
    with pytest.raises(UsageError, match=f"mine.py cannot be read: .*{said}"):
        describe(str(path))


def test_starting_a_swarm_needs_neither_gevent_nor_locust() -> None:
    code = "import sys; before = set(sys.modules); import eventproof.load.run; print(*set(sys.modules) - before)"
    ran = subprocess.run([sys.executable, "-c", code], check=True, timeout=60, capture_output=True, text=True)
    assert "eventproof.load.run" in ran.stdout.split()
    assert not {"gevent", "locust"} & set(ran.stdout.split())
