"""The users that the profile lends, given out fresh ones first and taken back as they were."""

from collections import Counter, deque
from collections.abc import Collection, Mapping, Sequence

from eventproof.catalog import USER
from eventproof.errors import Inconclusive

from .person import Person
from .verdicts import NotTestable

__all__ = ["Pool"]

_PATIENCE = 3
"""So many times a user may fail to get a session in a run."""


class Pool:
    """The users that nobody has at the moment; those of the `reserve` are lent where all others are out."""

    def __init__(self, people: Sequence[Person], reserve: Sequence[Person] = (), role: str = USER) -> None:
        self._role = role
        self._people = deque(people)
        self._reserve = deque(reserve)
        self._size = len(people) + len(reserve)
        self._lost: dict[str, str] = {}
        self._failures: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._people) + len(self._reserve)

    @property
    def lost(self) -> Mapping[str, str]:
        """Who takes part in no case at the moment, and why."""
        return self._lost

    def take(self) -> Person:
        """A user, the one that was given back longest ago.

        Raises NotTestable where the profile gives too few, Inconclusive where there were more when the run began.
        """
        if people := self._people or self._reserve:
            return people.popleft()
        if not self._lost:
            what, where = f"{self._size} users", "[[identities.users]]"
            if self._role != USER:
                what = f'{self._size} of the role "{self._role}" who can be lent'
                where = f'[[identities.people]], with role = "{self._role}"'
            raise NotTestable(f"the profile gives {what}, and this case needs more: add to {where}")
        name, why = next(reversed(self._lost.items()))
        raise Inconclusive(
            f"{len(self._lost)} of the {self._size} users of the profile take no further part, and too few are left "
            f"for this case; the last of them is {name}: {why}"
        )

    def take_again(self, names: Collection[str], most: int) -> list[Person]:
        """Those of these users whom nobody has, the latest to come back first; at most so many."""
        found = [person for person in reversed(self._people) if person.name in names][:most]
        for person in found:
            self._people.remove(person)
        return found

    def give_back(self, person: Person) -> None:
        """Take a user back; one who cannot get a session any more is of no use."""
        if person.has_session or person.can_log_in:
            self._lost.pop(person.name, None)
            self._people.append(person)
        else:
            self.lose(person, "their session is over, and they have no password for another one")

    def postpone(self, person: Person, why: str) -> None:
        """A user who could get no session just now comes later again, but not for ever."""
        self._failures[person.name] += 1
        if self._failures[person.name] < _PATIENCE:
            self._people.append(person)
        else:
            self.lose(person, why)

    def lose(self, person: Person, why: str) -> None:
        """A user does not come back, at least not now."""
        self._lost[person.name] = why
