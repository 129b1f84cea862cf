"""Locust's own tables, which it prints and writes as CSV: without the secrets that this process knows by now."""

from typing import Any

from eventproof.redaction import redacted_text

__all__ = ["strike_secrets"]


def strike_secrets(stats: Any) -> None:
    """Go over the names and the errors of Locust's statistics.

    A worker strikes out what it knows before it reports; what another one was given, a target may echo to it.
    """
    for entry in stats.entries.values():
        entry.name = redacted_text(entry.name)
    for failure in stats.errors.values():
        failure.name, failure.error = redacted_text(failure.name), redacted_text(str(failure.error))
