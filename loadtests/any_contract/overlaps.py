"""Which calls are in an order: those about one thing of which one was answered before the next was made. Pure."""

from collections.abc import Collection
from itertools import count

from eventproof.load.expectation import UNORDERED

__all__ = ["Overlaps"]


class Overlaps:
    """The calls that are under way, by what they are about; nobody can tell in which order a server takes these."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[int, int]] = {}
        """By thing: the step of the calls that are under way, and how many there are."""
        self._steps = count(1)

    def begin(self, things: Collection[str]) -> int:
        """A call about these things is made: its step. Calls that overlap have the same one, later ones a higher."""
        known = {self._open[thing][0] for thing in things if thing in self._open}
        if known and (len(known) > 1 or any(thing not in self._open for thing in things)):
            return UNORDERED
        step = known.pop() if known else next(self._steps)
        for thing in things:
            self._open[thing] = step, self._open.get(thing, (step, 0))[1] + 1
        return step

    def end(self, things: Collection[str], step: int) -> None:
        """It was answered, or given up."""
        for thing in () if step == UNORDERED else things:
            _, number = self._open[thing]
            if number > 1:
                self._open[thing] = step, number - 1
            else:
                del self._open[thing]
