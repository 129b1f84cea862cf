"""When Python's garbage collector looks at everything: hardly ever.

Such a full collection stops the server for as long as it takes to visit every object of every connection: 0.8 s were
measured at 6,000 connections, 1 to 2.5 s at 18,000. Python begins one whenever a quarter more objects live. But those
of connections that open are no garbage, and one that ends leaves none: its parts are freed as they let go of each
other.
"""

import gc
from typing import Final

from eventproof.garbage import keep

_RARELY: Final = 1000
"""Instead of 10 collections of middle-aged objects before a full one is considered: for rubbish of any other origin."""


def take_over() -> None:
    """In a process that only serves: what lives now stays, and is looked at no more; full collections become rare."""
    keep()
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, _RARELY)
