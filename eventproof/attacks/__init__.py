"""How a protocol can be broken: the catalogue of attacks, and who makes one on a target."""

from .apart import made_apart
from .attack import MALFORMED, Attack, Door, Kind, Who
from .attacker import Attacker
from .catalogue import ATTACKS, of_kind
from .outcome import End, Outcome
from .place import Place, place
from .visit import Patience

__all__ = [
    "ATTACKS",
    "MALFORMED",
    "Attack",
    "Attacker",
    "Door",
    "End",
    "Kind",
    "Outcome",
    "Patience",
    "Place",
    "Who",
    "made_apart",
    "of_kind",
    "place",
]
