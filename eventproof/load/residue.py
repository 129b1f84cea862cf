"""What a swarm leaves behind on its target: the gauges that the profile names, before anybody came and after all."""

from collections.abc import Mapping
from time import monotonic
from typing import Final

from eventproof.errors import EventproofError
from eventproof.target import Metrics, Target

from .account import SwarmAccount
from .gauge_reader import read_gauges
from .greenlets import sleep

__all__ = ["LEFT_BEHIND", "Residue"]

LEFT_BEHIND: Final = "left_behind"
"""The count of the gauges that did not return."""
_PAUSE = 0.1


class Residue:
    """Those of one run. A target that does not say where its gauges are leaves nobody any wiser, which is noted."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._before: Mapping[str, float] = {}

    def remember(self) -> None:
        """Read what is there before anybody comes. Raises EventproofError where the target does not tell it."""
        if self._target.metrics is not None:
            self._before = read_gauges(self._target, self._target.metrics)

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
            for name, value in read_gauges(self._target, metrics).items()
            if value > self._before[name]
        ]
