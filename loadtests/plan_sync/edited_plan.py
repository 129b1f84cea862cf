"""A plan of a swarm: its id, and what it has been, so that an old state of it is known as one."""

from collections import deque
from typing import Final

__all__ = ["EditedPlan"]

_VERSIONS: Final = 200
"""So many of the latest states of a plan are known."""


class EditedPlan:
    """A plan of ours: its id, and the ROI of each of its latest versions, with when its edit was answered."""

    def __init__(self, plan_id: str | int, roi: float) -> None:
        self.id = plan_id
        self.rois: deque[tuple[float, float]] = deque([(roi, 0.0)], maxlen=_VERSIONS)
        self.gone: float | None = None
        """When its deletion was answered."""
        self.is_busy = False
        """Whether an edit is under way: the next one waits, so that the order of the answers is that of the edits."""

    def __str__(self) -> str:
        return f"plan {self.id}"

    def is_stale(self, roi: float, asked: float) -> bool:
        """Whether what was shown to who asked then had been changed or deleted before; what nobody knows is new."""
        if self.gone is not None and self.gone <= asked:
            return True
        last = max((number for number, (_, at) in enumerate(self.rois) if at <= asked), default=0)
        shown = [number for number, (known, _) in enumerate(self.rois) if known == roi]
        return bool(shown) and shown[-1] < last
