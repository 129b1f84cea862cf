"""The users that the profile lends, given out fresh ones first and taken back as they were."""

from collections import deque
from collections.abc import Sequence

from .person import Person
from .verdicts import NotTestable

__all__ = ["Pool"]


class Pool:
    """The users that nobody has at the moment."""

    def __init__(self, people: Sequence[Person]) -> None:
        self._people = deque(people)
        self._size = len(people)

    def __len__(self) -> int:
        return len(self._people)

    def take(self) -> Person:
        """A user, the one that was given back longest ago; raises NotTestable where all are out."""
        if not self._people:
            raise NotTestable(
                f"the profile gives {self._size} users, and this case needs more: add to [[identities.users]]"
            )
        return self._people.popleft()

    def give_back(self, person: Person) -> None:
        """Take a user back; one who cannot get a session any more is of no use."""
        if person.has_session or person.can_log_in:
            self._people.append(person)
