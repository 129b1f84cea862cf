"""What every process that holds a trial needs is imported and loaded here, once: they are forks of one that did it."""

import gc

from eventproof.conform import attempts, rest
from eventproof.conform.listing import collected
from tests.conform import trials

__all__ = ["attempts", "rest", "trials"]

collected(trials.SYSTEMS)  # reads the contracts, and imports the cases as pytest does
gc.freeze()  # what is loaded stays, and need not be gone through for garbage
