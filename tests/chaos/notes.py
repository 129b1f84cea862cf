"""Notifications that are written while a server is killed, stopped or starved: what was acknowledged must be there.

Each writer writes to one user, one after the other, so the numbers in the titles are the order of the commits. What was
not acknowledged may be there or not.
"""

import asyncio
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp

from eventproof.client.aio import NotReceived, Received, SocketIOClient
from eventproof.errors import EventproofError
from tests.chaos.server import Server

_WRITERS: Final = 4
_SECONDS: Final = 40.0
_NAMESPACE: Final = "/shield/ws"
_PAUSE: Final = 0.05


@dataclass(slots=True)
class _Written:
    """To one user, whose `heard` are the numbers in the order in which they first came."""

    user: Mapping[str, Any]
    acknowledged: list[int] = field(default_factory=list)
    heard: dict[int, None] = field(default_factory=dict)
    last: int = 0


@dataclass(frozen=True, slots=True)
class Account:
    """What became of all that was written."""

    acknowledged: int
    lost: int
    """Acknowledged, and not heard in the end."""
    unordered: int
    """Heard for the first time after one that was committed later."""
    refused: int
    """Answered by no."""

    @property
    def wrong(self) -> int:
        """What must not be."""
        return self.lost + self.unordered


class Notes:
    """The writers and the readers of one server."""

    def __init__(self, server: Server) -> None:
        self._url = server.url
        self._admin = server.people("admin")[0]["token"]
        self._all = [_Written(user) for user in server.people("user")[1 : 1 + _WRITERS]]
        self._refused = 0
        self._mark = secrets.token_hex(4)
        """What its titles begin with: others may have written to these users before."""

    async def write(self, over: asyncio.Event) -> None:
        """Write and read until it is over, whatever the server does."""
        headers = {"Authorization": f"Bearer {self._admin}"}
        timeout = aiohttp.ClientTimeout(total=_SECONDS)
        async with aiohttp.ClientSession(self._url, headers=headers, timeout=timeout, trust_env=False) as http:
            acts = [act for one in self._all for act in (self._write(http, one, over), self._read(one, over))]
            await asyncio.gather(*acts)

    async def settled(self, seconds: float = 10.0) -> Account:
        """What became of it, once all has been heard that was acknowledged, or when the time is over."""
        over = asyncio.Event()
        asyncio.get_running_loop().call_later(seconds, over.set)
        await asyncio.gather(*(self._read(one, over, until_whole=True) for one in self._all))
        return Account(
            acknowledged=sum(len(one.acknowledged) for one in self._all),
            lost=sum(len(set(one.acknowledged) - one.heard.keys()) for one in self._all),
            unordered=sum(unordered(list(one.heard)) for one in self._all),
            refused=self._refused,
        )

    async def _write(self, http: aiohttp.ClientSession, one: _Written, over: asyncio.Event) -> None:
        while not over.is_set():
            one.last += 1
            body = {"title": f"{self._mark} {one.last}", "message": "It is written.", "type": "general"}
            try:
                async with http.post(f"/api/admin/users/{one.user['id']}/notifications", json=body) as answer:
                    if answer.status == 201:
                        one.acknowledged.append(one.last)
                    else:
                        self._refused += 1
                        await asyncio.sleep(_PAUSE)
            except (aiohttp.ClientError, OSError, TimeoutError):
                await asyncio.sleep(_PAUSE)

    async def _read(self, one: _Written, over: asyncio.Event, *, until_whole: bool = False) -> None:
        """Listen, and come back whenever the connection ends; where that is enough, until all has been heard."""

        def hear(received: Received) -> None:
            if received.name == "notification_received":
                mark, _, number = received.payload["data"]["notification"]["title"].partition(" ")
                if mark == self._mark:
                    one.heard.setdefault(int(number))

        def is_over() -> bool:
            return over.is_set() or (until_whole and not set(one.acknowledged) - one.heard.keys())

        while not is_over():
            auth = {"token": f"Bearer {one.user['token']}"}
            client = SocketIOClient(self._url, namespace=_NAMESPACE, auth=auth, on_event=hear, max_events=1_000_000)
            try:
                await client.open()
                while client.is_open and not is_over():
                    with suppress(NotReceived):
                        await client.expect("a pause", _PAUSE)
            except EventproofError:
                await asyncio.sleep(_PAUSE)
            finally:
                await client.close()


def unordered(numbers: list[int]) -> int:
    """How many come after a higher one."""
    highest, found = 0, 0
    for number in numbers:
        found += number < highest
        highest = max(highest, number)
    return found
