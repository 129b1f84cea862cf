"""Rooms: whom an event is for. Every connection is in rooms, and an event goes to one.

A room may lie in another one, as `plans/pln_1` lies in `plans`: who is in the outer one hears what goes to it as well.
"""

from typing import Final

__all__ = ["ADMINS", "around", "of_role", "of_user", "user_in"]

_USER, _ROLE = "user:", "role:"


def of_user(user_id: str) -> str:
    """The room of all connections of a user."""
    return _USER + user_id


def of_role(role: str) -> str:
    """The room of all connections whose session has this role."""
    return _ROLE + role


ADMINS: Final = of_role("admin")


def user_in(room: str) -> str | None:
    """The user whose room it is; None where it is not that of one user."""
    return room.removeprefix(_USER) if room.startswith(_USER) else None


def around(room: str) -> list[str]:
    """The room, and those that it lies in."""
    parts = room.split("/")
    return ["/".join(parts[:count]) for count in range(len(parts), 0, -1)]
