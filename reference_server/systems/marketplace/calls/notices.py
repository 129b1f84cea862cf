"""What an admin tells a user, or all sellers."""

from collections.abc import Mapping
from typing import Any

from ....delivery.message import Message
from ....store.sql import SqlConnection
from ....transport.rest import Answer, Call, Handler
from ..desk import Desk
from ..events import Events


class Notices:
    """The handlers, by the contract's operationIds."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def operations(self) -> Mapping[str, Handler]:
        """The calls of admins."""
        return {"sendNotice": self.notify, "announceToSellers": self.announce}

    async def notify(self, call: Call) -> Answer:
        """One user hears it."""
        user = await self._desk.user(call.parameters["userId"])
        return await self._tell(call, user.id)

    async def announce(self, call: Call) -> Answer:
        """Every seller hears it, and nobody else."""
        return await self._tell(call, None)

    async def _tell(self, call: Call, user_id: str | None) -> Answer:
        content = {name: call.parameters[name] for name in ("title", "message") if name in call.parameters}

        async def change(_: SqlConnection, events: Events) -> tuple[dict[str, Any], list[Message]]:
            return content, [events.notice(user_id, content)]

        return Answer(201, await self._desk.carry(change))
