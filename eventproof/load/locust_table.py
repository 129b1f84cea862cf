"""What is measured, in Locust's own table: its web UI, its CSV and its summary show it.

Locust takes six microseconds for a sample, as long as all else that a message costs a swarm's ledger. So samples are
kept for a moment and entered many at a time, as a master enters those of its workers. Where anybody else listens to
Locust's `request` event, each sample is told there, at once.
"""

from collections import Counter
from collections.abc import Sequence
from time import time
from typing import Any, Final

from locust import stats as locust_stats

from .greenlets import spawn_later

__all__ = ["LocustTable"]

_PAUSE: Final = 0.5
"""Seconds that a sample waits at most."""
_MOST: Final = 10_000
"""Samples that wait at most."""
_LISTENERS: Final = 1
"""Locust's runner itself listens to its `request` event, and enters what it hears in the table."""


class LocustTable:
    """That of one Locust environment."""

    def __init__(self, environment: Any) -> None:
        self._environment = environment
        self._waiting: dict[tuple[str, str], list[float]] = {}
        self._number = 0
        self._is_due = False

    def record(self, kind: str, name: str, seconds: float) -> None:
        """Enter one sample."""
        request = self._environment.events.request
        if len(request._handlers) > _LISTENERS:
            request.fire(
                request_type=kind,
                name=name,
                response_time=seconds * 1e3,
                response_length=0,
                exception=None,
                context={},
            )
            return
        waiting = self._waiting.get((name, kind))
        if waiting is None:
            waiting = self._waiting[name, kind] = []
        waiting.append(seconds)
        self._number += 1
        if self._number >= _MOST:
            self.flush()
        elif not self._is_due:
            self._is_due = True
            spawn_later(_PAUSE, self._on_time)

    def flush(self) -> None:
        """Enter all that waits."""
        waiting, self._waiting, self._number = self._waiting, {}, 0
        stats = self._environment.stats
        for (name, kind), samples in waiting.items():
            entry = _entry(stats, name, kind, samples)
            stats.entries[name, kind].extend(entry)
            stats.total.extend(entry)

    def _on_time(self) -> None:
        self._is_due = False
        self.flush()


def _entry(stats: Any, name: str, kind: str, samples: Sequence[float]) -> Any:
    """These samples, of this moment."""
    entry: Any = locust_stats.StatsEntry(stats, name, kind)
    now = time()
    milliseconds = [seconds * 1e3 for seconds in samples]
    entry.num_requests = len(samples)
    entry.total_response_time = sum(milliseconds)
    entry.min_response_time, entry.max_response_time = min(milliseconds), max(milliseconds)
    entry.response_times = Counter(map(locust_stats.bucket_response_time, milliseconds))
    entry.num_reqs_per_sec = {int(now): len(samples)}
    entry.last_request_timestamp = now
    return entry
