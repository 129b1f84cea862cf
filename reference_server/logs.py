"""Structured logs: one JSON object a line, on standard error, with nothing in it that lets anybody in."""

import logging
import re
import sys
import time
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from typing import Any, Final, TextIO

import structlog

_SECRET_KEYS: Final = frozenset({"password", "token", "secret", "authorization", "auth"})
_TOKEN: Final = re.compile(r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
REDACTED: Final = "[redacted]"
PAUSE: Final = 5.0
"""Seconds for which what happens again and again is told once."""


def redact(_logger: Any, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take tokens and passwords out, by the name of the field and by the look of the value."""
    return {key: REDACTED if key.lower() in _SECRET_KEYS else _clean(value) for key, value in entry.items()}


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return _TOKEN.sub(REDACTED, value)
    if isinstance(value, dict):
        return {key: REDACTED if str(key).lower() in _SECRET_KEYS else _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return value


_SHARED: Final[list[Any]] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    redact,
]


def configure(level: str = "info") -> None:
    """Send our own logs and the libraries' warnings to standard error, in one form."""
    stream: Any = _Unfailing(sys.stderr)
    structlog.configure(
        processors=[*_SHARED, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)


class _Unfailing:
    """A stream whose failures fail nobody: where the disk is full, a call is answered all the same."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """As much as can be."""
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """As far as can be."""
        with suppress(OSError):
            self._stream.flush()


class Seldom:
    """Says each event once in a while, and then how often it has happened since: what comes in floods fills no log."""

    def __init__(self, say: Callable[..., object], clock: Callable[[], float] = time.monotonic) -> None:
        self._say = say
        self._clock = clock
        self._said: dict[str, float] = {}
        self._times: dict[str, int] = {}

    def __call__(self, event: str, **fields: object) -> None:
        """It has happened; `event` is one of a few names."""
        now, times = self._clock(), self._times.get(event, 0) + 1
        if now - self._said.get(event, -PAUSE) < PAUSE:
            self._times[event] = times
            return
        self._said[event], self._times[event] = now, 0
        self._say(event, times=times, **fields)
