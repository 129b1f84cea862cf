"""When Python's garbage collector looks at everything: a full collection stops a process for as long as it takes.

In a long run that was half a second with idle cores and several with busy ones, in which no heartbeat is answered and
no event is seen to arrive.
"""

import gc

__all__ = ["keep", "keep_if_grown"]


def keep() -> None:
    """Collect once more; what lives then stays, and is looked through no more."""
    gc.collect()
    gc.freeze()


def keep_if_grown() -> None:
    """The same where objects have grown old since: cheap enough to be asked between any two pieces of work."""
    if gc.get_count()[2]:
        keep()
