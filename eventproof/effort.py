"""How much a check tries where nobody says."""

from typing import Final

__all__ = ["MOST_PAYLOADS", "PAYLOADS"]

PAYLOADS: Final = 6
"""Good payloads, and as many bad ones, of each event of a client."""
MOST_PAYLOADS: Final = 200
