"""What a failure is mended by: the guides of what its checks found."""

from pathlib import Path

import pytest

from eventproof import catalog, layout, own_contracts, profile
from eventproof.catalog import Wire
from eventproof.conform.remedies import remedies_of
from eventproof.report.records import Check
from eventproof.verdict import Verdict

HERE = Path(__file__).parent
KNOWN = catalog.load()
DERIVED = {"fits": "schema", "hears": "delivery", "leaks": "audience"}


def check(name: str, verdict: Verdict = Verdict.FAIL, *breaks: str) -> Check:
    return Check(name, ("UST-BAN-1",), verdict, 0.1, breaks=breaks)


def causes(requirement: str, *checks: Check) -> list[str]:
    line = KNOWN.requirement(requirement)
    by_cause = {guide.cause: guide.name for guide in line.guides}
    return [by_cause[remedy.cause] for remedy in remedies_of(line, checks, DERIVED, set(Wire))]


@pytest.mark.parametrize(
    ("requirement", "checks", "guides"),
    [
        ("UST-BAN-1", [check("fits")], ["schema"]),
        ("UST-BAN-1", [check("fits", Verdict.PASS), check("hears")], ["delivery"]),
        ("UST-BAN-1", [check("written for it")], ["schema", "delivery"]),
        ("UST-BAN-7", [check("written for it")], ["close"]),
        ("UST-BAN-7", [check("leaks")], ["audience"]),
        ("UST-BAN-7", [check("leaks"), check("written for it")], ["close", "audience"]),
        ("UST-BAN-7", [check("written for it", Verdict.FAIL, "user-state/user.banned/audience")], ["audience"]),
        ("UST-BAN-7", [check("leaks", Verdict.INCONCLUSIVE)], []),
        ("UST-BAN-7", [], []),
    ],
)
def test_it_is_that_of_what_failed(requirement: str, checks: list[Check], guides: list[str]) -> None:
    assert causes(requirement, *checks) == guides


@pytest.mark.parametrize(
    ("wires", "told"),
    [
        ({Wire.SOCKET_IO}, ["mend", "Node's socket.io", "python-socketio"]),
        ({Wire.WEBSOCKET, Wire.SSE}, ["mend", "WebSocket, SSE"]),
        (set(Wire), ["mend", "Node's socket.io", "python-socketio", "WebSocket, SSE"]),
    ],
)
def test_it_is_told_for_the_wires_that_the_target_speaks(wires: set[Wire], told: list[str]) -> None:
    (remedy,) = remedies_of(KNOWN.requirement("UST-BAN-2"), [check("written for it")], DERIVED, wires)
    assert [where for where, _ in remedy.ways] == told


def test_every_requirement_has_a_guide_and_every_guide_a_requirement() -> None:
    lines = KNOWN.requirements()
    assert [line.id for line in lines if not line.guides and not line.excluded] == []
    chat = profile.own_contracts(
        layout.CONTRACTS.parent / "examples" / "chat" / "eventproof.toml", env={"CHAT_PORT": "1"}
    )
    systems = (*chat, own_contracts.contract_of(HERE / "asking" / "asking.yaml"))
    own = [line for system in systems for line in KNOWN.guided(system).requirements]
    assert {guide.name for line in (*lines, *own) for guide in line.guides} == set(KNOWN.guides)
