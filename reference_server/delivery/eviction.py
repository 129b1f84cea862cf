"""Eviction: the end of sessions that are connected.

What ends them is committed already, so nothing here may fail or delay the call that caused it: no method waits, and a
connection that fails is logged and leaves the others alone.
"""

from collections.abc import Sequence

import structlog

from ..reasons import Reason
from .conduct import Conduct
from .connections import Connection, Connections, opened

_log = structlog.get_logger("delivery")


class Eviction:
    """Finds the connections of sessions that have ended, and closes them."""

    def __init__(self, connections: Connections, conduct: Conduct) -> None:
        self._connections = connections
        self._conduct = conduct

    def of_ban(self, user_id: str, before: int) -> list[Connection]:
        """The open connections of a user's sessions that were issued before this epoch.

        Those that are still being opened will be refused.
        """
        ended = [connection for connection in self._connections.of_user(user_id) if connection.session.epoch < before]
        for connection in ended:
            self._conduct.condemn(self._connections, connection, Reason.ACCOUNT_BANNED)
        return opened(ended)

    def log_out(self, user_id: str, token_id: str) -> None:
        """Close the connections of one session that was logged out."""
        ended = [one for one in self._connections.of_user(user_id) if one.session.token_id == token_id]
        for connection in ended:
            self._connections.condemn(connection, Reason.TOKEN_REVOKED)
        self.close(opened(ended), Reason.TOKEN_REVOKED)

    def close(self, connections: Sequence[Connection], reason: Reason) -> None:
        """Close each of a user's connections behind what it was sent."""
        if connections:
            user_id = connections[0].session.user_id
            _log.info("connections-closed", reason=reason.value, user=user_id, connections=len(connections))
        for connection in connections:
            self._connections.forget(connection)
        for connection in connections:
            try:
                connection.link.close(reason)
            except Exception:
                _log.exception("close-failed", user=connection.session.user_id, channel=connection.channel)
