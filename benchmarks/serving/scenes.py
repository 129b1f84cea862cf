"""Scenes: what is done to a server, and which rows of the table that gives. Each has a server of its own."""

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from statistics import median
from typing import Final
from urllib.parse import urlsplit

from . import frames
from .client import Call, Client, Connection, Failed, Request, vanish
from .contenders import People, Person
from .figures import Figure, Row, percentile
from .process import Process
from .witness import Witness

__all__ = ["SCENES", "Scene", "Sizes", "rows"]

_SCENE_SECONDS: Final = 90.0
_PATIENCE: Final = 5.0
_WARM_UP: Final = 100
_EVENT_TEXT: Final = "Everything that is sent back within thirty days, unworn and in its box, is paid back. " + "x" * 50


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of everything."""

    crowd: int = 5_000
    few: int = 1_000
    many: int = 10_000
    most: int = 15_000
    bans: int = 200
    broadcasts: int = 20
    outstanding: int = 64
    seconds: float = 2.0
    settle: float = 1.0
    """Seconds after which a server has done what it does once somebody is in."""

    @property
    def users(self) -> int:
        """So many are needed at most: for those who are banned come others, and one looks on."""
        return self.most + 2 * self.bans + _WARM_UP + 1


class Stage:
    """A server, its people and a client, for one scene."""

    def __init__(self, process: Process, people: People, sizes: Sizes, client: Client) -> None:
        self.process = process
        self.people = people
        self.sizes = sizes
        self.client = client
        self._users = iter(people.users)
        self.who: dict[Connection, Person] = {}
        """Whose each connection is."""

    def enter(self, count: int, *, offers: bool = False) -> list[Connection]:
        """So many users more, with a connection each. Raises Failed, OSError."""
        users = list(islice(self._users, count))
        connections = self.client.connect([user.token for user in users], offers=offers)
        self.who.update(zip(connections, users, strict=True))
        return connections

    def warm_up(self) -> None:
        """Let some come and go, so that what a server does once is done."""
        for connection in self.enter(min(_WARM_UP, self.sizes.crowd)):
            self.client.close(connection)
        self.client.rest(self.sizes.settle)

    def call(self) -> Call:
        """A connection for calls."""
        return Call(self.client.dial())


class Effort:
    """What a measurement takes of both sides, from its beginning to its end."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._began = time.perf_counter(), time.process_time(), process.processor
        self.seconds = 0.0
        self.client = 0.0
        """The share of its core that the client used, from 0 to 1."""
        self.processor = 0.0
        """Seconds of processor that the server used."""

    def end(self) -> "Effort":
        """It is over."""
        clock, client, server = self._began
        self.seconds = time.perf_counter() - clock
        self.client = (time.process_time() - client) / self.seconds
        self.processor = self._process.processor - server
        return self

    def rates(self, row: str, count: int) -> Iterator[Figure]:
        """So many a second, and so many a second of the server's processor."""
        yield Figure(row, count / self.seconds, self.client)
        yield Figure(f"{row}-cpu", count / self.processor, self.client)


Act = Callable[[Stage], Iterator[Figure]]


@dataclass(frozen=True, slots=True)
class Scene:
    """What is done, and the rows that it gives, in their order."""

    act: Act
    rows: Callable[[Sizes], Sequence[Row]]

    def figures(self, process: Process, people: People, sizes: Sizes) -> Iterator[Figure]:
        """Do it. Raises Failed and OSError, also behind some figures."""
        address = urlsplit(process.url)
        with Client(address.hostname or "", address.port or 0, _SCENE_SECONDS) as client:
            yield from self.act(Stage(process, people, sizes, client))


# Connections.


def _memory(stage: Stage, row: str, *, offers: bool) -> Iterator[Figure]:
    stage.warm_up()
    before, count, effort = stage.process.memory, stage.sizes.crowd, Effort(stage.process)
    crowd = stage.enter(count, offers=offers)
    effort.end()
    stage.client.rest(stage.sizes.settle)
    yield Figure(row, (stage.process.memory - before) / count / 1024, effort.client)
    if not offers:
        yield from effort.rates("connects", count)
        yield from _room(stage, crowd)
        yield from _vanishing(stage, crowd, "crowd")


def _crowd(stage: Stage) -> Iterator[Figure]:
    return _memory(stage, "memory", offers=False)


def _offering(stage: Stage) -> Iterator[Figure]:
    return _memory(stage, "memory-deflate", offers=True)


# One event to a room.


def _room(stage: Stage, crowd: Sequence[Connection]) -> Iterator[Figure]:
    client, seller = stage.client, stage.people.seller
    join = frames.masked(f'420["join:storefront","{seller.id}"]')
    for start in range(0, len(crowd), 64):
        some = crowd[start : start + 64]
        for connection in some:
            connection.send(join)
        _each_receives(client, some)
    call, firsts, lasts, effort = stage.call(), [], [], Effort(stage.process)
    for number in range(stage.sizes.broadcasts):
        body = {"returnsPolicy": f"{_EVENT_TEXT} {number:04}"}
        first, last = _told(client, call, Request.of("PATCH", "/api/user/branding", seller.token, body), crowd)
        firsts.append(first * 1e3)
        lasts.append(last * 1e3)
    yield from _spread_out("room", effort.end(), len(crowd), firsts, lasts)


def _spread_out(
    row: str, effort: Effort, size: int, firsts: Sequence[float], lasts: Sequence[float]
) -> Iterator[Figure]:
    """What was told to so many at a time; the first and the last heard it after so many milliseconds."""
    yield Figure(row, size / (median(lasts) / 1e3), effort.client)
    yield Figure(f"{row}-cpu", size * len(lasts) / effort.processor, effort.client)
    yield Figure(f"{row}-first", median(firsts), effort.client)
    yield Figure(f"{row}-last", median(lasts), effort.client)


def _each_receives(client: Client, connections: Sequence[Connection]) -> None:
    """Each of these gets one message. Raises Failed."""
    waiting, until = set(connections), time.perf_counter() + _PATIENCE
    while waiting:
        if time.perf_counter() > until:
            raise Failed(f"{len(waiting)} of {len(connections)} were not answered within {_PATIENCE:.0f} s")
        for connection, data in client.poll(1.0):
            if not data:
                raise Failed("the server ended a connection")
            if connection.count(data):
                waiting.discard(connection)


def _told(client: Client, call: Call, request: Request, crowd: Sequence[Connection]) -> tuple[float, float]:
    """Make a call that everyone is told of; gives the seconds to the first and to the last. Raises Failed."""
    left, answered, clock = len(crowd), False, time.perf_counter
    began = clock()
    first = last = 0.0
    call.send(request)
    while left or not answered:
        if clock() - began > 2 * _PATIENCE:
            raise Failed(f"{left} of {len(crowd)} were not told within {2 * _PATIENCE:.0f} s")
        for connection, data in client.poll(1.0):
            if connection is call.connection:
                answered = call.answered(data)
            elif not data:
                raise Failed("the server ended a connection")
            else:
                count = connection.count(data)
                if count and not first:
                    first = clock() - began
                left -= count
        if not left and not last:
            last = clock() - began
    return first, last


# A crowd that vanishes.


def _vanishing(stage: Stage, crowd: Sequence[Connection], size: str) -> Iterator[Figure]:
    client, process = stage.client, stage.process
    other = stage.enter(1)[0]
    witness = Witness(client, other, stage.call(), stage.who[other])
    # Where a database opens a file of its own meanwhile, or one of a hundred stays, all have left nevertheless.
    left = process.descriptors - len(crowd) + 5 + len(crowd) // 100
    child = vanish(client, crowd)
    try:
        witness.watch(0.3)
        effort, witness.longest, witness.late = Effort(process), 0.0, 0.0
    finally:
        os.kill(child, signal.SIGKILL)
    began = time.perf_counter()
    gone = 0.0
    try:
        while not gone:
            witness.watch(0.02)
            if process.descriptors <= left:
                gone = time.perf_counter() - began
            elif time.perf_counter() - began > 30:
                raise Failed(f"{process.descriptors} descriptors are open 30 s after all have left")
        witness.watch(0.5)
    finally:
        os.waitpid(child, 0)
    effort.end()
    yield Figure(f"vanish-{size}", witness.longest * 1e3, effort.client)
    yield Figure(f"late-{size}", witness.late * 1e3, effort.client)
    yield Figure(f"gone-{size}", gone * 1e3, effort.client)


# Bans.


def _bans(stage: Stage, victims: Sequence[Connection], size: str) -> Iterator[Figure]:
    """Ban the users of these connections, one after the other."""
    client, call, admin, latencies = stage.client, stage.call(), stage.people.admin, []
    requests = [Request.of("POST", f"/api/admin/users/{stage.who[victim].id}/ban", admin.token) for victim in victims]
    client.call(call, Request.of("GET", "/api/me", admin.token))
    effort = Effort(stage.process)
    for request, victim in zip(requests, victims, strict=True):
        latencies.append(_banned(client, call, request, victim) * 1e3)
        client.rest(0.002)
    effort.end()
    yield Figure(f"ban-{size}", percentile(latencies, 0.5), effort.client)
    yield Figure(f"ban-{size}-p99", percentile(latencies, 0.99), effort.client)
    yield Figure(f"ban-{size}-cpu", effort.processor * 1e3 / len(victims), effort.client)


def _banned(client: Client, call: Call, request: Request, victim: Connection) -> float:
    clock = time.perf_counter
    began = clock()
    call.send(request)
    answered, told = False, 0.0
    while not (answered and told):
        if clock() - began > _PATIENCE:
            raise Failed(f"a ban took more than {_PATIENCE:.0f} s")
        for connection, data in client.poll(1.0):
            if connection is call.connection:
                answered = call.answered(data)
            elif connection is victim and not told and b"user.banned" in data:
                told = clock() - began
    return told


def _idle(stage: Stage) -> Iterator[Figure]:
    sizes = stage.sizes
    stage.warm_up()
    idle: list[Connection] = []
    for name, count in (("few", sizes.few), ("many", sizes.many)):
        idle += stage.enter(count - len(idle))
        yield from _bans(stage, idle[-sizes.bans :], name)
        del idle[-sizes.bans :]
    yield from _vanishing(stage, idle + stage.enter(sizes.most - len(idle)), "most")


# Events and acknowledgements.


def _events(stage: Stage) -> Iterator[Figure]:
    stage.warm_up()
    count = stage.sizes.outstanding
    crowd = stage.enter(count)
    for name, connections in (("ack-one", crowd[:1]), ("ack-many", crowd)):
        _acknowledged(stage, connections, stage.sizes.seconds / 4)
        effort = Effort(stage.process)
        count = _acknowledged(stage, connections, stage.sizes.seconds)
        yield from effort.end().rates(name, count)


def _acknowledged(stage: Stage, connections: Sequence[Connection], seconds: float) -> int:
    """The acknowledgements that come for so long, where some are always waited for, over all of the connections."""
    client, each = stage.client, stage.sizes.outstanding // len(connections)
    ring = [frames.masked(f'42{100 + number}["leave:storefront","nobody"]') for number in range(each)]
    size, block = len(ring[0]), b"".join(ring * 2)
    at = dict.fromkeys(connections, 0)
    for connection in connections:
        connection.send(block[: each * size])
    until, received = time.perf_counter() + seconds, 0
    while time.perf_counter() < until:
        for connection, data in client.poll(1.0):
            if not data:
                raise Failed("the server ended a connection")
            count = connection.count(data)
            received += count
            if count:
                start = at[connection]
                connection.send(block[start * size : (start + count) * size])
                at[connection] = (start + count) % each
    left = each * len(connections)
    while left > 0:
        came = sum(connection.count(data) for connection, data in client.poll(_PATIENCE))
        if not came:
            raise Failed(f"{left} of {each * len(connections)} events were not acknowledged")
        received, left = received + came, left - came
    return received


# Streams.


def _streams(stage: Stage) -> Iterator[Figure]:
    client, admin, call = stage.client, stage.people.admin, stage.call()
    plan = {"name": "Platinum", "roi": 5, "duration": 180, "minAmount": 1000, "maxAmount": 100000}
    made = client.call(call, Request.of("POST", "/api/admin/plans", admin.token, plan))
    crowd = client.streams("/api/plans/subscribe", [user.token for user in stage.people.users[: stage.sizes.crowd]])
    client.rest(stage.sizes.settle)
    for connection in crowd:
        connection.rest = b""
    firsts, lasts, effort = [], [], Effort(stage.process)
    for number in range(stage.sizes.broadcasts):
        body = {"roi": 6 + number / 10}
        request = Request.of("PUT", f"/api/admin/plans/{made['id']}", admin.token, body)
        first, last = _streamed(client, call, request, len(crowd))
        firsts.append(first * 1e3)
        lasts.append(last * 1e3)
    yield from _spread_out("streams", effort.end(), len(crowd), firsts, lasts)


def _streamed(client: Client, call: Call, request: Request, left: int) -> tuple[float, float]:
    answered, clock = False, time.perf_counter
    began = clock()
    first = last = 0.0
    call.send(request)
    while left or not answered:
        if clock() - began > 2 * _PATIENCE:
            raise Failed(f"{left} streams were not told within {2 * _PATIENCE:.0f} s")
        for connection, data in client.poll(1.0):
            if connection is call.connection:
                answered = call.answered(data)
                continue
            if not data:
                raise Failed("the server ended a stream")
            count = frames.events(data)
            if count and not first:
                first = clock() - began
            left -= count
        if not left and not last:
            last = clock() - began
    return first, last


# What there is.


def _crowd_rows(sizes: Sizes) -> list[Row]:
    return [
        Row("memory", f"kB a connection, {sizes.crowd:,} idle", digits=1),
        *_rate_rows("connects", "connects/s with authentication, 64 at a time"),
        *_rate_rows("room", f"one event to a room of {sizes.crowd:,}, messages/s"),
        Row("room-first", "… its first recipient, ms"),
        Row("room-last", "… its last recipient, ms", digits=1),
        *_vanishing_rows("crowd", sizes.crowd),
    ]


def _rate_rows(name: str, title: str) -> list[Row]:
    return [
        Row(name, title, more_is_better=True, digits=0),
        Row(f"{name}-cpu", "… for a second of the server's processor", more_is_better=True, digits=0),
    ]


def _vanishing_rows(name: str, count: int) -> list[Row]:
    return [
        Row(f"vanish-{name}", f"{count:,} clients vanish: longest wait of another, ms", digits=1),
        Row(f"late-{name}", "… of which the client itself was held up at most, ms", digits=1),
        Row(f"gone-{name}", "… until the server has let all go, ms", digits=0),
    ]


def _idle_rows(sizes: Sizes) -> list[Row]:
    return [
        *(
            row
            for name, count in (("few", sizes.few), ("many", sizes.many))
            for row in (
                Row(f"ban-{name}", f"ban to event, {count:,} idle, p50 ms"),
                Row(f"ban-{name}-p99", "… p99 ms"),
                Row(f"ban-{name}-cpu", "… processor of the server, ms a ban"),
            )
        ),
        *_vanishing_rows("most", sizes.most),
    ]


def _deflate_rows(sizes: Sizes) -> list[Row]:
    return [Row("memory-deflate", f"kB a connection that offers compression, {sizes.crowd:,} idle", digits=1)]


def _event_rows(sizes: Sizes) -> list[Row]:
    count = sizes.outstanding
    return [
        *_rate_rows("ack-one", f"event + acknowledgement, {count} outstanding on 1 connection, /s"),
        *_rate_rows("ack-many", f"event + acknowledgement, 1 outstanding on each of {count} connections, /s"),
    ]


def _stream_rows(sizes: Sizes) -> list[Row]:
    return [
        *_rate_rows("streams", f"one change to {sizes.crowd:,} streams, messages/s"),
        Row("streams-first", "… its first reader, ms"),
        Row("streams-last", "… its last reader, ms", digits=1),
    ]


SCENES: Final[Mapping[str, Scene]] = {
    "crowd": Scene(_crowd, _crowd_rows),
    "deflate": Scene(_offering, _deflate_rows),
    "idle": Scene(_idle, _idle_rows),
    "events": Scene(_events, _event_rows),
    "streams": Scene(_streams, _stream_rows),
}


def rows(sizes: Sizes) -> list[Row]:
    """All of them, in the order of the table."""
    return [row for scene in SCENES.values() for row in scene.rows(sizes)]
