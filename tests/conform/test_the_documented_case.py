"""The case that the guide shows holds on a server that keeps the contract, and is what its page says."""

import re
from pathlib import Path

from eventproof.reference import Reference
from eventproof.verdict import Outcome
from tests.conform.plugged import check

PAGE = Path(__file__).parents[2] / "docs/guide/case.md"


def test_the_case_of_the_guide_passes_where_it_alone_is_asked_for(server: Reference, tmp_path: Path) -> None:
    text = PAGE.read_text("utf-8")
    shown = re.search(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert shown is not None
    assert "--eventproof-only UST-TIER-2" in text
    run = check(server, tmp_path, shown[1], "UST-TIER-2")
    assert run.outcome is Outcome.PASS, run.requirements
