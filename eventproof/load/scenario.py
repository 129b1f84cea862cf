"""What a locustfile says of itself: the system it is about, and what it asks for where nobody asks for more."""

from dataclasses import dataclass

from .objectives import Objective


@dataclass(slots=True)
class Scenario:
    """Filled in while the locustfile is read."""

    system: str = "user-state"
    patience: float = 0.0
    """Seconds that an event may wait for its cause."""
    objectives: tuple[Objective, ...] = ()
