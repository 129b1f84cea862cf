"""Named misbehaviours, off by default: what proves that the suite bites.

Each answers a question of `Conduct` otherwise, and is one line in the table of the system whose requirement it breaks.
"""

from typing import Final

from eventproof.errors import UsageError

from ..delivery.conduct import Conduct
from . import every_system, marketplace, plan_sync, shield, studyspot, user_state
from .fault import Fault

__all__ = ["FAULTS", "TABLES", "Fault", "conduct_of"]

TABLES: Final = (
    user_state.FAULTS,
    shield.FAULTS,
    plan_sync.FAULTS,
    studyspot.FAULTS,
    marketplace.FAULTS,
    every_system.FAULTS,
)
FAULTS: Final = {fault.name: fault for table in TABLES for fault in table}


def conduct_of(name: str) -> Conduct:
    """How a server with this fault behaves; without a name, well. Raises UsageError where there is no such fault."""
    if not name:
        return Conduct()
    if name not in FAULTS:
        raise UsageError(f"there is no fault {name!r}: `eventproof serve --list-faults` names them")
    return FAULTS[name].conduct()
