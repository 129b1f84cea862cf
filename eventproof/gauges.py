"""The gauges that a profile names, read from where the target counts what it holds: Prometheus' text, or JSON. Pure."""

import math
import re
from typing import Any, Protocol

from prometheus_client.parser import text_string_to_metric_families

from .actions import at
from .errors import UsageError
from .target import Metrics, MetricsFormat

__all__ = ["Answered", "values_of"]

_SAMPLE = re.compile(r"([A-Za-z_:][\w:]*)[\s{]")
_FAMILY = re.compile(r"#\s*TYPE\s+(\S+)\s")


class Answered(Protocol):
    """What came back, of whatever client."""

    @property
    def status(self) -> int:
        """The HTTP status."""

    @property
    def kind(self) -> str:
        """Its Content-Type; empty where there is none."""

    @property
    def text(self) -> str:
        """The content as text."""

    @property
    def document(self) -> Any:
        """The content as JSON; whatever else where it is none."""


def values_of(metrics: Metrics, url: str, received: Answered) -> dict[str, float]:
    """The gauges in an answer; raises UsageError, in a sentence, where it does not tell all of them."""
    if received.status != 200:
        remedy = 'identity = "admin" or headers' if received.status in (401, 403) else "correct path"
        raise UsageError(f"{url} answered {received.status}: {remedy} under [metrics]")
    found = _FORMATS[metrics.format](metrics, url, received)
    missing = [name for name in metrics.gauges if name not in found]
    if missing:
        kind = received.kind.partition(";")[0][:80]
        raise UsageError(
            f"{url} has no {', '.join(missing)}: correct gauges under [metrics]; "
            f"it was read as {metrics.format} and came as {kind or 'nothing that says what it is'}"
        )
    for name in metrics.gauges:
        if not math.isfinite(found[name]):
            raise UsageError(
                f"{url} says that {name} is {found[name]:g}, which is no number to rise or fall: "
                "name other gauges under [metrics]"
            )
    return {name: found[name] for name in metrics.gauges}


def _of_text(metrics: Metrics, url: str, received: Answered) -> dict[str, float]:
    """Prometheus' text, or OpenMetrics: only the lines of the gauges are read, whatever else is there."""
    lines = received.text.split("\n")
    # A gauge with labels that nothing is counted under has no line but that of its type.
    totals = {match[1]: 0.0 for match in map(_FAMILY.match, lines) if match}
    ours = [line for line in lines if (match := _SAMPLE.match(line)) and match[1] in metrics.gauges]
    try:
        for family in text_string_to_metric_families("\n".join([*ours, ""])):
            for sample in family.samples:
                totals[sample.name] = totals.get(sample.name, 0.0) + sample.value
    except (ValueError, LookupError, TypeError) as error:
        raise UsageError(
            f"{url} has no numbers that Prometheus could read: {ours[0][:80]}; correct path and format under [metrics]"
        ) from error
    return totals


def _of_json(metrics: Metrics, url: str, received: Answered) -> dict[str, float]:
    """A JSON document: a gauge is the JSON pointer of a number, or the name of one at the top."""
    document = received.document
    if not isinstance(document, dict | list):
        raise UsageError(f"{url} answered with something that is no JSON: correct path and format under [metrics]")
    values = {name: at(document, name if name.startswith("/") else f"/{name}") for name in metrics.gauges}
    return {name: _number(value) for name, value in values.items() if _is_number(value)}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


_FORMATS = {MetricsFormat.PROMETHEUS: _of_text, MetricsFormat.JSON: _of_json}
