"""The faults of the marketplace: each is a class, or a shape of one, and a line of one of the two tables."""

from typing import Final

from . import taken, told

FAULTS: Final = (*taken.FAULTS, *told.FAULTS)
