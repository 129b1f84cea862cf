"""Which objectives a run has missed for so long that it is to be ended. Pure: times are arguments, in seconds."""

from collections.abc import Iterable

from .objectives import Figures, ObjectiveLine, missed

__all__ = ["Watch"]


class Watch:
    """Looks at the figures of a run again and again; only lines with `abort_after` matter."""

    def __init__(self, objectives: Iterable[ObjectiveLine]) -> None:
        self.lines = tuple(line for line in objectives if line.abort_after is not None)
        self._since: dict[ObjectiveLine, float] = {}
        """Since when each is missed without a break."""

    @property
    def metrics(self) -> frozenset[str]:
        """The names of the latencies that it looks at."""
        return frozenset(line.measured for line in self.lines if line.selector)

    def look(self, figures: Figures, at: float) -> tuple[ObjectiveLine, ...]:
        """Those that have been missed for as long as they allow."""
        now_missed = set(missed(self.lines, figures))
        self._since = {line: self._since.get(line, at) for line in self.lines if line in now_missed}
        return tuple(line for line, since in self._since.items() if at - since >= (line.abort_after or 0.0))
