"""A stage: a server, its people and a client, for one scene; and what a measurement took of both sides."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from .client import Call, Client, Connection
from .contenders import People, Person
from .figures import Figure
from .process import Process

__all__ = ["PATIENCE", "Effort", "Sizes", "Stage"]

PATIENCE: Final = 5.0
"""Seconds that a server may take over anything."""
_WARM_UP: Final = 100


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
    """Where a scene is played."""

    def __init__(self, process: Process, people: People, sizes: Sizes, client: Client) -> None:
        self.process = process
        self.people = people
        self.sizes = sizes
        self.client = client
        self.crowd: list[Connection] = []
        """Those who are there for the time being."""
        self.who: dict[Connection, Person] = {}
        """Whose each connection is."""
        self._users = iter(people.users)

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
