"""The swarm of plan watchers end to end: on the bundled server as it is, and as it is with some of its faults."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from eventproof import reference
from eventproof.errors import UsageError
from eventproof.load.run import swarm
from eventproof.report.records import Run
from eventproof.verdict import Outcome, Verdict

from .patience import deadline, patient

_PATIENT = patient("to_last")
_SHAPE = ("--update-rate=15", "--create-rate=1", "--plans=3", "--conflict-share=0.3")
_HABITS = ("--lost-every=2", "--poll-every=0.5")
_SHARES = ("--slow-share=0.1", "--resume-share=0.2", "--return-share=0.2", "--poll-share=0.2")


def _swarmed(folder: Path, fault: str | None = None) -> Run:
    options = (*_SHAPE, *_HABITS, *_SHARES, deadline(fault))
    with reference.start(
        systems=("plan-sync",), fault=fault, seed_users=30, options=("--log-level", "warning")
    ) as running:
        return swarm("plan_watch", str(running.profile), 22, 50, 6, 2, [_PATIENT], folder / "results", options=options)


def _verdicts(run: Run) -> Mapping[str, Verdict]:
    return {objective.expression.split()[0]: objective.verdict for objective in run.objectives}


def test_everybody_is_told_in_one_order_whatever_their_habits_are(tmp_path: Path) -> None:
    run = _swarmed(tmp_path)
    assert (run.outcome, run.systems) == (Outcome.PASS, ("plan-sync",)), run.notes
    accounts = {delivery.event: delivery for delivery in run.delivery}
    for event in ("CREATE", "UPDATE", "DELETE"):
        assert accounts[event].expected == accounts[event].delivered > 0
    assert accounts["UPDATE"].away > 0, "nobody was away without coming back for what was missed"
    assert {"to_first", "to_median", "to_last", "poll", "reconnect", "UPDATE"} <= {one.metric for one in run.latency}


@pytest.mark.parametrize(
    ("fault", "missed"),
    [
        ("order-by-connection", "out_of_order"),
        ("resumes-without-the-first", "lost"),
        ("refused-change-told", "unexplained"),
        ("old-rois-listed", "stale"),
    ],
)
def test_what_a_server_breaks_is_counted_where_it_belongs(tmp_path: Path, fault: str, missed: str) -> None:
    run = _swarmed(tmp_path, fault)
    assert run.outcome is Outcome.FAIL
    assert _verdicts(run)[missed] is Verdict.FAIL
    assert _verdicts(run)["failed"] is Verdict.PASS


def test_habits_of_more_than_everybody_are_refused_before_the_run(tmp_path: Path) -> None:
    profile = tmp_path / "eventproof.toml"
    profile.write_text('base_url = "http://127.0.0.1:9"\nsystems = ["plan-sync"]\n')
    with pytest.raises(UsageError, match="are more than 1 together"):
        swarm("plan_watch", str(profile), 1, 1, 1, options=["--slow-share=0.6", "--poll-share=0.6"])
