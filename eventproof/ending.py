"""What ends a session, and what else the pack `session` needs of a target: the `[session]` of a profile, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

__all__ = ["ANOTHER_PASSWORD", "ENDED_TOKEN", "Ending", "Endings", "Whose"]

ANOTHER_PASSWORD: Final = "newPassword"
"""The placeholder for a password that the user did not have before."""
ENDED_TOKEN: Final = "sessionToken"
"""The placeholder for the token of the session that is to end, whoever calls."""


class Whose(StrEnum):
    """Which sessions of its user something ends."""

    THIS = "this"
    """One: that which the call is made with, or names."""
    OTHERS = "others"
    """All but the one that the call is made with."""
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Ending:
    """One thing that ends sessions: a call, or time."""

    name: str
    """As the profile calls it; where it is a call, also the operation's id."""
    whose: Whose
    again: bool = True
    """Whether its user may log in again at once."""
    after: float | None = None
    """So many seconds after its beginning a session ends by itself; None: a call ends it."""
    is_signed: bool = False
    """Whether that time is written into a token which the target's secret signs; else it is what every session has."""
    undone_by: str | None = None
    """The operation after which its user is as before."""
    changes_password: bool = False

    @property
    def is_call(self) -> bool:
        """Whether a call ends the session, and not time."""
        return self.after is None


@dataclass(frozen=True, slots=True)
class Endings:
    """What ends sessions on a target, by name, and the further calls about sessions, by their operations."""

    known: Mapping[str, Ending] = field(default_factory=dict)
    reads: tuple[str, ...] = ()
    """The calls that need a session, each of which has to refuse one that has ended."""
    renews: str | None = None
    """Its answer has a new token of a session that goes on."""
    tells: str | None = None
    """Something is sent to the user whom it names."""
