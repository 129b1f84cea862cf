"""Delivery: an event to every connection of a user, and the end of all of a user's sessions.

What is told is committed already, so nothing here may fail or delay the call that caused it: no method waits, and a
connection that fails is logged and leaves the others alone.
"""

from collections.abc import Callable, Iterable
from typing import Any

import structlog

from ..conduct import Conduct
from ..metrics import Metrics
from .channels import Channels
from .connections import Connection, Connections, opened
from .emission import Emission

_log = structlog.get_logger("delivery")


class Delivery:
    """Tells users what happened, over every transport they are connected with."""

    def __init__(self, connections: Connections, channels: Channels, metrics: Metrics, conduct: Conduct) -> None:
        self._connections = connections
        self._channels = channels
        self._metrics = metrics
        self._conduct = conduct

    def reaches(self, user_id: str) -> bool:
        """Whether this user has an open connection."""
        return bool(opened(self._connections.of_user(user_id)))

    def tell(self, user_id: str, name: str, payload: dict[str, Any]) -> None:
        """Send one event to every open connection of this user whose channel carries it."""
        mine = opened(self._connections.of_user(user_id))
        self._send(self._conduct.audience(name, mine, self._connections), name, payload)
        self._conduct.told(name, lambda: self._close(mine, "server disconnect"))

    def evict(self, user_id: str, before: int, name: str, payload: dict[str, Any]) -> int:
        """Tell, then close: every connection of a session issued before this epoch; those being opened are refused.

        The first half of a ban, the revocation, is committed by now. Gives the number of connections that ended.
        """
        doomed = [connection for connection in self._connections.of_user(user_id) if connection.session.epoch < before]
        for connection in doomed:
            self._conduct.doom(self._connections, connection, "account_banned")
        leaving = opened(doomed)
        self._conduct.evict(
            tell=lambda: self._send(self._conduct.audience(name, leaving, self._connections), name, payload),
            close=lambda: self._close(self._conduct.closes(leaving), "account_banned"),
        )
        return len(leaving)

    def end(self, user_id: str, token_id: str) -> None:
        """Close the connections of one session that was logged out."""
        mine = [c for c in self._connections.of_user(user_id) if c.session.token_id == token_id]
        for connection in mine:
            self._connections.doom(connection, "token_revoked")
        self._close(opened(mine), "token_revoked")

    def _send(self, recipients: Iterable[Connection], name: str, payload: dict[str, Any]) -> None:
        carrying = [connection for connection in recipients if self._channels.carries(connection.channel, name)]
        for sent_name, sent in self._conduct.messages(name, payload):
            emission = Emission(sent_name, sent)
            self._metrics.sent(sent_name, _each(carrying, lambda connection: connection.link.send(emission)))  # noqa: B023 - called at once

    def _close(self, connections: Iterable[Connection], reason: str) -> None:
        for connection in connections:
            self._connections.forget(connection)
        _each(connections, lambda connection: connection.link.close(reason))


def _each(connections: Iterable[Connection], act: Callable[[Connection], None]) -> int:
    """Act on each; one that fails does not stop the rest. Gives how many did not fail."""
    done = 0
    for connection in connections:
        try:
            act(connection)
        except Exception:
            _log.exception("delivery-failed", user=connection.session.user_id, channel=connection.channel)
        else:
            done += 1
    return done
