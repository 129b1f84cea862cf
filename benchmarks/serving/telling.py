"""One change that many are told of: a room on Socket.IO, and streams."""

import time
from collections.abc import Callable, Iterator, Sequence
from statistics import median
from typing import Final

from . import frames
from .client import Call, Client, Connection, Failed, Request
from .figures import Figure, Row, rate_rows
from .stage import PATIENCE, Effort, Sizes, Stage

__all__ = ["room", "room_rows", "streams", "streams_rows"]

_TEXT: Final = "Everything that is sent back within thirty days, unworn and in its box, is paid back. " + "x" * 50
_AT_ONCE: Final = 64
_STREAM: Final = "/api/plans/subscribe"
_PLAN: Final = {"name": "Platinum", "roi": 5, "duration": 180, "minAmount": 1000, "maxAmount": 100000}

Count = Callable[[Connection, bytes], int]
"""How many events came on a connection with this."""


def room(stage: Stage) -> Iterator[Figure]:
    """The crowd of the stage joins a room, and hears each of some changes."""
    seller = stage.people.seller
    _join(stage.client, stage.crowd, frames.masked(f'420["join:storefront","{seller.id}"]'))
    changes = [
        Request.of("PATCH", "/api/user/branding", seller.token, {"returnsPolicy": f"{_TEXT} {number:04}"})
        for number in range(stage.sizes.broadcasts)
    ]
    yield from _told(stage, "room", stage.call(), changes, Connection.count)


def room_rows(sizes: Sizes) -> list[Row]:
    """What that gives."""
    return [
        *rate_rows("room", f"one event to a room of {sizes.crowd:,}, messages/s"),
        Row("room-first", "… its first recipient, ms"),
        Row("room-last", "… its last recipient, ms", digits=1),
    ]


def streams(stage: Stage) -> Iterator[Figure]:
    """A crowd opens streams, and hears each of some changes."""
    client, admin, call = stage.client, stage.people.admin, stage.call()
    plan = client.call(call, Request.of("POST", "/api/admin/plans", admin.token, _PLAN))
    users = stage.people.users[: stage.sizes.crowd]
    stage.crowd = client.streams(_STREAM, [user.token for user in users])
    client.rest(stage.sizes.settle)
    changes = [
        Request.of("PUT", f"/api/admin/plans/{plan['id']}", admin.token, {"roi": 6 + number / 10})
        for number in range(stage.sizes.broadcasts)
    ]
    yield from _told(stage, "streams", call, changes, lambda _, data: frames.events(data))


def streams_rows(sizes: Sizes) -> list[Row]:
    """What that gives."""
    return [
        *rate_rows("streams", f"one change to {sizes.crowd:,} streams, messages/s"),
        Row("streams-first", "… its first reader, ms"),
        Row("streams-last", "… its last reader, ms", digits=1),
    ]


def _told(stage: Stage, row: str, call: Call, changes: Sequence[Request], count: Count) -> Iterator[Figure]:
    """Make each of these calls, which the whole crowd is told of, once the one before was heard by all."""
    size, effort = len(stage.crowd), Effort(stage.process)
    times = [_heard(stage.client, call, change, size, count) for change in changes]
    effort.end()
    first, last = (median(seconds) for seconds in zip(*times, strict=True))
    yield Figure(row, size / last, effort.client)
    yield Figure(f"{row}-cpu", size * len(changes) / effort.processor, effort.client)
    yield Figure(f"{row}-first", first * 1e3, effort.client)
    yield Figure(f"{row}-last", last * 1e3, effort.client)


def _heard(client: Client, call: Call, change: Request, size: int, count: Count) -> tuple[float, float]:
    """The seconds from the call to the first who hears of it, and to the last. Raises Failed."""
    clock = time.perf_counter
    began, first, last = clock(), 0.0, 0.0
    left, answered = size, False
    call.send(change)
    while left > 0 or not answered:
        if clock() - began > 2 * PATIENCE:
            raise Failed(f"{left} of {size} were not told within {2 * PATIENCE:.0f} s")
        for connection, data in client.poll(1.0):
            if connection is call.connection:
                answered = call.answered(data)
                continue
            if not data:
                raise Failed("the server ended a connection")
            came = count(connection, data)
            if came and not first:
                first = clock() - began
            left -= came
        if left <= 0 and not last:
            last = clock() - began
    return first, last


def _join(client: Client, crowd: Sequence[Connection], join: bytes) -> None:
    """Each says this, and is answered. Raises Failed."""
    for start in range(0, len(crowd), _AT_ONCE):
        waiting, until = set(crowd[start : start + _AT_ONCE]), time.perf_counter() + PATIENCE
        for connection in waiting:
            connection.send(join)
        while waiting:
            if time.perf_counter() > until:
                raise Failed(f"joining a room took more than {PATIENCE:.0f} s")
            for connection, data in client.poll(1.0):
                if not data:
                    raise Failed("the server ended a connection")
                if connection.count(data):
                    waiting.discard(connection)
