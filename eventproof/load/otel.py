"""What OpenTelemetry is told with Locust's `--otel`, beside what Locust tells: connections, and the account of events.

Locust itself exports how long everything took, latencies of ours included, by their names. Where it goes is for
OpenTelemetry's own environment variables to say. The package comes with an extra of Locust's, and is no dependency of
ours.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from importlib import import_module
from typing import Any

from eventproof import __version__
from eventproof.errors import UsageError
from eventproof.report.records import Glance

__all__ = ["begin", "is_there"]


def is_there(options: Any) -> None:
    """Raise UsageError where OpenTelemetry is asked for and not installed: Locust would go on without it."""
    if options.otel:
        try:
            import_module("opentelemetry.sdk")
        except ImportError:
            raise UsageError(
                "--otel needs OpenTelemetry: run pip install 'locust[otel]', or leave the option out"
            ) from None


def begin(glance: Callable[[], Glance | None]) -> None:
    """Export from now on how it stands, each time that OpenTelemetry asks."""
    metrics = import_module("opentelemetry.metrics")

    def connections(_options: Any) -> Iterator[Any]:
        if (seen := glance()) is not None:
            yield metrics.Observation(max(seen.recent.connections, default=0.0))

    def events(_options: Any) -> Iterator[Any]:
        seen = glance()
        for delivery in () if seen is None else seen.delivery:
            for outcome, count in asdict(delivery).items():
                if outcome != "event":
                    yield metrics.Observation(count, {"event": delivery.event, "outcome": outcome})

    meter = metrics.get_meter("eventproof", __version__)
    meter.create_observable_gauge(
        "eventproof.connections", [connections], "{connection}", "Connections that are open, over the last seconds"
    )
    meter.create_observable_gauge(
        "eventproof.events", [events], "{event}", "What became so far of the events that somebody was to receive"
    )
