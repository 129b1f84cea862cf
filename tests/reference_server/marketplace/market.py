"""A market: sellers with products, buyers, and clients of both wires that are read event by event."""

import asyncio
import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.reference_server.house import SECONDS, House, Person, Socket

SECRET = "a secret that a provider shares"
FIELDS: dict[str, Any] = {"name": "Linen shirt", "price": 24.5, "stock": 40}
LAST = "the last one"


@dataclass
class Ear:
    """A connection of somebody, and all that it has heard."""

    house: House
    person: Person
    socket: Socket | None = None
    raw: aiohttp.ClientWebSocketResponse | None = None
    _numbers: int = field(default=0)

    async def next(self) -> tuple[str, dict[str, Any]]:
        """The next event and its argument."""
        if self.raw is not None:
            async with asyncio.timeout(SECONDS):
                payload = await self.raw.receive_json()
            return payload["type"], payload
        assert self.socket is not None
        while not (frame := await self.socket.read()).startswith("42"):
            assert frame == "2", frame
            await self.socket.send("3")
        name, payload = json.loads(frame[2:])
        return name, payload

    async def asks(self, name: str, argument: Any) -> Any:
        """What the acknowledgement of this event says; whatever else comes first is lost."""
        assert self.socket is not None
        self._numbers += 1
        await self.socket.send(f"42{self._numbers}" + json.dumps([name, argument]))
        while not (frame := await self.socket.read()).startswith(f"43{self._numbers}["):
            pass
        (answer,) = json.loads(frame.removeprefix(f"43{self._numbers}"))
        return answer

    async def heard(self) -> list[tuple[str, dict[str, Any]]]:
        """All that has come until now: what is sent to somebody alone comes behind it."""
        assert self.socket is not None
        path = f"/api/admin/market/users/{self.person.id}/notices"
        assert (await self.house.call("POST", path, self.house.admin, json={"message": LAST}))[0] == 201
        found = []
        while (event := await self.next())[1].get("message") != LAST:
            found.append(event)
        return found

    async def names(self) -> list[str]:
        """The names of all that has come until now."""
        return [name for name, _ in await self.heard()]


async def listening(house: House, person: Person) -> Ear:
    """A Socket.IO connection."""
    return Ear(house, person, socket=await house.socket(person))


async def on_orders(house: House, person: Person) -> Ear:
    """A connection to the native WebSocket."""
    return Ear(house, person, raw=await house.http.ws_connect(f"{house.url}/ws/orders", headers=person.headers))


async def done(house: House, person: Person, method: str, path: str, **body: Any) -> dict[str, Any]:
    """What an accepted call answers."""
    options = {"json": body} if body else {}
    status, answer = await house.call(method, path, person, **options)
    assert status in (200, 201), answer
    assert isinstance(answer, dict)
    return answer


async def refused(house: House, person: Person | None, method: str, path: str, **options: Any) -> tuple[int, str]:
    """The status and the code of a refusal."""
    status, answer = await house.call(method, path, person, **options)
    assert answer["error"]["message"].endswith("."), answer
    return status, answer["error"]["code"]


async def product(house: House, seller: Person, **fields: Any) -> str:
    """The id of a new product."""
    return str((await done(house, seller, "POST", "/api/products", **{**FIELDS, **fields}))["id"])


async def ordered(house: House, buyer: Person, product_id: str, quantity: int = 2) -> str:
    """The id of a new order."""
    return str((await done(house, buyer, "POST", "/api/orders", productId=product_id, quantity=quantity))["id"])


def payment(kind: str, order_id: str, event_id: str) -> bytes:
    """An event of the payment provider."""
    about = {"id": "pi_1", "metadata": {"orderId": order_id}}
    return json.dumps({"id": event_id, "type": kind, "object": "event", "data": {"object": about}}).encode()


def signed(body: bytes, *, at: float | None = None, secret: str = SECRET) -> dict[str, str]:
    """The headers with which the provider sends it."""
    moment = str(int(time.time() if at is None else at))
    mark = hmac.new(secret.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"Content-Type": "application/json", "Stripe-Signature": f"t={moment},v1={mark}"}


async def tells(house: House, body: bytes, headers: dict[str, str]) -> tuple[int, Any]:
    """What the provider is answered."""
    return await house.call("POST", "/api/webhooks/payments", data=body, headers=headers)
