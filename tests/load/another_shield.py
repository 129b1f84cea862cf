"""A small Shield that is not ours, run as a program. Prints its URL, ends with its input.

`another_shield.py wrong` breaks each rule with an event of its own; `another_shield.py mute` breaks none, and answers
every third call with the end of the connection.
"""

import asyncio
import copy
import itertools
import sys
from typing import Any

import socketio
from aiohttp import web

from eventproof import catalog
from eventproof.catalog import Direction

_CHANNEL = "/shield/ws"
_EVENTS = {event.name: event for event in catalog.load().system("shield").events if event.direction is Direction.SEND}
_RETRIES = (0.5, 3.0)
"""Seconds after claim_paid; the second is one too many where it was acknowledged."""


class Shield:
    """Claims in memory; who comes with the token `x` is the user `x`."""

    def __init__(self, *, is_wrong: bool, is_mute: bool) -> None:
        self.is_wrong = is_wrong
        self.is_mute = is_mute
        self.io = socketio.AsyncServer(async_mode="aiohttp")
        self.io.on("connect", self._connect, namespace=_CHANNEL)
        self.io.on("*", self._hear, namespace=_CHANNEL)
        self._claims: dict[str, dict[str, Any]] = {}
        self._owners: dict[str, str] = {}
        self._connected: dict[str, str] = {}
        self._users: list[str] = []
        self._numbers = itertools.count(1)
        self._calls = 0
        self._acknowledged: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def _connect(self, sid: str, _environ: Any, auth: dict[str, str]) -> None:
        user = auth["token"].removeprefix("Bearer ")
        self._connected[sid] = user
        self._users.append(user)
        await self.io.enter_room(sid, "admins" if user.startswith("admin") else user, namespace=_CHANNEL)

    async def _hear(self, event: str, _sid: str, payload: Any = None) -> None:
        if event == "claim_paid_ack":
            self._acknowledged.add(payload["claimId"])

    async def submit(self, request: web.Request) -> web.StreamResponse:
        user, number = _user(request), next(self._numbers)
        claim = {**await request.json(), "claimId": f"claim-{number}", "status": "submitted", "number": number}
        self._claims[claim["claimId"]], self._owners[claim["claimId"]] = claim, user
        if not self.is_wrong:
            await self._tell("claim_submitted", claim)
        await self._tell("admin_claim_submitted", claim, to="admins")
        await self._tell("admin_action_required", claim, to="admins")
        if self.is_wrong:
            await self._tell("admin_action_required", claim)
        return self._answered(request, claim)

    async def change(self, request: web.Request) -> web.StreamResponse:
        claim, verb = self._claims[request.match_info["claim"]], request.match_info["verb"]
        claim["status"] = {"review": "under_review", "approve": "approved", "deny": "denied", "pay": "paid"}[verb]
        await getattr(self, f"_{verb}")(claim)
        await self._tell("claim_status_changed", claim)
        return self._answered(request, claim)

    async def get(self, request: web.Request) -> web.Response:
        return web.json_response(self._claims[request.match_info["claim"]])

    async def list(self, request: web.Request) -> web.Response:
        mine = [claim for claim in self._claims.values() if self._owners[claim["claimId"]] == _user(request)]
        return web.json_response({"claims": mine})

    async def _review(self, claim: dict[str, Any]) -> None:
        if not self.is_wrong or claim["number"] % 2:
            await self._tell("claim_under_review", claim)
        if self.is_wrong:
            await self._tell("claim_submitted", claim)

    async def _approve(self, claim: dict[str, Any]) -> None:
        await self._tell("claim_approved", claim)
        if self.is_wrong:
            members = {user for user in self._users if not user.startswith("admin")}
            await self._tell("claim_approved", claim, to=min(members - {self._owners[claim["claimId"]]}))

    async def _deny(self, claim: dict[str, Any]) -> None:
        for _ in range(1 + self.is_wrong):
            await self._tell("claim_denied", claim)

    async def _pay(self, claim: dict[str, Any]) -> None:
        for event in ("payout_initiated", "payout_completed", "claim_paid"):
            await self._tell(event, claim)
        for event in ("coverage_updated", "cancellation_restriction_changed"):
            await self._tell(event, claim)
        task = asyncio.create_task(self._retry(claim))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _retry(self, claim: dict[str, Any]) -> None:
        for pause in _RETRIES:
            await asyncio.sleep(pause)
            if self.is_wrong or claim["claimId"] not in self._acknowledged:
                await self._tell("claim_paid", claim)

    async def _tell(self, event: str, claim: dict[str, Any], to: str | None = None) -> None:
        payload = copy.deepcopy(_EVENTS[event].examples[0])
        data = payload["data"]
        if "claimId" in data:
            data["claimId"] = claim["claimId"]
        if event == "claim_status_changed":
            data["newStatus"] = claim["status"]
        if event == "coverage_updated":
            data["coverage"]["usedAmount"] = "much" if self.is_wrong else claim["number"]
        if event == "cancellation_restriction_changed":
            data["daysRemaining"] = claim["number"]
        await self.io.emit(event, payload, room=to or self._owners[claim["claimId"]], namespace=_CHANNEL)

    def _answered(self, request: web.Request, claim: dict[str, Any]) -> web.StreamResponse:
        self._calls += 1
        if self.is_mute and self._calls % 3 == 0 and request.transport is not None:
            request.transport.close()
        return web.json_response(claim)


def _user(request: web.Request) -> str:
    return request.headers["Authorization"].removeprefix("Bearer ")


async def serve(manner: str) -> None:
    """Serve until standard input ends."""
    shield = Shield(is_wrong=manner == "wrong", is_mute=manner == "mute")
    app = web.Application()
    shield.io.attach(app)
    app.router.add_post("/api/shield/claims", shield.submit)
    app.router.add_get("/api/shield/claims", shield.list)
    app.router.add_get("/api/shield/claims/{claim}", shield.get)
    app.router.add_post("/api/admin/users/{user}/claims/{claim}/{verb}", shield.change)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
