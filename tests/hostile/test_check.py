"""A check of a server that means harm ends in time, in little memory, with the right code and one sentence."""

from pathlib import Path

import pytest

from eventproof import catalog
from eventproof.conform.probe import probe
from eventproof.errors import TargetUnavailable
from eventproof.profile import load
from eventproof.verdict import ExitCode
from tests.hostile.checking import MOST_MEMORY, profile, ran
from tests.hostile.server import BEHAVIOURS, running

CATALOG = catalog.load()
REFUSALS = {"echoing", "halving_pairs"}
"""What answers like an Engine.IO server that wants no connection: such a target is there."""


@pytest.mark.parametrize("behaviour", sorted(BEHAVIOURS))
def test_what_is_no_server_for_us_is_said_in_a_sentence_before_the_first_case(tmp_path: Path, behaviour: str) -> None:
    with running(BEHAVIOURS[behaviour]) as server:
        target = load(profile(tmp_path, server.url), catalog=CATALOG)
        if behaviour in REFUSALS:
            probe(target, CATALOG)
        else:
            with pytest.raises(TargetUnavailable, match=server.url) as said:
                probe(target, CATALOG)
            assert "\n" not in str(said.value)
            assert len(str(said.value)) < 600


@pytest.mark.parametrize(
    ("behaviour", "only", "code"),
    [
        ("bombing", "ALL-REST-1", ExitCode.INVALID),
        ("flooding_chunks", "ALL-MSG-1", ExitCode.INVALID),
        ("halving_pairs", "ALL-MSG-1", ExitCode.FAIL),
        ("dripping", "ALL-MSG-1", ExitCode.INVALID),
    ],
)
def test_a_check_of_it_ends_in_time_and_memory_with_the_right_code(
    tmp_path: Path, behaviour: str, only: str, code: int
) -> None:
    with running(BEHAVIOURS[behaviour], spares="/socket.io") as server:
        ended = ran(tmp_path, ["check", str(profile(tmp_path, server.url)), "--only", only], most_seconds=100)
    assert "fault of ours" not in ended.written
    assert ended.code == code, ended.output
    assert ended.memory < MOST_MEMORY


@pytest.mark.parametrize("behaviour", ["silent", "dripping"])
def test_ctrl_c_ends_a_check_of_it(tmp_path: Path, behaviour: str) -> None:
    with running(BEHAVIOURS[behaviour], spares="/socket.io") as server:
        arguments = ["check", str(profile(tmp_path, server.url)), "--only", "ALL-REST-1", "--only", "ALL-MSG-1"]
        ended = ran(tmp_path, arguments, most_seconds=90, interrupted_after="[")
    assert ended.code == ExitCode.INTERRUPTED, ended.output
    assert ended.seconds < 15
