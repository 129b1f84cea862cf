"""A comparison for a program, as JSON: the verdict and the exit code first, then every line with its figures.

Its schema lies beside this file.
"""

import json
from pathlib import Path
from typing import Any, Final

from eventproof.redaction import redacted
from eventproof.verdict import exit_code

from . import words
from .comparison import Comparison

__all__ = ["FORMAT", "SCHEMA", "VERSION", "as_json", "render"]

FORMAT: Final = "eventproof-comparison"
VERSION: Final = 1
"""Raised when a reader of the old form would misread the new one."""
SCHEMA: Final = Path(__file__).with_name("comparison.schema.json")


def render(comparison: Comparison) -> str:
    """The text of comparison.json."""
    return json.dumps(as_json(comparison), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def as_json(comparison: Comparison) -> dict[str, Any]:
    """The comparison as plain values, secrets struck out, numbers finite; `of_sides` and `changes` are in the order of
    `names`, which begins with the baseline.
    """
    content: dict[str, Any] = redacted(comparison)
    outcome = content.pop("outcome")
    return {
        "format": FORMAT,
        "version": VERSION,
        "verdict": outcome,
        "exit_code": int(exit_code(comparison.outcome)),
        "headline": words.headline(comparison),
    } | content
