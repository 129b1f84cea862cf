"""Everybody whom the profile gives: the admins, who acts for each further role, and whom the cases are lent."""

from collections.abc import Callable, Collection, Iterable, Iterator

from eventproof.catalog import ADMIN, ANYONE, USER, Operation, System
from eventproof.errors import EventproofError, Inconclusive
from eventproof.target import Identity, Target

from .person import Person
from .pool import Pool
from .share import Share
from .verdicts import NotTestable

__all__ = ["People"]

_LENT = 3
"""Of those who are the members of one system and act in another, so many are kept to be lent before one acts."""
_TRIED = 8
"""So many are tried at most until one of them gets a session."""


class People:
    """The people of one run.

    An admin acts in the whole run, and so does the first of each role whose calls only arrange what the members of a
    system, for whom its channel is, hear of. All others are lent to one case at a time.
    """

    def __init__(
        self, target: Target, systems: Iterable[System], make: Callable[[str, Identity], Person], seed: int
    ) -> None:
        known = tuple(systems)
        members = {USER, *(system.member for system in known)}
        beside = {role for system in known for role in system.roles if role != system.member} - {USER}
        self._source = target.source
        self.admins = self._made(make, ADMIN, target.admins)
        self._acting = {ADMIN: self.admins[0]} if self.admins else {}
        self._pools: dict[str, Pool] = {}
        self._shares: list[Share] = []
        self._all = list(self.admins)
        for role in (USER, *target.others):
            people = self._made(make, role, target.people(role))
            self._all += people
            if people and (role not in members or (role in beside and len(people) > _LENT)):
                self._acting[role] = people.pop(0)
            self._shares.append(Share(f"{target.base_url} {role}", seed))
            self._pools[role] = Pool(*self._shares[-1].of(people), role=role)
        for person in self._all:
            if person not in self.admins and self.admins:
                person.admin = self.admins[0]

    def release(self) -> None:
        """Let other runs have them."""
        for share in self._shares:
            share.release()

    @staticmethod
    def _made(make: Callable[[str, Identity], Person], role: str, identities: Iterable[Identity]) -> list[Person]:
        return [make(f"{role}-{number}", identity) for number, identity in enumerate(identities, 1)]

    def __iter__(self) -> Iterator[Person]:
        return iter(self._all)

    def named(self, name: str) -> Person | None:
        """Who has this name in the history."""
        return next((person for person in self._all if person.name == name), None)

    @property
    def standing(self) -> tuple[Person, ...]:
        """Those who are never lent: the admins, and who acts for a role."""
        return tuple(dict.fromkeys((*self.admins, *self._acting.values())))

    def acting(self, role: str) -> Person:
        """Who acts for a role in this run; raises NotTestable where the profile gives nobody of it."""
        if role not in self._acting:
            where = "[[identities.admins]]" if role == ADMIN else f'[[identities.people]], with role = "{role}"'
            raise NotTestable(f'{self._source} gives nobody of the role "{role}": add to {where}')
        return self._acting[role]

    def caller(self, operation: Operation, user: Person) -> Person:
        """Who makes a call about a user: they themselves where their role may, else who acts for the role that does."""
        if {ANYONE, USER, user.role} & set(operation.roles):
            return user
        return self.acting(next((role for role in operation.roles if role in self._acting), operation.role))

    def another_tier(self, person: Person) -> str | None:  # noqa: ARG002 - a case knows
        """Nobody here knows which tier somebody has."""
        return None

    def pool(self, role: str) -> Pool:
        """Those of a role who are lent."""
        return self._pools.setdefault(role, Pool((), role=role))

    async def lend(self, role: str) -> Person:
        """Somebody of a role whom no other case has, with a session; whoever can get none now comes later again.

        Raises NotTestable where there are too few of them, Inconclusive where none of those who were tried gets one.
        """
        pool = self.pool(role)
        for left in reversed(range(max(min(len(pool), _TRIED), 1))):
            person = pool.take()
            try:
                await person.fresh_session()
            except Inconclusive as failed:
                pool.postpone(person, str(failed))
                if not left:
                    raise
            except BaseException:
                pool.give_back(person)
                raise
            else:
                return person
        raise AssertionError("one of them was lent, or what kept the last one from it was raised")

    async def lend_again(self, role: str, names: Collection[str], most: int) -> list[Person]:
        """Those of these people whom nobody has now, as far as they can get a session."""
        found, pool = [], self.pool(role)
        for person in pool.take_again(names, most):
            try:
                await person.fresh_session()
            except EventproofError as failed:
                pool.postpone(person, str(failed))
            else:
                found.append(person)
        return found
