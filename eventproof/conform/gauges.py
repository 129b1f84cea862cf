"""Reads the gauges that the profile names from where the target counts what it holds (Prometheus' text format)."""

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from eventproof.errors import Inconclusive
from eventproof.target import Metrics, Target

from .verdicts import NotTestable

__all__ = ["Gauges"]

_PAUSE = 0.05


class Gauges:
    """The gauges of a target that claims the capability `metrics`; those with labels are added up."""

    def __init__(self, target: Target) -> None:
        if target.metrics is None:
            raise NotTestable("the profile does not say where the metrics are: path and gauges under [metrics]")
        self._metrics: Metrics = target.metrics
        self._url = target.base_url + target.metrics.path
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=target.budgets.call))

    async def read(self) -> dict[str, float]:
        """The value of every gauge now; raises NotTestable where one is not there."""
        try:
            async with self._http.get(self._url) as response:
                text = await response.text()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Inconclusive(f"{self._url} was not answered: {error}") from error
        if response.status != 200:
            raise NotTestable(f"{self._url} answered {response.status}: correct path under [metrics]")
        totals: dict[str, float] = {}
        for family in text_string_to_metric_families(text):
            totals.setdefault(family.name, 0.0)
            for sample in family.samples:
                totals[sample.name] = totals.get(sample.name, 0.0) + sample.value
        missing = [name for name in self._metrics.gauges if name not in totals]
        if missing:
            raise NotTestable(f"{self._url} has no {', '.join(missing)}: correct gauges under [metrics]")
        return {name: totals[name] for name in self._metrics.gauges}

    async def fallen_to(self, level: Mapping[str, float], seconds: float) -> dict[str, float]:
        """Wait until every gauge is at its level or below; those that are not when the time is over."""
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            above = {name: value for name, value in (await self.read()).items() if value > level[name]}
            if not above or asyncio.get_running_loop().time() >= deadline:
                return above
            await asyncio.sleep(_PAUSE)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.close()
