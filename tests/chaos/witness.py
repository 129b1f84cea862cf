"""Who looks on from outside, in a process of its own: a call every 20 ms, an event of theirs, an event that is caused.

It is told `start` and `stop` on its standard input, and answers each with a line of JSON.
"""

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp

from eventproof.client.aio import SocketIOClient
from eventproof.errors import EventproofError
from tests.chaos.server import Server

_SECONDS: Final = 60.0
_PAUSES: Final = {"call": 0.02, "event": 0.05, "caused": 0.2}
_TIERS: Final = ("basic", "premium")
_AGAIN: Final = 0.2
_HEADROOM: Final = 15.0
"""Seconds longer than anything the witness waits for: then it is given up."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the witness saw between a start and a stop. Times in seconds."""

    worst: dict[str, float]
    """By what was waited for: the longest, also where it has not come yet."""
    count: dict[str, int]
    errors: dict[str, int]
    first_error: str
    dropped: int
    """Connections that ended."""

    @property
    def longest(self) -> tuple[float, str]:
        """Of all, and what was waited for."""
        return max(((seconds, name) for name, seconds in self.worst.items()), default=(0.0, ""))


class Witness:
    """The process, as whoever started it has it."""

    def __init__(self, server: Server) -> None:
        student, user = server.people("student")[0], server.people("user")[0]
        admin = server.people("admin")[0]
        given = {"url": server.url, "student": student["token"], "user": user, "admin": admin["token"]}
        self._child = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.witness"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._ask(json.dumps(given))

    def start(self) -> None:
        """Forget what was seen, and look on."""
        self._ask("start")

    def stop(self) -> Seen:
        """What was seen since the start."""
        return Seen(**json.loads(self._ask("stop")))

    def close(self) -> None:
        """End the process."""
        self._child.kill()
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                pipe.close()

    def _ask(self, what: str) -> str:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        killer = threading.Timer(_SECONDS + _HEADROOM, self._child.kill)
        killer.start()
        try:
            self._child.stdin.write(f"{what}\n")
            self._child.stdin.flush()
            answer = self._child.stdout.readline()
        finally:
            killer.cancel()
        if not answer:
            raise RuntimeError("the witness has gone")
        return answer


@dataclass(slots=True)
class _Watch:
    """What is looked at, and what was seen so far."""

    given: dict[str, Any]
    is_on: bool = False
    worst: dict[str, float] = field(default_factory=dict)
    count: dict[str, int] = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)
    first_error: str = ""
    dropped: int = 0
    pending: dict[str, float] = field(default_factory=dict)

    def start(self) -> None:
        self.worst, self.count, self.errors, self.first_error, self.dropped = {}, {}, {}, "", 0
        self.is_on = True

    def seen(self) -> Seen:
        now = time.monotonic()
        for name, began in self.pending.items():
            self.worst[name] = max(self.worst.get(name, 0.0), now - began)
        self.is_on = False
        return Seen(self.worst, self.count, self.errors, self.first_error, self.dropped)

    def took(self, name: str, seconds: float) -> None:
        self.worst[name] = max(self.worst.get(name, 0.0), seconds)
        self.count[name] = self.count.get(name, 0) + 1

    async def repeat(self, name: str, act: Callable[[], Awaitable[None]]) -> None:
        """Do it again and again while somebody wants to know, and keep the longest time that it took."""
        while True:
            await asyncio.sleep(_PAUSES[name])
            if not self.is_on:
                continue
            began = self.pending[name] = time.monotonic()
            try:
                await act()
            except (EventproofError, aiohttp.ClientError, OSError, TimeoutError) as error:
                self.errors[name] = self.errors.get(name, 0) + 1
                self.first_error = self.first_error or f"{name}: {type(error).__name__}: {error}"[:120]
                await asyncio.sleep(_AGAIN)
            del self.pending[name]
            self.took(name, time.monotonic() - began)


class _Line:
    """A connection that is opened again where it ended."""

    def __init__(self, watch: _Watch, token: str) -> None:
        self._watch, self._token = watch, token
        self._client: SocketIOClient | None = None

    async def client(self) -> SocketIOClient:
        """One that is open."""
        if self._client is None or not self._client.is_open:
            if self._client is not None:
                self._watch.dropped += 1
                await self._client.close()
            self._client = None
            client = SocketIOClient(self._watch.given["url"], auth={"token": self._token}, max_events=1_000_000)
            await client.open()
            self._client = client
        return self._client


async def _look(given: dict[str, Any]) -> None:
    watch, user = _Watch(given), given["user"]
    theirs, students = _Line(watch, user["token"]), _Line(watch, given["student"])
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    async with aiohttp.ClientSession(given["url"], timeout=timeout, trust_env=False) as http:

        async def me() -> dict[str, Any]:
            async with http.get("/api/me", headers=_bearer(user["token"])) as answer:
                if answer.status != 200:
                    raise OSError(f"answered {answer.status}")
                found: dict[str, Any] = await answer.json()
                return found

        async def call() -> None:
            await me()

        async def event() -> None:
            await (await students.client()).call("join:role", "student", timeout=_SECONDS)

        async def caused() -> None:
            client, path = await theirs.client(), f"/api/admin/users/{user['id']}/tier"
            has = (await me())["tier"]  # what a refused change has done is unknown
            body = {"tier": next(tier for tier in _TIERS if tier != has)}
            async with http.put(path, json=body, headers=_bearer(given["admin"])) as answer:
                if answer.status != 200:
                    raise OSError(f"the tier was answered {answer.status}")
            await client.expect("user.tier.updated", _SECONDS)

        await theirs.client()
        await students.client()
        print("{}", flush=True)
        acts = {"call": call, "event": event, "caused": caused}
        tasks = [asyncio.create_task(watch.repeat(name, act)) for name, act in acts.items()]
        async for line in _lines():
            if line == "start":
                watch.start()
                print("{}", flush=True)
            else:
                seen = watch.seen()
                print(json.dumps({name: getattr(seen, name) for name in Seen.__slots__}), flush=True)
        for task in tasks:
            task.cancel()


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def _lines() -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        yield line.strip()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(_look(json.loads(sys.stdin.readline())))
