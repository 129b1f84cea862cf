"""The server as a process of its own, for the tests that kill it."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

SECONDS = 60.0
PASSWORD = "a long enough password"


@dataclass(frozen=True)
class Child:
    url: str
    process: asyncio.subprocess.Process
    people: list[dict[str, Any]]
    http: aiohttp.ClientSession
    log: Path

    async def ban(self, user: dict[str, Any]) -> int:
        url = f"{self.url}/api/admin/users/{user['id']}/ban"
        async with self.http.post(url, headers=headers(self.people[0])) as answer:
            return answer.status

    async def kill(self) -> None:
        """No time to say goodbye."""
        self.process.kill()
        await self.process.wait()

    async def stops(self, number: int) -> int:
        self.process.send_signal(number)
        async with asyncio.timeout(SECONDS):
            return await self.process.wait()


def headers(user: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {user['token']}"}


@asynccontextmanager
async def start_child(folder: Path, *options: str, users: int = 3, files: int | None = None) -> AsyncIterator[Child]:
    """A server in this folder, which may open so many files; killed at the end if it is still there."""
    seed = ("--seed", str(users), "--credentials", "people") if users else ()
    log = folder / "log"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EVENTPROOF_")}
    with log.open("ab") as stderr:
        process = await asyncio.create_subprocess_exec(
            *(("prlimit", f"--nofile={files}:{files}") if files else ()),
            *(sys.executable, "-m", "eventproof", "serve", "--port", "0", *seed, *options),
            cwd=folder,
            env=environment | {"EVENTPROOF_ADMIN_EMAIL": "boss@example.com", "EVENTPROOF_ADMIN_PASSWORD": PASSWORD},
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
        )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(SECONDS):
            ready = (await process.stdout.readline()).decode()
        assert ready.startswith("listening on http://127.0.0.1:"), log.read_text()
        people = [json.loads(line) for line in (folder / "people").read_text().splitlines()]
        async with aiohttp.ClientSession() as http:
            yield Child(ready.split()[-1], process, people, http, log)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
