"""A crowd that vanishes: how long others wait meanwhile, and when the server has let all go."""

import os
import signal
import time
from collections.abc import Iterator
from typing import Final

from .client import Failed, vanish
from .figures import Figure, Row
from .stage import Effort, Stage
from .witness import Witness

__all__ = ["vanishing", "vanishing_rows"]

_CALM: Final = 0.3
_AFTER: Final = 0.5
_GLANCE: Final = 0.02
_LONGEST: Final = 30.0


def vanishing(stage: Stage, size: str) -> Iterator[Figure]:
    """The crowd of the stage is gone from one moment to the next."""
    client, process, crowd = stage.client, stage.process, stage.crowd
    other = stage.enter(1)[0]
    witness = Witness(client, other, stage.call(), stage.who[other])
    # Where a database opens a file of its own meanwhile, or one of a hundred stays, all have left nevertheless.
    left = process.descriptors - len(crowd) + 5 + len(crowd) // 100
    holder = vanish(client, crowd)
    try:
        witness.watch(_CALM)
        effort = Effort(process)
        witness.longest = witness.late = 0.0
        os.kill(holder, signal.SIGKILL)
        began = time.perf_counter()
        while process.descriptors > left:
            if time.perf_counter() - began > _LONGEST:
                raise Failed(f"{process.descriptors} descriptors are open {_LONGEST:.0f} s after all have left")
            witness.watch(_GLANCE)
        gone = time.perf_counter() - began
        witness.watch(_AFTER)
        effort.end()
    finally:
        os.kill(holder, signal.SIGKILL)
        os.waitpid(holder, 0)
    yield Figure(f"vanish-{size}", witness.longest * 1e3, effort.client)
    yield Figure(f"late-{size}", witness.late * 1e3, effort.client)
    yield Figure(f"gone-{size}", gone * 1e3, effort.client)


def vanishing_rows(size: str, count: int) -> list[Row]:
    """What that gives."""
    return [
        Row(f"vanish-{size}", f"{count:,} clients vanish: longest wait of another, ms", digits=1),
        Row(f"late-{size}", "… of which the client itself was held up at most, ms", digits=1),
        Row(f"gone-{size}", "… until the server has let all go, ms", digits=0),
    ]
