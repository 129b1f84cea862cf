"""Attacks over long-polling: a session of its own for each, whose requests go over one client."""

import asyncio
from contextlib import suppress

import aiohttp
from yarl import URL

from .attack import TWIN
from .outcome import End, Heard, Outcome
from .tcp import GLANCE, PUT_OFF, Unmade
from .visit import Visit

__all__ = ["by_polling"]

_OK = 200
_MOST = 256 * 1024


async def by_polling(visit: Visit) -> Outcome:
    """Make an attack on a session over polling; raises Unmade."""
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=visit.patience.opening)
    async with aiohttp.ClientSession(headers=list(visit.place.headers), timeout=timeout, trust_env=False) as http:
        session = _Session(visit, http)
        try:
            return await session.attacked()
        finally:
            with suppress(TimeoutError, aiohttp.ClientError, OSError):
                async with asyncio.timeout(GLANCE):
                    await session.leave()


class _Session:
    def __init__(self, visit: Visit, http: aiohttp.ClientSession) -> None:
        self._visit, self._http = visit, http
        self._heard = Heard(visit.place.namespace)

    async def attacked(self) -> Outcome:
        """Begin, log in where a member comes, attack, and look at what became of it."""
        visit = self._visit
        try:
            async with asyncio.timeout(visit.patience.opening):
                await self._begin()
        except TimeoutError:
            raise Unmade(f"no session within {visit.patience.opening:g} s") from None
        except (aiohttp.ClientError, OSError) as error:
            raise Unmade(f"no session: {error or type(error).__name__}") from None
        if visit.attack.holds:
            await visit.over.wait()
        try:
            if visit.attack.holds:
                return await self._polled(GLANCE)
            async with asyncio.timeout(visit.patience.sending):
                for body in visit.attack.posted(visit.scene, visit.times):
                    if (status := await self._post(body)) != _OK:
                        return self._answered(End.REFUSED, "answered", status)
            return await self._look()
        except TimeoutError:
            return self._became(End.OPEN, "without an answer")
        except (aiohttp.ClientError, OSError):
            return self._became(End.ENDED, "without an answer")

    async def _begin(self) -> None:
        if (status := await self._get()) != _OK or not self._heard.sid:
            raise Unmade(f"a session was answered {status}")
        if not self._visit.logs_in:
            return
        scene = self._visit.scene
        if (status := await self._post(f"40{scene.ns}{scene.auth}".encode())) != _OK:
            raise Unmade(f"the login was answered {status}")
        while not self._heard.connected:
            if (status := await self._get()) != _OK or self._heard.refused:
                raise Unmade(f"the login was refused: {self._heard.refused or status}")

    async def _look(self) -> Outcome:
        """Whether the session is still there, and what it has said of the attack's event."""
        waits = self._visit.waits_for_twin
        if waits and (status := await self._post(self._visit.scene.asking(TWIN).encode())) != _OK:
            return self._answered(End.ENDED, "the next request was answered", status)
        return await self._polled(self._visit.patience.looking if waits or self._visit.waits_for_answer else GLANCE)

    async def _polled(self, seconds: float) -> Outcome:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    if (status := await self._get()) != _OK:
                        return self._answered(End.ENDED, "the next poll was answered", status)
                    if self._heard.twin or not (self._visit.waits_for_twin or self._visit.waits_for_answer):
                        break
        return self._became(End.OPEN)

    def _answered(self, end: End, said: str, status: int) -> Outcome:
        return self._became(End.UNMADE if status in PUT_OFF else end, f"{said} {status}")

    def _became(self, end: End, said: str = "") -> Outcome:
        return self._visit.became(end, said, self._heard.acknowledged, self._heard.twin)

    async def leave(self) -> None:
        """Say goodbye: a session over polling would else be missed only at its next heartbeat."""
        if self._heard.sid:
            await self._post(b"1")

    async def _get(self) -> int:
        async with self._http.get(self._url, allow_redirects=False) as answer:
            payload = bytearray()
            while len(payload) < _MOST and (part := await answer.content.read(_MOST - len(payload))):
                payload += part
        if said := self._heard.payload(bytes(payload)):
            await self._post(said.encode())
        return answer.status

    async def _post(self, body: bytes) -> int:
        headers = {"Content-Type": "text/plain;charset=UTF-8"}
        async with self._http.post(self._url, data=body, headers=headers, allow_redirects=False) as answer:
            await answer.content.read(_MOST)
            return answer.status

    @property
    def _url(self) -> URL:
        place = self._visit.place
        return URL(place.address.origin + place.target("polling", self._heard.sid or None), encoded=True)
