"""Those who take part and are there now, in turn."""

from collections import deque
from typing import Generic, Protocol, TypeVar

__all__ = ["Present", "Turns"]


class Present(Protocol):
    """Somebody who may be there or not."""

    @property
    def is_there(self) -> bool:
        """Whether they are connected on any device."""


_Somebody = TypeVar("_Somebody", bound=Present)


class Turns(Generic[_Somebody]):
    """Everybody who came, once."""

    def __init__(self) -> None:
        self._people: deque[_Somebody] = deque()

    def came(self, somebody: _Somebody) -> None:
        """Somebody takes part from now on."""
        self._people.append(somebody)

    def all(self) -> tuple[_Somebody, ...]:
        """Whoever came, also those who are not there now."""
        return tuple(self._people)

    def next(self, number: int) -> list[_Somebody]:
        """So many who are there, each once; fewer where there are not so many."""
        found: list[_Somebody] = []
        for _ in range(len(self._people)):
            if len(found) == number:
                break
            self._people.rotate(-1)
            if (somebody := self._people[-1]).is_there:
                found.append(somebody)
        return found
