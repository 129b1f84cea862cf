"""history.ndjson: what was sent and received, one record a line, its times in seconds of one monotonic clock.

Fields that are empty are left out.
"""

import json
from collections.abc import Iterable

from eventproof.history import Record
from eventproof.redaction import redacted

from .records import Run

__all__ = ["render"]

_ALWAYS = frozenset({"at", "kind", "actor"})


def render(_run: Run, history: Iterable[Record]) -> str:
    """The text of history.ndjson."""
    return "".join(_line(record) for record in history)


def _line(record: Record) -> str:
    content = {name: value for name, value in redacted(record).items() if name in _ALWAYS or value not in (None, "")}
    return json.dumps(content | {"at": round(record.at, 6)}, ensure_ascii=False, allow_nan=False) + "\n"
