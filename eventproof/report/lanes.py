"""The time line of a failure: a lane an actor, one frame a row, and the pauses between them in words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .digest import seconds
from .records import Frame

__all__ = ["Row", "TimeLine", "time_line"]

LANES = 8
"""How many lanes are drawn; further actors share the last one."""
_PAUSE = 0.25
_SIGNS = {
    "called": "→",
    "answered": "←",
    "unanswered": "⌛",
    "opened": "○",
    "refused": "⊘",
    "joins": "▸",
    "joined": "▸",
    "leaves": "◂",
    "left": "◂",
    "sent": "→",
    "received": "←",
    "acked": "←",
    "closed": "●",
    "frame-in": "←",
    "frame-out": "→",
    "note": "▸",
}
"""The direction of a record's kind, seen from the client."""


@dataclass(frozen=True, slots=True)
class Row:
    """One frame: when, in which lane, and the pause before it in words, where it was a long one."""

    frame: Frame
    at: str
    lane: int
    sign: str
    pause: str


@dataclass(frozen=True, slots=True)
class TimeLine:
    """The rows, and how many lanes they need."""

    rows: tuple[Row, ...]
    lanes: int


def time_line(frames: Sequence[Frame]) -> TimeLine:
    """The frames in their order, each actor in the lane of its first appearance."""
    actors = list(dict.fromkeys(frame.actor for frame in frames))
    return TimeLine(tuple(_rows(frames, actors)), min(len(actors), LANES))


def _rows(frames: Sequence[Frame], actors: Sequence[str]) -> Iterator[Row]:
    previous = None
    for frame in frames:
        waited = frame.at - previous if previous is not None else 0.0
        yield Row(
            frame=frame,
            at=f"{frame.at:+.4f} s",
            lane=min(actors.index(frame.actor), LANES - 1),
            sign=_SIGNS.get(frame.kind, "·"),
            pause=f"{seconds(waited)} later" if waited >= _PAUSE else "",
        )
        previous = frame.at
