"""The official JavaScript client against the reference server: websocket, polling, and polling upgraded."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from reference_server.limits import Limits
from tests.reference_server.house import BANNED, House, Person, keep_house

pytestmark = pytest.mark.asyncio(loop_scope="package")
CLIENT = Path(__file__).parent / "client.mjs"
TRANSPORTS = pytest.mark.parametrize("transports", [["websocket"], ["polling"], ["polling", "websocket"]], ids="+".join)
SECONDS = 15.0


@dataclass(frozen=True)
class Client:
    """A Node process with the client in it."""

    lines: asyncio.StreamReader
    _heard: list[dict[str, Any]] = field(default_factory=list)

    async def hears(self, what: str, **expected: Any) -> None:
        """The next thing of this kind that happens to the client, whatever else does."""
        async with asyncio.timeout(SECONDS):
            while not (kind := [line for line in self._heard if line["what"] == what]):
                self._heard.append(json.loads(await self.lines.readline()))
        self._heard.remove(kind[0])
        assert kind[0] | expected == kind[0]

    async def hears_of(self) -> str:
        """The name of the next event."""
        async with asyncio.timeout(SECONDS):
            while not (events := [line for line in self._heard if line["what"] == "event"]):
                self._heard.append(json.loads(await self.lines.readline()))
        self._heard.remove(events[0])
        return str(events[0]["name"])


@asynccontextmanager
async def _client(
    modules: Path, house: House, user: Person, *namespaces: str, says: Sequence[Any] = (), **options: Any
) -> AsyncIterator[Client]:
    node = shutil.which("node")
    assert node, "Node is missing, though its packages are there"
    settings = {"url": house.url, "token": user.token, "says": says, "options": options}
    settings["namespaces"] = namespaces or ["/"]
    process = await asyncio.create_subprocess_exec(
        *(node, str(CLIENT), str(modules), json.dumps(settings)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield Client(process.stdout)
    finally:
        process.stdin.close()
        await process.communicate()


@TRANSPORTS
async def test_it_connects_hears_of_a_new_tier_and_is_logged_out_by_a_ban(
    house: House, node_modules: Path, transports: list[str]
) -> None:
    user = await house.person()
    async with _client(node_modules, house, user, transports=transports) as client:
        if len(transports) == 1:
            await client.hears("connect", transport=transports[0])
        else:
            await client.hears("connect")
            await client.hears("upgrade", transport="websocket")
        await house.set_tier(user, "premium")
        await client.hears("event", name="user.tier.updated", message="Your plan has been updated to Premium.")
        await house.ban(user)
        await client.hears("event", name="user.banned", message=BANNED)
        await client.hears("disconnect", reason="io server disconnect", active=False)
    await house.unban(user)


@TRANSPORTS
async def test_a_banned_token_is_refused_with_the_code_and_the_sentence(
    house: House, node_modules: Path, transports: list[str]
) -> None:
    user = await house.person()
    await house.ban(user)
    async with _client(node_modules, house, user, transports=transports) as client:
        await client.hears("refused", message=BANNED, data={"code": "account_banned"}, active=False)


async def test_it_is_logged_out_of_every_namespace_on_one_transport(house: House, node_modules: Path) -> None:
    user = await house.person()
    async with _client(node_modules, house, user, "/", "/me") as client:
        await client.hears("connect", namespace="/")
        await client.hears("connect", namespace="/me")
        await house.ban(user)
        for namespace in ("/", "/me"):
            await client.hears("event", namespace=namespace, name="user.banned")
        for namespace in ("/", "/me"):
            await client.hears("disconnect", namespace=namespace, reason="io server disconnect")


async def test_it_keeps_its_connection_as_long_as_it_answers_heartbeats(tmp_path: Path, node_modules: Path) -> None:
    async with keep_house(tmp_path, limits=Limits(ping_interval=0.1, ping_timeout=0.5)) as house:
        user = await house.person()
        async with _client(node_modules, house, user) as client:
            await client.hears("connect")
            await client.hears("upgrade")
            for tier in ("basic", "premium", "free", "basic"):
                await asyncio.sleep(0.3)  # longer than an interval: heartbeats are what is tested
                await house.set_tier(user, tier)
                await client.hears("event", message=f"Your plan has been updated to {tier.capitalize()}.")


async def test_it_comes_back_by_itself_after_the_server_was_started_again(tmp_path: Path, node_modules: Path) -> None:
    async with AsyncExitStack() as stack:
        house = await stack.enter_async_context(keep_house(tmp_path))
        user = await house.person()
        client = await stack.enter_async_context(_client(node_modules, house, user, transports=["websocket"]))
        await client.hears("connect")
        port = int(house.url.rsplit(":", 1)[1])
        await house.stop()
        await client.hears("disconnect", reason="transport close", active=True)
        async with keep_house(tmp_path, port=port) as again:
            await client.hears("connect")
            await again.ban(user)
            await client.hears("event", name="user.banned")


@TRANSPORTS
async def test_it_is_greeted_answers_heartbeats_is_told_what_was_wrong_and_leaves(
    tmp_path: Path, node_modules: Path, transports: list[str]
) -> None:
    async with keep_house(tmp_path, limits=Limits(ping_interval=0.2, ping_timeout=5)) as house:
        user = await house.person()
        user = replace(user, token=f"Bearer {user.token}")
        says = [["nonsense", {"a": 1}], ["pong"]]
        async with _client(node_modules, house, user, "/shield/ws", says=says, transports=transports) as client:
            await client.hears("connect")
            await client.hears("event", name="connected")
            names: set[str] = set()
            while names != {"error", "ping"}:
                names.add(await client.hears_of())
        says = [["client_disconnect", {"reason": "manual"}]]
        async with _client(node_modules, house, user, "/shield/ws", says=says, transports=transports) as client:
            await client.hears("disconnect", reason="io server disconnect", active=False)
