"""Who is to receive something: rooms, as far as their names are known, and terms of which nothing tells an id.

The names are those of a contract's audiences: `user:42`, `role:admin`, `everyone`, `room:desk:lib_1`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from .placeholders import PLACEHOLDER, filled

__all__ = ["CONNECTION", "EVERYONE", "Audience", "Untold", "is_of_role", "of_role", "of_user", "rooms_of", "told"]

EVERYONE: Final = "everyone"
CONNECTION: Final = "connection"
"""The room of the one connection that caused something."""
_ROLE: Final = "role:"


def of_user(user_id: str | int) -> str:
    """The room of one user."""
    return f"user:{user_id}"


def of_role(role: str) -> str:
    """The room of all who have a role."""
    return f"{_ROLE}{role}"


def is_of_role(room: str) -> bool:
    """Whether a room, or a term, is that of all who have a role."""
    return room.startswith(_ROLE)


def rooms_of(user_id: str | int | None, role: str) -> frozenset[str]:
    """The rooms that somebody is in by who they are; without an id, none of a user."""
    own = frozenset({of_role(role), EVERYONE})
    return own if user_id is None else own | {of_user(user_id)}


@dataclass(frozen=True, slots=True)
class Untold:
    """A room of which nothing tells all the ids in its name."""

    term: str
    """As the contract has it: `room:desk:{libraryId}`."""
    names: tuple[str, ...]
    """The placeholders that nothing fills."""
    _form: re.Pattern[str]

    def may_be(self, room: "str | Untold") -> bool:
        """Whether it may be this room."""
        return room.term == self.term if isinstance(room, Untold) else self._form.fullmatch(room) is not None


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is to receive one occurrence, or may."""

    rooms: frozenset[str]
    untold: tuple[Untold, ...] = ()
    """Further ones, of which nobody can tell which they are."""

    @classmethod
    def of(cls, terms: Iterable[str], values: Mapping[str, object]) -> "Audience":
        """The audience that these terms name, with these values of their placeholders."""
        found = [told(term, values) for term in terms]
        untold = tuple(room for room in found if isinstance(room, Untold))
        return cls(frozenset(room for room in found if isinstance(room, str)), untold)


def told(term: str, values: Mapping[str, object]) -> str | Untold:
    """The room that a term names with these values of its placeholders; it is untold where they lack one."""
    missing = tuple(dict.fromkeys(name for name in PLACEHOLDER.findall(term) if name not in values))
    if not missing:
        return filled(term, values)
    literals = PLACEHOLDER.split(term)  # every second one is a placeholder's name
    parts = [
        ".+" if is_name and part in missing else re.escape(str(values[part]) if is_name else part)
        for part, is_name in zip(literals, (index % 2 == 1 for index in range(len(literals))), strict=True)
    ]
    return Untold(term, missing, re.compile("".join(parts), re.DOTALL))
