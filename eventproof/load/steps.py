"""A swarm that grows in steps: when its users come in, what each step showed, and at which one the target gave way.

The knee is the first step that is not well: not everybody of it could connect in its time, somebody lost the connection
or what was due, a call failed, or what 99 of 100 waited was more than is allowed. Pure.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import ceil

from eventproof.errors import UsageError

from .account import SwarmAccount
from .metrics import of_step
from .share import ProcessShare

__all__ = ["Stairs", "StepFigures", "figures", "name_of", "steps_said"]

_HOLD = 1.0
"""The least seconds for which a step is held when everybody of it could be there."""
_LATE = 0.25
"""A generator that is late by more than this share of what is allowed measures itself."""
_TROUBLES = {
    "unopened": "sessions could not be opened",
    "dropped": "sessions were ended",
    "lost": "events were lost",
    "failed": "actions failed",
}


@dataclass(frozen=True, slots=True)
class Stairs:
    """`users` in so many steps of so many `seconds`; those of a step come in at `rate` a second, then all stay.

    A process lets in its share of each step. Raises UsageError where a step is too short for that.
    """

    users: int
    steps: int
    seconds: float
    rate: float
    share: ProcessShare = field(default_factory=ProcessShare)

    def __post_init__(self) -> None:
        if self.steps > self.users:
            raise UsageError(f"{self.users} users are too few for {self.steps} steps: give fewer steps or more users")
        needed = self.ramp + _HOLD
        if self.seconds < needed:
            raise UsageError(
                f"a step of {ceil(self.users / self.steps)} users at {self.rate:g} a second takes {needed:.3g} s, and "
                f"{self.seconds:.3g} s are given: raise --spawn-rate or --run-time, or choose another step-time"
            )

    @property
    def ramp(self) -> float:
        """The seconds in which those of a step come in."""
        return ceil(self.users / self.steps) / self.rate

    @property
    def is_measured(self) -> bool:
        """It is."""
        return True

    def at(self, number: int) -> float:
        """Seconds until the user of this number of this process comes in."""
        whole = number * self.share.of + self.share.index
        # Locust may give one process a user more than its share.
        step = min(whole * self.steps // self.users, self.steps - 1)
        return step * self.seconds + (whole - self.until(step)) / self.rate

    def until(self, step: int) -> int:
        """How many are there, of all processes, before the step of this number begins, counted from 0."""
        return ceil(self.users * step / self.steps)

    def own(self, step: int) -> int:
        """How many of these are of this process."""
        return max(ceil((self.until(step) - self.share.index) / self.share.of), 0)


@dataclass(frozen=True, slots=True)
class StepFigures:
    """What one step showed; times in seconds, the memory of the target in kB (0: nobody knows)."""

    number: int
    users: int
    """How many were to be connected in the end."""
    came: int
    """How many of these came in this step."""
    filled: float | None
    """How long it took until they were connected; None: they never were, all of them."""
    connect: tuple[float, float]
    """The median, and what 99 of 100 waited."""
    told: tuple[float, float]
    troubles: tuple[tuple[str, int], ...]
    memory: int
    lag: float = 0.0
    """How late the load generator itself was, of 99 of 100."""

    def problem(self, allowed: float) -> str:
        """Why it is not well, where 99 of 100 may wait so many seconds; empty where it is."""
        if self.troubles:
            return " and ".join(f"{number} {_TROUBLES[what]}" for what, number in self.troubles)
        if self.filled is None:
            return "not everybody was connected in its time"
        for what, (_, late) in (("connect", self.connect), ("told", self.told)):
            if late > allowed:
                return f"{what}: p(99) was {late:.3g} s, and {allowed:g} s are allowed"
        return ""

    def __str__(self) -> str:
        pace = "" if not self.filled else f" in {self.filled:.3g} s ({self.came / self.filled:.0f} a second)"
        memory = f", target {self.memory / 1024:.0f} MB" if self.memory else ""
        return (
            f"step {self.number}: {self.users} users{pace}, connect {_shown(self.connect)}, "
            f"told {_shown(self.told)}{memory}"
        )


def name_of(step: int) -> str:
    """What a step is called, in an objective about `connect[step 2]`; steps are counted from 0, and named from 1."""
    return str(step + 1)


def figures(account: SwarmAccount, stairs: Stairs) -> tuple[StepFigures, ...]:
    """Each step that had the time for its users, by the account of the whole run."""
    needed = stairs.ramp + _HOLD / 2
    begun = (step for step in range(stairs.steps) if account.seconds >= step * stairs.seconds + needed)
    return tuple(_of_step(account, stairs, step) for step in begun)


def steps_said(steps: Sequence[StepFigures], allowed: float) -> Iterator[str]:
    """The steps in a line each, and where the knee is."""
    yield from map(str, steps)
    for step in steps:
        if problem := step.problem(allowed):
            own = (
                f"; but the load generator itself was {step.lag:.2g} s late then" if step.lag > allowed * _LATE else ""
            )
            yield f"the knee is at step {step.number} ({step.users} users): {problem}{own}"
            return
    if steps:
        yield f"no knee up to {steps[-1].users} users: all {len(steps)} steps held"


def _of_step(account: SwarmAccount, stairs: Stairs, step: int) -> StepFigures:
    scope = of_step(name_of(step))
    filled = account.samples("filled", scope)
    found = ((what, account.count(what, scope)) for what in _TROUBLES)
    return StepFigures(
        number=step + 1,
        users=stairs.until(step + 1),
        came=stairs.until(step + 1) - stairs.until(step),
        filled=filled.maximum if len(filled) else None,
        connect=_typical(account, "connect", scope),
        told=_typical(account, "told", scope),
        troubles=tuple((what, number) for what, number in found if number),
        memory=account.count("memory", scope),
        lag=_typical(account, "send_lag", scope)[1],
    )


def _typical(account: SwarmAccount, metric: str, scope: str) -> tuple[float, float]:
    samples = account.samples(metric, scope)
    if not len(samples):
        return 0.0, 0.0
    median, late = samples.percentiles(50, 99)
    return median, late


def _shown(pair: tuple[float, float]) -> str:
    median, late = pair
    return f"p50 {_time(median)} p99 {_time(late)}" if late else "never"


def _time(seconds: float) -> str:
    return f"{seconds:.3g} s" if seconds >= 1 else f"{seconds * 1e3:.3g} ms"
