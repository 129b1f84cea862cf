"""A reference server in this process with people in it, and clients that show every frame."""

import asyncio
import itertools
import json
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from reference_server import seed
from reference_server.accounts.account import ADMIN, USER, Account, Tier
from reference_server.delivery.conduct import Conduct
from reference_server.delivery.message import Message
from reference_server.limits import Limits
from reference_server.run import People, running
from reference_server.services import Services
from reference_server.settings import Settings
from reference_server.store.sql import SqlConnection

SECONDS = 60.0
"""How long anything may take that should happen at once."""
BANNED = "Your account has been banned by an administrator."
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Person:
    """An account, and a token of one of its sessions."""

    account: Account
    token: str

    @property
    def id(self) -> str:
        return self.account.id

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def connect(self) -> str:
        """The CONNECT packet of this session, in its Engine.IO message."""
        return "40" + json.dumps({"token": self.token})


@dataclass
class Socket:
    """A Socket.IO client's WebSocket, frame by frame; answers nothing by itself."""

    raw: aiohttp.ClientWebSocketResponse
    handshake: dict[str, Any] = field(default_factory=dict)

    async def send(self, *frames: str | bytes) -> None:
        for frame in frames:
            await (self.raw.send_str(frame) if isinstance(frame, str) else self.raw.send_bytes(frame))

    async def read(self) -> str:
        async with asyncio.timeout(SECONDS):
            return await self.raw.receive_str()

    async def rest(self) -> tuple[list[str], int | None]:
        """Every frame until the server closes, and the close code."""
        frames = []
        async with asyncio.timeout(SECONDS):
            while (message := await self.raw.receive()).type is aiohttp.WSMsgType.TEXT:
                frames.append(message.data)
        return frames, message.data if message.type is aiohttp.WSMsgType.CLOSE else self.raw.close_code

    async def is_open(self) -> bool:
        """A round trip: the server answers a WebSocket ping on whatever is open."""
        try:
            await self.raw.ping()
            async with asyncio.timeout(0.2):
                return (await self.raw.receive()).type is aiohttp.WSMsgType.TEXT
        except TimeoutError:
            return not self.raw.closed


@dataclass(frozen=True)
class Polling:
    """A Socket.IO client's polling session."""

    http: aiohttp.ClientSession
    url: str
    handshake: dict[str, Any]

    async def get(self) -> tuple[int, str]:
        async with asyncio.timeout(SECONDS), self.http.get(self.url) as answer:
            return answer.status, await answer.text()

    async def post(self, payload: str | bytes) -> tuple[int, str]:
        async with asyncio.timeout(SECONDS), self.http.post(self.url, data=payload) as answer:
            return answer.status, await answer.text()


@dataclass
class House:
    """A running server, an admin, and as many people as are asked for."""

    url: str
    services: Services
    http: aiohttp.ClientSession
    _server: AsyncExitStack
    admin: Person = field(init=False)

    async def stop(self) -> None:
        """Stop the server before the block ends."""
        await self._server.aclose()

    async def person(self, role: str = USER, tier: Tier = Tier.FREE, password: str = "no hash") -> Person:
        account = seed.new_account(f"{role}-{next(_numbers)}@example.com", role, tier)
        await self.services.accounts.add([account], password)
        return Person(account, self.services.tokens.issue(account))

    def session(self, person: Person) -> Person:
        """Another session of the same person."""
        return Person(person.account, self.services.tokens.issue(person.account))

    async def call(self, method: str, path: str, by: Person | None = None, **options: Any) -> tuple[int, Any]:
        headers = {**(by.headers if by else {}), **options.pop("headers", {})}
        async with (
            asyncio.timeout(SECONDS),
            self.http.request(method, self.url + path, headers=headers, **options) as answer,
        ):
            return answer.status, await answer.json() if answer.content_type == "application/json" else None

    async def says(self, request: bytes) -> tuple[bytes, bytes]:
        """The head and the body of the answer to these bytes, after which the server hangs up."""
        reader, writer = await asyncio.open_connection(*self.url.removeprefix("http://").split(":"))
        try:
            writer.write(request)
            async with asyncio.timeout(SECONDS):
                head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        finally:
            writer.transport.abort()
        return head, body

    async def tell(self, system: str, *messages: Message) -> None:
        """Commit these messages of a system in one transaction, and have them sent."""

        async def change(_: SqlConnection) -> tuple[None, Sequence[Message]]:
            return None, messages

        async with asyncio.timeout(SECONDS):
            await self.services.courier.carry(system, change)

    async def ban(self, person: Person) -> None:
        assert (await self.call("POST", f"/api/admin/users/{person.id}/ban", self.admin))[0] == 200

    async def unban(self, person: Person) -> None:
        assert (await self.call("POST", f"/api/admin/users/{person.id}/unban", self.admin))[0] == 200

    async def set_tier(self, person: Person, tier: str) -> None:
        path = f"/api/admin/users/{person.id}/tier"
        assert (await self.call("PUT", path, self.admin, json={"tier": tier}))[0] == 200

    async def engine(self, query: str = "EIO=4&transport=websocket") -> Socket:
        """An Engine.IO WebSocket; its handshake is read where the query opens a session."""
        raw = await self.http.ws_connect(f"{self.url}/socket.io/?{query}", autoping=True)
        socket = Socket(raw)
        if "sid=" not in query:
            socket.handshake = json.loads((await socket.read())[1:])
        return socket

    async def socket(self, person: Person, *namespaces: str) -> Socket:
        """A connected Socket.IO WebSocket."""
        socket = await self.engine()
        for namespace in namespaces or ("/",):
            place = "" if namespace == "/" else f"{namespace},"
            await socket.send(f"40{place}" + json.dumps({"token": person.token}))
            assert (await socket.read()).startswith(f'40{place}{{"sid"')
        return socket

    async def polling(self) -> Polling:
        """An Engine.IO polling session."""
        url = f"{self.url}/socket.io/?EIO=4&transport=polling"
        async with self.http.get(url) as answer:
            handshake = json.loads((await answer.text())[1:])
        return Polling(self.http, f"{url}&sid={handshake['sid']}", handshake)

    async def polling_socket(self, person: Person) -> Polling:
        """A connected Socket.IO polling session."""
        polling = await self.polling()
        assert await polling.post(person.connect) == (200, "ok")
        status, payload = await polling.get()
        assert (status, payload[:8]) == (200, '40{"sid"'), payload
        return polling

    async def gauges(self) -> dict[str, float]:
        """Every sample of /metrics, by its name and labels."""
        async with self.http.get(self.url + "/metrics") as answer:
            lines = (await answer.text()).splitlines()
        return {
            name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        }

    async def settles(self, **expected: int) -> None:
        """Wait until these registries have these sizes; of a server that no other test has used."""
        async with asyncio.timeout(SECONDS):
            while True:
                gauges = await self.gauges()
                found = {name: gauges[f'eventproof_registered{{registry="{name}"}}'] for name in expected}
                if found == expected:
                    return
                await asyncio.sleep(0.01)


@asynccontextmanager
async def keep_house(
    folder: Path,
    *,
    limits: Limits | None = None,
    conduct: Conduct | None = None,
    clock: Callable[[], float] = time.time,
    **settings: Any,
) -> AsyncIterator[House]:
    """A server with its database in this folder, while the block runs; `clock` is its wall clock."""
    os.environ.pop("EVENTPROOF_JWT_SECRET", None)
    chosen = Settings(
        port=settings.pop("port", 0),
        database_url=f"sqlite:///{folder / 'server.db'}",
        limits=limits or Limits(),
        stop_timeout=1.0,
        **settings,
    )
    # An idle connection ends here before the server ends it, which may be just when a call is sent on it.
    connector = aiohttp.TCPConnector(keepalive_timeout=chosen.limits.head_timeout / 2)
    async with AsyncExitStack() as stack, aiohttp.ClientSession(connector=connector) as http:
        server = await stack.enter_async_context(running(chosen, People(), conduct or Conduct(), clock))
        house = House(server.url, server.services, http, stack)
        house.admin = await house.person(ADMIN)
        yield house
