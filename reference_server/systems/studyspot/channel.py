"""The channel of studyspot: the rooms that its clients ask for, and who may have which.

Events of a role go to connections that have joined its room, not to every connection whose session has the role: the
portals ask for it, as the specification has it. What is for a desk goes to the rooms of who is at it, so that whoever
begins or ends to work there needs no new connection.
"""

from typing import Any, Final

from ...delivery.connections import Connection
from ...delivery.options import ChannelOptions, EventHandler
from ...delivery.rooms import of_role
from ...refusals import Refusal
from ...services import Services
from . import tables

SYSTEM: Final = "studyspot"
_CODES: Final = {
    "INVALID_PAYLOAD": "invalid_input",
    "RATE_LIMITED": "too_many_events",
    "INTERNAL_ERROR": "internal_error",
}
_DESK_ROLES: Final = frozenset({"library_owner", "staff"})


def of_joined_role(role: str) -> str:
    """The room of the connections that have joined this role's."""
    return f"studyspot-role:{role}"


def at_desk(user_id: str) -> str:
    """The room of those connections of an owner or a staff member that have joined their role's."""
    return f"studyspot-desk:{user_id}"


def of_library(library_id: str) -> str:
    """The room of the connections that have asked for a library's seats."""
    return f"studyspot-library:{library_id}"


def options(services: Services) -> dict[str, ChannelOptions]:
    """How studyspot uses its channel, by its name in the contract."""
    rooms = Rooms(services)
    handlers: dict[str, EventHandler] = {
        "join:role": rooms.join_role,
        "join:library": rooms.join_library,
        "leave:library": rooms.leave_library,
    }
    return {"portal": ChannelOptions(handlers=handlers, codes=_CODES)}


class Rooms:
    """What clients ask for, by the contract's events."""

    def __init__(self, services: Services) -> None:
        self._store = services.store
        self._connections = services.connections
        self._conduct = services.conduct

    async def join_role(self, connection: Connection, role: str) -> dict[str, Any]:
        """What this role hears; it is that of the session. Raises Refusal."""
        code = self._conduct.joins(
            connection, f"role:{role}", None if of_role(role) in connection.rooms else "wrong_role"
        )
        if code:
            raise Refusal(code, "Your session has another role: join the room of your own.")
        self._connections.join(connection, of_joined_role(role))
        if role in _DESK_ROLES:
            self._connections.join(connection, at_desk(connection.session.user_id))
        return {"joined": f"role:{role}"}

    async def join_library(self, connection: Connection, library_id: str) -> dict[str, Any]:
        """What becomes of the seats of a library. Raises Refusal where there is none."""
        async with self._store.reading() as reading:
            known = await tables.find_library(reading, library_id) is not None
        code = self._conduct.joins(connection, f"library:{library_id}", None if known else "library_not_found")
        if code:
            raise Refusal(code)
        self._connections.join(connection, of_library(library_id))
        return {"joined": f"library:{library_id}"}

    async def leave_library(self, connection: Connection, library_id: str) -> dict[str, Any]:
        """No more of that; whoever is not there stays away."""
        self._connections.leave(connection, of_library(library_id))
        return {"left": f"library:{library_id}"}
