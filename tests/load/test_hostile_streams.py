"""Swarms on streams whose target floods, chokes, ends, forgets: each ends in time, in bounds, with the right word."""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from eventproof.load.run import swarm
from eventproof.report.records import Run
from eventproof.verdict import Outcome
from tests.conform.test_a_contract_of_ones_own import EXAMPLES

from .hostile import MOST_BYTES, START_SECONDS, serving, watched

_SECONDS: Final = 3
_WORDS: Final[Mapping[str, str]] = {
    "megabyte": "a session was ended by the target: protocol violation: A server-sent event is too big.",
    "hundred-thousand": "failed: events received by someone whom they were not for",
    "garbage": "a session was ended by the target: protocol violation: A server-sent event is too big.",
    "refuses-half": "incomplete: 3 of the 6 users asked for were ever connected",
    "ends-at-once": "a session was ended by the target: end of stream",
    "stops": "actions were not over when the run had to end",
}
"""What is said of a target that does so."""


@dataclass(frozen=True)
class _Tried:
    """What came of one swarm."""

    run: Run
    seconds: float
    bytes: int


def _try(manner: str, folder: Path) -> _Tried:
    with serving("hostile_feed.py", manner) as url, watched() as most:
        port = url.rpartition(":")[2]
        for name in ("eventproof.toml", "feed.yaml"):
            (folder / name).write_text((EXAMPLES / "feed" / name).read_text().replace("${FEED_PORT}", port))
        began, options = time.monotonic(), ["--deadline=1", "--multi-device=0", "--rate=4"]
        profile, results = str(folder / "eventproof.toml"), folder / "results"
        run = swarm("traffic", profile, 6, 50, _SECONDS, results=results, options=options)
        return _Tried(run, time.monotonic() - began, most())


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, _Tried]:
    """A swarm against a target of each manner, three at once."""
    manners = ("right", *_WORDS)
    folders = [tmp_path_factory.mktemp(manner) for manner in manners]
    with ThreadPoolExecutor(3) as pool:
        return dict(zip(manners, pool.map(_try, manners, folders), strict=True))


def test_a_target_that_does_right_is_blamed_for_nothing(tried: Mapping[str, _Tried]) -> None:
    right = tried["right"].run
    assert all(one.lost == one.leaked == one.invalid == 0 for one in right.delivery)
    assert sum(one.delivered for one in right.delivery) > 4
    assert not any(note.startswith("failed:") for note in right.notes)


@pytest.mark.parametrize("manner", _WORDS)
def test_what_a_target_does_is_said_in_words_on_time_and_in_bounded_memory(
    tried: Mapping[str, _Tried], manner: str
) -> None:
    it = tried[manner]
    assert it.run.outcome in {Outcome.INVALID, Outcome.FAIL}
    assert any(_WORDS[manner] in note for note in it.run.notes), it.run.notes
    assert it.seconds < START_SECONDS + _SECONDS + 10
    assert 0 < it.bytes < MOST_BYTES
