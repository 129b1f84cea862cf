"""The users that the profile lends, given out fresh ones first and taken back as they were.

What a case did to a user is read from its history: who was the object of a ban gets unbanned, who got another tier
gets the old one back, and a session that a ban or a logout ended is begun anew when it is needed.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

from eventproof.history import Kind, Record

from .person import Person
from .verdicts import NotTestable

__all__ = ["Pool", "done_to", "ends_session", "undoing"]


def done_to(person: Person, records: Iterable[Record]) -> frozenset[str]:
    """The operations that the records tell were tried on this person."""
    return frozenset(
        record.name
        for record in records
        if record.kind is Kind.CALLED and isinstance(record.payload, dict) and record.payload.get("userId") == person.id
    )


def undoing(
    person: Person, lowest_tier: str | None, done: frozenset[str] | None = None
) -> list[tuple[str, dict[str, Any]]]:
    """The operations, with their parameters, that undo what was done to this person; all, where `done` is None."""
    operations: list[tuple[str, dict[str, Any]]] = []
    if done is None or "banUser" in done:
        operations.append(("unbanUser", {"userId": person.id}))
    tier = person.tier or lowest_tier
    if tier is not None and (done is None or "updateUserTier" in done):
        operations.append(("updateUserTier", {"userId": person.id, "tier": tier}))
    return operations


def ends_session(records: Sequence[Record], person: Person) -> bool:
    """Whether the records tell of something that ended the person's session."""
    left = any(
        record.kind is Kind.CALLED and record.name == "logout" and record.actor == person.name for record in records
    )
    return left or "banUser" in done_to(person, records)


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
