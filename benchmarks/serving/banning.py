"""Bans, one after the other: from the admin's call to the event at the banned user's connection."""

import time
from collections.abc import Iterator, Sequence
from typing import Final

from .client import Call, Client, Connection, Failed, Request
from .figures import Figure, Row, percentile
from .stage import PATIENCE, Effort, Stage

__all__ = ["banning", "banning_rows"]

_PAUSE: Final = 0.002


def banning(stage: Stage, victims: Sequence[Connection], size: str) -> Iterator[Figure]:
    """Ban the users of these connections."""
    client, call, admin = stage.client, stage.call(), stage.people.admin
    bans = [Request.of("POST", f"/api/admin/users/{stage.who[victim].id}/ban", admin.token) for victim in victims]
    client.call(call, Request.of("GET", "/api/me", admin.token))
    effort, latencies = Effort(stage.process), []
    for ban, victim in zip(bans, victims, strict=True):
        latencies.append(_banned(client, call, ban, victim) * 1e3)
        client.rest(_PAUSE)
    effort.end()
    yield Figure(f"ban-{size}", percentile(latencies, 0.5), effort.client)
    yield Figure(f"ban-{size}-p99", percentile(latencies, 0.99), effort.client)
    yield Figure(f"ban-{size}-cpu", effort.processor * 1e3 / len(victims), effort.client)


def banning_rows(size: str, count: int) -> list[Row]:
    """What that gives."""
    return [
        Row(f"ban-{size}", f"ban to event, {count:,} idle, p50 ms"),
        Row(f"ban-{size}-p99", "… p99 ms"),
        Row(f"ban-{size}-cpu", "… processor of the server, ms a ban"),
    ]


def _banned(client: Client, call: Call, ban: Request, victim: Connection) -> float:
    """The seconds to the event; it is over when the call is answered, too. Raises Failed."""
    clock = time.perf_counter
    began, told, answered = clock(), 0.0, False
    call.send(ban)
    while not (answered and told):
        if clock() - began > PATIENCE:
            raise Failed(f"a ban took more than {PATIENCE:.0f} s")
        for connection, data in client.poll(1.0):
            if connection is call.connection:
                answered = call.answered(data)
            elif connection is victim and not told and b"user.banned" in data:
                told = clock() - began
    return told
