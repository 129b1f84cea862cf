"""When Python's garbage collector looks at everything: a full collection stops a process for as long as it takes.

That is the time to visit every object of every connection. In a long run it was half a second with idle cores and
several with busy ones; in a server 0.8 s at 6,000 connections, 1 to 2.5 s at 18,000. Meanwhile no heartbeat is
answered and no event is seen to arrive.
"""

import gc
from typing import Final

__all__ = ["keep", "keep_if_grown", "look_rarely"]

_RARELY: Final = 1000
"""Instead of 10 collections of middle-aged objects before a full one is considered."""


def keep() -> None:
    """Collect once more; what lives then stays, and is looked through no more."""
    gc.collect()
    gc.freeze()


def keep_if_grown() -> None:
    """The same where objects have grown old since: cheap enough to be asked between any two pieces of work."""
    if gc.get_count()[2]:
        keep()


def look_rarely() -> None:
    """In a process that only serves: keep what lives now, and have full collections hardly ever.

    Python begins one whenever a quarter more objects live. But those of connections that open are no garbage, and one
    that ends leaves none: its parts are freed as they let go of each other. So it is for rubbish of any other origin.
    """
    keep()
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, _RARELY)
