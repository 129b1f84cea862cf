"""Waits for a target that is still starting, as one does in a job that has just started it."""

import time

from eventproof.catalog import Catalog
from eventproof.errors import TargetUnavailable
from eventproof.interruption import HEEDED
from eventproof.target import Target

from .probe import probe

__all__ = ["wait_for"]

_PAUSE = 0.5
"""Seconds between two looks."""


def wait_for(target: Target, catalog: Catalog, seconds: float) -> None:
    """Return as soon as the target answers as what its systems need.

    Raises the TargetUnavailable of the last look where it does not within the `seconds`, KeyboardInterrupt where
    somebody wants it to end, and UsageError as `probe` does.
    """
    deadline = time.monotonic() + seconds
    while True:
        HEEDED.heed()
        try:
            probe(target, catalog)
        except TargetUnavailable as absent:
            if time.monotonic() + _PAUSE > deadline:
                raise TargetUnavailable(f"{str(absent).rstrip('.')}; waited {seconds:g} s for it") from absent
            time.sleep(_PAUSE)
        else:
            return
