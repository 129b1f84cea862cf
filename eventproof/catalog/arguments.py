"""What an event carries: one argument stands for itself, several are a list, told apart from one that is a list."""

from collections.abc import Iterable
from typing import Any

__all__ = ["Arguments", "payload_of"]


class Arguments(list[Any]):
    """The arguments of an event that came with more than one."""


def payload_of(arguments: Iterable[Any]) -> Any:
    """What stands for the arguments of one event: None where there are none."""
    several = Arguments(arguments)
    return several[0] if len(several) == 1 else several or None
