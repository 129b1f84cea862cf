"""What changes from one contract to the next, and for whom: pure functions of two catalogues, and a table of rules."""

from .catalogues import compared
from .rules import RULES, Change, Level, Rule

__all__ = ["RULES", "Change", "Level", "Rule", "compared"]
