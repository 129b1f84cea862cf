"""Reads the gauges that the profile names from where the target counts what it holds: Prometheus' text, or JSON."""

import asyncio
import math
import re
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from prometheus_client.parser import text_string_to_metric_families

from eventproof.actions import at, headers_for
from eventproof.target import Metrics, MetricsFormat, Target

from .exchange import HttpReceived, exchange, session
from .verdicts import NotTestable

__all__ = ["Gauges", "values_of"]

_PAUSE = 0.05
_SAMPLE = re.compile(r"([A-Za-z_:][\w:]*)[\s{]")
_FAMILY = re.compile(r"#\s*TYPE\s+(\S+)\s")


class Gauges:
    """The gauges of a target that claims the capability `metrics`; those with labels are added up.

    `token` is that of the identity that may read them, where the profile names one.
    """

    def __init__(self, target: Target, token: str | None = None) -> None:
        if target.metrics is None:
            raise NotTestable("the profile does not say where the metrics are: path and gauges under [metrics]")
        self._metrics: Metrics = target.metrics
        path = target.metrics.path
        self._url = path if "://" in path else target.base_url + path
        self._headers = {**headers_for(target, token), **target.metrics.headers}
        self._seconds = target.budgets.call
        self._http = session()

    async def read(self) -> dict[str, float]:
        """The value of every gauge now; raises NotTestable where one is not there, or is no finite number."""
        received = await exchange(
            self._http, "GET", self._url, what=f"GET {self._url}", seconds=self._seconds, headers=self._headers
        )
        return values_of(self._metrics, self._url, received)

    async def fallen_to(self, level: Mapping[str, float], seconds: float) -> dict[str, float]:
        """Wait until every gauge is at its level or below; those that are not when the time is over."""
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            above = {name: value for name, value in (await self.read()).items() if not value <= level[name]}
            if not above or asyncio.get_running_loop().time() >= deadline:
                return above
            await asyncio.sleep(_PAUSE)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.close()


def values_of(metrics: Metrics, url: str, received: HttpReceived) -> dict[str, float]:
    """The gauges in an answer; raises NotTestable, in a sentence, where it does not tell all of them."""
    if received.status != 200:
        remedy = 'identity = "admin" or headers' if received.status in (401, 403) else "correct path"
        raise NotTestable(f"{url} answered {received.status}: {remedy} under [metrics]")
    found = _FORMATS[metrics.format](metrics, url, received)
    missing = [name for name in metrics.gauges if name not in found]
    if missing:
        kind = received.headers.get("Content-Type", "").partition(";")[0][:80]
        raise NotTestable(
            f"{url} has no {', '.join(missing)}: correct gauges under [metrics]; "
            f"it was read as {metrics.format} and came as {kind or 'nothing that says what it is'}"
        )
    for name in metrics.gauges:
        if not math.isfinite(found[name]):
            raise NotTestable(
                f"{url} says that {name} is {found[name]:g}, which is no number to rise or fall: "
                "name other gauges under [metrics]"
            )
    return {name: found[name] for name in metrics.gauges}


def _of_text(metrics: Metrics, url: str, received: HttpReceived) -> dict[str, float]:
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
        raise NotTestable(
            f"{url} has no numbers that Prometheus could read: {ours[0][:80]}; correct path and format under [metrics]"
        ) from error
    return totals


def _of_json(metrics: Metrics, url: str, received: HttpReceived) -> dict[str, float]:
    """A JSON document: a gauge is the JSON pointer of a number, or the name of one at the top."""
    document = received.document
    if not isinstance(document, dict | list):
        raise NotTestable(f"{url} answered with something that is no JSON: correct path and format under [metrics]")
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
