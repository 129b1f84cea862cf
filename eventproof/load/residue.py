"""What a swarm leaves behind on its target: the gauges that the profile names, before anybody came and after all."""

from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

import orjson

from eventproof import actions
from eventproof.catalog import ANYONE
from eventproof.errors import EventproofError, UsageError
from eventproof.gauges import values_of
from eventproof.target import Metrics, Target

from .account import SwarmAccount
from .calls import Calls
from .exchange import Response
from .greenlets import sleep

__all__ = ["LEFT_BEHIND", "Residue"]

LEFT_BEHIND: Final = "left_behind"
"""The count of the gauges that did not return."""
_PAUSE = 0.1


@dataclass(frozen=True, slots=True)
class Read:
    """An answer with gauges in it."""

    response: Response

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.response.status

    @property
    def kind(self) -> str:
        """Its Content-Type; empty where there is none."""
        return self.response.headers.get("content-type", "")

    @property
    def text(self) -> str:
        """The content as text; what cannot be decoded is replaced."""
        return self.response.content.decode(errors="replace")

    @property
    def document(self) -> Any:
        """The content as JSON; None where it is none."""
        try:
            return orjson.loads(self.response.content)
        except ValueError:
            return None


class Residue:
    """Those of one run. A target that does not say where its gauges are leaves nobody any wiser, which is noted."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._before: Mapping[str, float] = {}

    def remember(self) -> None:
        """Read what is there before anybody comes. Raises EventproofError where the target does not tell it."""
        if self._target.metrics is not None:
            self._before = self._read(self._target.metrics)

    def left(self) -> SwarmAccount:
        """Wait until every gauge is what it was, or less, and count those that are not when the time is over."""
        metrics = self._target.metrics
        if metrics is None:
            return SwarmAccount(notes=("nobody knows what was left behind: the profile has no [metrics]",))
        end = monotonic() + self._target.budgets.cleanup
        try:
            while (above := self._above(metrics)) and monotonic() < end:
                sleep(_PAUSE)
        except EventproofError as error:
            return SwarmAccount(notes=(f"nobody knows what was left behind: {error}",))
        counts = {"gauges": len(self._before), LEFT_BEHIND: len(above)}
        return SwarmAccount(counts=counts, notes=tuple(above))

    def _above(self, metrics: Metrics) -> list[str]:
        """A sentence about each gauge that is higher than before."""
        return [
            f"left behind: {name} is {value:g}, and was {self._before[name]:g} before anybody came"
            for name, value in self._read(metrics).items()
            if value > self._before[name]
        ]

    def _read(self, metrics: Metrics) -> Mapping[str, float]:
        url = metrics.path if "://" in metrics.path else self._target.base_url + metrics.path
        calls = Calls(self._target)
        try:
            admins = self._target.admins if metrics.identity != ANYONE else ()
            token = calls.token_of(admins[0]) if admins else None
            headers = {**actions.headers_for(self._target, token), **metrics.headers}
            return values_of(metrics, url, Read(calls.fetch(url, headers)))
        except OSError as error:
            raise UsageError(f"{url} did not answer: {error}") from error
        finally:
            calls.close()
