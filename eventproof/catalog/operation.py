"""A call, as its contract has it: who may make it, what it takes and answers, what comes before and undoes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from .placeholders import PLACEHOLDER

__all__ = ["ADMIN", "ANYONE", "CALLER", "USER", "Ends", "OfSession", "Operation", "Undoing", "needed"]

Json = Any
ANYONE: Final = "anyone"
"""The role of a call that takes no session."""
USER: Final = "user"
"""The role of a call that takes every session."""
ADMIN: Final = "admin"
CALLER: Final = "caller"
"""Who makes a call, where it says whom it has join a room."""


@dataclass(frozen=True, slots=True)
class Undoing:
    """The admin's call that undoes another for its user; `{tier}` among its further `parameters` is the user's own.

    Where `removes`, it is about what the other call made: each of its parameters is a `{name}` of that call's answer.
    """

    operation: str
    parameters: Mapping[str, str] = field(default_factory=dict, hash=False)
    removes: bool = False


class OfSession(StrEnum):
    """What a call is to a session."""

    BEGINS = "begins"
    """Its answer has the token of a new one."""
    SHOWS = "shows"
    """It tells whose a token is, and so whether it is good."""


class Ends(StrEnum):
    """Whose sessions a call ends."""

    CALLER = "caller"
    """The session that it is made with."""
    USER = "userId"
    """All of the user whom it names."""


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One call: an operationId of the OpenAPI document."""

    system: str
    id: str
    method: str
    path: str
    role: str
    """Who calls it: `anyone`, `user` (every session), `admin`, or another one; the first of the document's `x-role`."""
    summary: str
    parameters: tuple[str, ...]
    """The names of all that it takes: in the path, in the query, in headers, and the fields of its body."""
    refusals: tuple[str, ...]
    """The error codes that it can refuse with."""
    capability: str | None = None
    """Is there only on a target that claims it."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """The headers that carry a parameter, each with its name among the parameters: `If-Match` has `ifMatch`."""
    optional: frozenset[str] = frozenset()
    """The parameters in headers that may be left out."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """What is read from the answer, and where it stands: a JSON pointer, of a list's items where it is in an item; or
    `$response.header.NAME`."""
    undone_by: Undoing | None = None
    """None: nothing undoes it."""
    session: OfSession | None = None
    ends: Ends | None = None
    """Whose sessions it ends."""
    lasts: bool = False
    """Whether what it does to a user waits until it is used up, and cannot be taken back."""
    needs: tuple[str, ...] = ()
    """The operations that come before it, about the same things; what these need comes before them."""
    example: Mapping[str, Json] = field(default_factory=dict)
    """A value for each parameter of which the document gives one; the body's are those of its first example."""
    unique: frozenset[str] = frozenset()
    """The parameters whose value no earlier call may have had: texts."""
    required: frozenset[str] = frozenset()
    """The parameters without which it cannot be called."""
    also: tuple[str, ...] = ()
    """The further roles that may call it."""
    people: Mapping[str, str] = field(default_factory=dict)
    """The parameters that are somebody's id, each with the role of that person."""
    joins: Mapping[str, str] = field(default_factory=dict)
    """The rooms that users are in once it was accepted, each with who: `caller`, or the name of a parameter."""
    leaves: Mapping[str, str] = field(default_factory=dict)
    """The rooms that they are in no more, likewise."""
    event: str | None = None
    """The event of a client that it is, sent on the channel at its `path`; None: it is a call."""
    arguments: tuple[Json, ...] = ()
    """Of such an event: its arguments, with `{names}` where parameters go."""

    @property
    def in_path(self) -> tuple[str, ...]:
        """The parameters in its path: the ids of what it is about."""
        return tuple(PLACEHOLDER.findall(self.path))

    @property
    def roles(self) -> tuple[str, ...]:
        """All roles that may call it."""
        return (self.role, *self.also)

    @property
    def is_bound_to_a_role(self) -> bool:
        """Whether the session alone is not enough."""
        return self.role not in (ANYONE, USER)


def needed(operations: Mapping[str, Operation], operation_id: str) -> tuple[Operation, ...]:
    """All that comes before one of these, each once, in an order in which each has what it needs."""
    found: dict[str, Operation] = {}
    for before in operations[operation_id].needs:
        found |= {each.id: each for each in (*needed(operations, before), operations[before])}
    return tuple(found.values())
