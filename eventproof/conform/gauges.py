"""Reads the gauges that the profile names from where the target counts what it holds: Prometheus' text, or JSON."""

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from eventproof import gauges
from eventproof.actions import headers_for
from eventproof.errors import UsageError
from eventproof.target import Metrics, Target

from .exchange import HttpReceived, exchange, session
from .verdicts import NotTestable

__all__ = ["Gauges", "values_of"]

_PAUSE = 0.05


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
    try:
        return gauges.values_of(metrics, url, received)
    except UsageError as error:
        raise NotTestable(str(error)) from error
