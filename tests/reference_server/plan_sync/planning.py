"""Plans by REST, and streams that are read event by event."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from eventproof.wire.sse import Comment, Decoder, ServerSentEvent
from tests.reference_server.house import SECONDS, House, Person

STREAM = "/api/plans/subscribe"
PLANS = "/api/admin/plans"
FIELDS: dict[str, Any] = {"name": "Premium", "roi": 3.5, "duration": 90, "minAmount": 500, "maxAmount": 25000}


@dataclass
class Stream:
    """A stream that is open."""

    answer: aiohttp.ClientResponse
    _decoder: Decoder = field(default_factory=Decoder)
    _read: list[ServerSentEvent | Comment] = field(default_factory=list)

    async def item(self) -> ServerSentEvent | Comment:
        """The next event or comment."""
        async with asyncio.timeout(SECONDS):
            while not self._read:
                chunk = await self.answer.content.readany()
                assert chunk, "the stream has ended"
                self._read += self._decoder.feed(chunk)
        return self._read.pop(0)

    async def event(self) -> ServerSentEvent:
        """The next event."""
        while isinstance(item := await self.item(), Comment):
            pass
        return item

    async def next(self) -> dict[str, Any]:
        """The argument of the next event."""
        argument: dict[str, Any] = json.loads((await self.event()).data)
        return argument

    async def ends(self) -> None:
        """Read to the end, which the server makes."""
        async with asyncio.timeout(SECONDS):
            while await self.answer.content.readany():
                pass


@asynccontextmanager
async def streaming(
    house: House, person: Person | None, path: str = STREAM, after: str | None = None, **options: Any
) -> AsyncIterator[Stream]:
    """A stream of this person, without the greeting."""
    headers = {**(person.headers if person else {}), **({"Last-Event-ID": after} if after is not None else {})}
    async with house.http.get(house.url + path, headers=headers, **options) as answer:
        assert answer.status == 200, await answer.text()
        stream = Stream(answer)
        assert (await stream.next())["type"] == "CONNECTED"
        yield stream


async def create(house: House, **fields: Any) -> tuple[str, str]:
    """The id and the ETag of a new plan."""
    async with house.http.post(house.url + PLANS, json={**FIELDS, **fields}, headers=house.admin.headers) as answer:
        assert answer.status == 201, await answer.text()
        return (await answer.json())["id"], answer.headers["ETag"]


async def change(house: House, plan: str, if_match: str | None = None, **fields: Any) -> tuple[int, Any]:
    """What an admin's change is answered with."""
    headers = {} if if_match is None else {"If-Match": if_match}
    return await house.call("PUT", f"{PLANS}/{plan}", house.admin, json=fields, headers=headers)
