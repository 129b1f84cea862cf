"""The swarm of any contract, end to end: on servers of which nobody wrote more than a document and a profile."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from eventproof import reference
from eventproof.errors import UsageError
from eventproof.load.run import swarm
from eventproof.report.records import Delivery, Run
from eventproof.verdict import Outcome, Verdict
from tests.conform.test_a_contract_of_ones_own import ECHO, EXAMPLES, NODE, running

from .patience import deadline, patient

pytestmark = pytest.mark.measured

_PATIENT = patient("connect")
_POPULATION = """
[traffic]
rates = { "message:post" = 15 }
things = 2
listen = 0.3
slow = 0.15
cut = 0.15
cut_every = "2s"
cut_for = "500ms"
"""
_Try = tuple[str, tuple[str, ...], str, str]
"""The example, what starts its server, the defect that is planted, and what is added to its profile."""
_TRIES: Mapping[str, _Try] = {
    "chat": ("chat", NODE, "", _POPULATION),
    "chat that tells everybody": ("chat", NODE, "tells-everybody", ""),
    "chat that forgets one": ("chat", NODE, "forgets-one", ""),
    "echo": ("echo", ECHO, "", ""),
    "chat whose users are away": ("chat", NODE, "", ""),
    "chat that forgets one who was away": ("chat", NODE, "forgets-one", ""),
}
_AWAY = ("--system=chat", "--away-every=2", "--away-for=1")
_OF_ANY_SYSTEM: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "chat whose users are away": ("jitter", _AWAY),
    "chat that forgets one who was away": ("jitter", _AWAY),
}
"""Those that are no tries of `traffic`: their scenario, with its options."""


def _swarmed(name: str, folder: Path) -> Run:
    example, server, bug, population = _TRIES[name]
    scenario, options = _OF_ANY_SYSTEM.get(name, ("traffic", ()))
    written = (EXAMPLES / example / "eventproof.toml").read_text() + population
    (folder / f"{example}.yaml").write_text((EXAMPLES / example / f"{example}.yaml").read_text())
    with running(server, bug) as port:
        profile = folder / "eventproof.toml"
        profile.write_text(written.replace(f"${{{example.upper()}_PORT}}", port))
        options = (deadline(bug), "--multi-device=0", *options)
        asked = [_PATIENT, *([patient("told")] if name in _OF_ANY_SYSTEM else [])]
        results = folder / "results"
        return swarm(scenario, str(profile), 8, 20, 5, objectives=asked, results=results, options=options)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, node_modules: Path) -> Mapping[str, Run]:
    """Every trial, two at once: they wait more than they work."""
    assert node_modules.is_dir()
    folders = [tmp_path_factory.mktemp("traffic") for _ in _TRIES]
    with ThreadPoolExecutor(2) as pool:
        made = pool.map(_swarmed, _TRIES, folders)
        return dict(zip(_TRIES, made, strict=True))


def _delivery(run: Run, event: str) -> Delivery:
    return next(delivery for delivery in run.delivery if delivery.event == event)


def _verdicts(run: Run) -> Mapping[str, Verdict]:
    return {objective.expression: objective.verdict for objective in run.objectives}


def test_listeners_senders_slow_and_cut_ones_get_what_is_theirs(runs: Mapping[str, Run]) -> None:
    run = runs["chat"]
    assert (run.outcome, run.systems) == (Outcome.PASS, ("chat",)), (run.notes, run.objectives)
    said = _delivery(run, "message:new")
    assert said.delivered == said.expected > 10
    assert any(latency.metric == "message:new" for latency in run.latency)


def test_what_reaches_another_room_is_leaked(runs: Mapping[str, Run]) -> None:
    run = runs["chat that tells everybody"]
    assert (run.outcome, _verdicts(run)["leaked == 0"]) == (Outcome.FAIL, Verdict.FAIL), run.notes
    assert _delivery(run, "message:new").leaked > 0


def test_what_somebody_in_the_room_does_not_hear_is_lost(runs: Mapping[str, Run]) -> None:
    run = runs["chat that forgets one"]
    assert (run.outcome, _verdicts(run)["lost == 0"]) == (Outcome.FAIL, Verdict.FAIL), run.notes
    assert _verdicts(run)["leaked == 0"] is Verdict.PASS


def test_what_is_for_the_connection_that_caused_it_comes_there(runs: Mapping[str, Run]) -> None:
    run = runs["echo"]
    assert run.outcome is Outcome.PASS, (run.notes, run.objectives)
    assert _delivery(run, "echoed").delivered > 10


def test_a_run_tells_what_it_left_out_and_what_it_left(tmp_path: Path) -> None:
    """On a system some calls of which nothing in the contract takes back."""
    with reference.start(systems=("user-state", "shield"), seed_users=8, quick=False) as running:
        options = ("--multi-device=0", "--system=shield")
        run = swarm("traffic", str(running.profile), 4, 20, 4, objectives=[_PATIENT], results=tmp_path, options=options)
    assert not {note for note in run.notes if "answered with" in note}
    assert _verdicts(run)["failed == 0"] is Verdict.PASS, run.notes
    assert any(note.startswith("upgradePlan is left out, as it may be refused") for note in run.notes)
    assert any("no call takes it back" in note and "submitClaim" in note for note in run.notes)


def test_a_scenario_of_any_system_runs_on_a_contract_of_ones_own(runs: Mapping[str, Run]) -> None:
    run, wrong = runs["chat whose users are away"], runs["chat that forgets one who was away"]
    verdicts = _verdicts(run)
    assert verdicts["outages >= 1"] is verdicts["lost == 0"] is verdicts["leaked == 0"] is Verdict.PASS
    assert _delivery(run, "message:new").delivered > 4
    assert _verdicts(wrong)["lost == 0"] is Verdict.FAIL


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--system=chatt", r'there is no system "chatt".*did you mean "chat"'),
        ("--rate=0", r"rate must be more than 0"),
    ],
)
def test_what_cannot_be_run_is_refused_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str, words: str
) -> None:
    profile = str(EXAMPLES / "chat" / "eventproof.toml")
    monkeypatch.setenv("CHAT_PORT", "1")
    with pytest.raises(UsageError, match=words):
        swarm("traffic", profile, 2, 50, 5, results=tmp_path / "results", options=(option,))
