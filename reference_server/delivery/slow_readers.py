"""Slow readers: who does not take what is sent is cut off, which is counted, and logged with its reason."""

from collections.abc import Iterable

import structlog

from ..metrics import Metrics
from ..reasons import Reason
from .connections import Connection

_log = structlog.get_logger("delivery")


class SlowReaders:
    """Told by whoever cuts one off: a transport whose socket is full, or the courier during a welcome."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def cut(self, transport: str, connections: Iterable[Connection]) -> None:
        """One reader was cut off; the connections that end with it may be several, or none yet."""
        self._metrics.cut()
        log = _log.bind(reason=Reason.SLOW_READER.value, transport=transport)
        ended = [{"user": connection.session.user_id, "channel": connection.channel} for connection in connections]
        for connection in ended or [{}]:
            log.info("connection-cut", **connection)
