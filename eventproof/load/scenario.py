"""What a locustfile says of itself: the system it is about, and what it asks for where nobody asks for more."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .objectives import ObjectiveLine


@dataclass(slots=True)
class Scenario:
    """Filled in while the locustfile is read."""

    system: str = ""
    """Its name; no swarm is about none."""
    patience: float = 0.0
    """Seconds that an event may wait for its cause."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """By the names of events: where their payloads tell them from others about the same thing (a JSON pointer)."""
    objectives: tuple[ObjectiveLine, ...] = ()
