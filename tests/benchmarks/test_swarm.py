"""The benchmark of clients: what is poured fits the contracts, and one round gives every figure."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.clients.measuring import MESSAGES, stamp_of
from benchmarks.peers.tap import frame, unmasked
from benchmarks.swarm import main
from eventproof import catalog
from eventproof.catalog import Direction
from eventproof.wire import websocket
from eventproof.wire.websocket import Opcode
from tests.benchmarks.refusing import is_refused

ROOT = Path(__file__).parents[2]


def poured(wire: str) -> tuple[str, Any]:
    """The name and the payload of what is poured, with its stamp."""
    text = MESSAGES[wire].replace("$k", "7").replace("$at", "12.5")
    if wire == "socket.io":
        name, payload = json.loads(text.removeprefix("42"))
        return name, payload
    payload = json.loads(text.removeprefix("data: "))
    return payload["type"], payload


@pytest.mark.parametrize(
    ("wire", "system", "address"),
    [
        ("socket.io", "marketplace", "/"),
        ("websocket", "marketplace", "/ws/orders"),
        ("sse", "plan-sync", "/api/plans/subscribe"),
    ],
)
def test_what_is_poured_fits_its_contract_and_tells_when_it_was_sent(wire: str, system: str, address: str) -> None:
    name, payload = poured(wire)
    event = catalog.load().event(system, address, Direction.SEND, name)
    assert event is not None
    assert event.explain(payload) == ()
    assert event.subject(payload) == "ord_7"
    assert stamp_of(payload) == 12.5


@pytest.mark.parametrize("length", [0, 5, 125, 126, 300, 4_000])
def test_the_taps_frames_are_those_of_a_websocket(length: int) -> None:
    text = "x" * length
    assert websocket.FrameDecoder().feed(frame(text)) == [(Opcode.TEXT, text)]
    assert unmasked(websocket.encode(Opcode.TEXT, text, b"abcd")) == text.encode()


def test_one_small_round_gives_every_figure_of_our_swarm_and_of_the_hub() -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "swarm.py"), "--quick", "--clients", "swarm,hub"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert run.returncode == 0, run.stderr
    lines = [line for line in run.stdout.splitlines() if line.startswith("|")]
    assert len(lines) == 8, run.stdout
    assert "–" not in "".join(lines), run.stdout


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--rounds", "0"], "'0' is no number of rounds"),
        (["--clients", "swarm,wasp"], "there is no client 'wasp'"),
        (["--add-to", __file__], "these are no results of a benchmark: name another file"),
    ],
)
def test_an_option_that_means_nothing_is_refused_in_a_sentence(
    options: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    is_refused(main, options, problem, capsys)
