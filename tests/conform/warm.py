"""What every process that holds a trial needs is imported and loaded here, once: they are forks of one that did it."""

import gc

from reference_server.refusals import contracts
from tests.conform import trials

__all__ = ["trials"]

contracts()
gc.freeze()  # what is loaded stays, and need not be gone through for garbage
