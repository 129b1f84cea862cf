"""Which part of the identities, users and rates of a swarm one of its processes has."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

__all__ = ["ProcessShare", "among"]

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class ProcessShare:
    """Which part of a whole a process has: every `of`-th, beginning with number `index`."""

    index: int = 0
    of: int = 1

    def cut(self, items: Sequence[_Item]) -> tuple[_Item, ...]:
        """This share of some items; the shares of all processes have no item in common and leave none out."""
        return tuple(items[self.index :: self.of])


def among(share: ProcessShare, number: int, of: int) -> ProcessShare:
    """The share of one of several scenarios in a process: as if each were a process of its own."""
    return ProcessShare(share.index * of + number, share.of * of)
