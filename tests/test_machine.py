import re
from pathlib import Path

import pytest

from eventproof import machine


def test_a_machine_tells_what_whoever_compares_figures_has_to_know() -> None:
    here = machine.here(["locust", "hdrhistogram"])
    assert here.processor
    assert here.cores >= 1
    assert here.memory > 2**20
    assert re.match(r"\w+ \S+", here.system)
    assert [name.split()[0] for name in here.software] == ["CPython", "locust", "hdrhistogram"]


def test_a_machine_that_tells_nothing_of_its_processor_has_the_name_of_its_kind(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(machine, "_PROCESSORS", tmp_path / "none")
    assert machine.here(()).processor
