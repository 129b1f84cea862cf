"""Runs beside each other: what changed of what holds, of the latencies beyond the noise, and of what arrived."""

from .comparing import compare
from .comparison import Change, Comparison, Side

__all__ = ["Change", "Comparison", "Side", "compare"]
