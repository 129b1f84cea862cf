"""Long-polling over aiohttp: a GET waits for what the server sends; POSTs, one at a time, carry what we send."""

import asyncio
import ssl
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

import aiohttp

from eventproof.errors import Inconclusive, ProtocolViolation, TargetUnavailable
from eventproof.wire import engineio
from eventproof.wire.connection import Opened
from eventproof.wire.engineio import Message

from .address import Address
from .answer import HttpAnswer, judge
from .answer_body import read_answer, unanswered
from .channel import Ending
from .journal import Journal, kept
from .websocket_stream import FrameListener

__all__ = ["PollingStream"]

_MARGIN = 5.0
"""Seconds a poll may last beyond the heartbeat that must end it."""


class PollingStream:
    """One session over polling, from its first GET to its end."""

    def __init__(
        self,
        address: Address,
        path: str,
        *,
        headers: Iterable[tuple[str, str]],
        query: Mapping[str, str],
        listener: FrameListener,
        journal: Journal,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._address = address
        self._path = path
        self._url = address.origin + address.target(path).partition("?")[0]
        self._listener = listener
        self._journal = journal
        self._http = aiohttp.ClientSession(
            headers=list(headers),
            cookie_jar=aiohttp.CookieJar(unsafe=True),
            connector=aiohttp.TCPConnector(ssl=ssl_context or True, limit=4),
            auto_decompress=False,
        )
        self._further = query
        self._query = engineio.query("polling", None, query)
        self._patience = 30.0
        self._connect_timeout = 30.0
        self._max_payload = 1_000_000
        self._outgoing: deque[Message] = deque()
        self._idle = asyncio.Event()
        self._idle.set()
        self._paused = False
        self._ended = False
        self._getter: asyncio.Task[None] | None = None
        self._poster: asyncio.Task[None] | None = None

    async def open(self, timeout: float) -> None:
        """The handshake; its OPEN packet goes to the listener. Raises as `WebSocketStream.open` does."""
        self._connect_timeout = timeout
        try:
            async with asyncio.timeout(2 * timeout):
                payload = await self._request("GET", first=True)
        except TimeoutError:
            raise Inconclusive(f"{self._url} did not answer within {timeout:g} s.") from None
        self._deliver(payload)

    def begin(self, opened: Opened) -> None:
        """Go on polling with what the OPEN packet said."""
        self._query = engineio.query("polling", opened.sid, self._further)
        self._patience = opened.ping_interval + opened.ping_timeout + _MARGIN
        self._max_payload = opened.max_payload or self._max_payload
        self._getter = asyncio.create_task(self._poll())

    def write(self, messages: Iterable[Message]) -> None:
        """Send these with the next POST, in their order."""
        if self._ended:
            return
        for message in messages:
            self._journal.frame_out(message)
            self._outgoing.append(message)
        if self._outgoing and (self._poster is None or self._poster.done()):
            self._idle.clear()
            self._poster = asyncio.create_task(self._post())

    async def drain(self, timeout: float) -> None:
        """Wait until everything written was accepted. Raises Inconclusive."""
        try:
            await asyncio.wait_for(self._idle.wait(), timeout)
        except TimeoutError:
            raise Inconclusive(f"A POST was not answered within {timeout:g} s.") from None

    async def pause(self, timeout: float) -> None:
        """Let the pending GET end and everything written leave: what an upgrade needs before it is completed.

        Raises Inconclusive.
        """
        self._paused = True
        if self._getter is not None:
            _, pending = await asyncio.wait({self._getter}, timeout=timeout)
            if pending:
                raise Inconclusive(f"The last poll before the upgrade did not end within {timeout:g} s.")
        await self.drain(timeout)

    def cookies(self) -> str:
        """The cookies that the server set, as a header has them: a balancer may route by them."""
        return "; ".join(f"{cookie.key}={cookie.value}" for cookie in self._http.cookie_jar)

    def abort(self) -> None:
        """Stop now, without a goodbye."""
        self._finish(Ending.LOCAL, "we stopped polling", None)
        for task in (self._getter, self._poster):
            if task is not None:
                task.cancel()
        self._idle.set()

    async def close(self, timeout: float) -> None:
        """Stop, and give everything back; what was written should have been drained before."""
        self.abort()
        tasks = {task for task in (self._getter, self._poster) if task is not None}
        if tasks:
            await asyncio.wait(tasks, timeout=timeout)
        await self._http.close()

    async def _poll(self) -> None:
        while not self._paused and not self._ended:
            payload = await self._exchange("GET")
            if payload is not None:
                self._deliver(payload)

    async def _post(self) -> None:
        try:
            while self._outgoing and not self._ended:
                await self._exchange("POST", engineio.encode_payload(self._batch()).encode())
        finally:
            self._idle.set()

    async def _exchange(self, method: str, payload: bytes | None = None) -> bytes | None:
        """The body of the answer; None where the session has ended for want of a good one."""
        try:
            async with asyncio.timeout(self._patience):
                return await self._request(method, payload)
        except _SessionGone as gone:
            answer = gone.answer
            reason = f"a {method} was answered {answer.shown}" + (f": {answer.said}" if answer.said else "")
            self._finish(Ending.HTTP_STATUS, reason, answer.status, answer.data)
        except TimeoutError:
            self._finish(Ending.LOCAL, f"a {method} was not answered within {self._patience:g} s", None)
        except TargetUnavailable as error:
            self._finish(Ending.RESET, str(error), None)
        except ProtocolViolation as violation:
            self._violated(violation)
        return None

    def _batch(self) -> list[Message]:
        """As many of the waiting messages as `maxPayload` lets one POST carry, at least one."""
        batch: list[Message] = []
        size = 0
        while self._outgoing:
            message = self._outgoing[0]
            size += len(engineio.encode_payload([message]).encode()) + 1
            if batch and size > self._max_payload:
                break
            batch.append(self._outgoing.popleft())
        return batch

    async def _request(self, method: str, payload: bytes | None = None, *, first: bool = False) -> bytes:
        """The body of a 200; raises _SessionGone, or for the first request what its answer stands for."""
        try:
            async with self._http.request(
                method,
                self._address.origin + self._address.asked(self._path, self._query),
                data=payload,
                headers=None if payload is None else {"Content-Type": "text/plain;charset=UTF-8"},
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._connect_timeout),
            ) as response:
                answer, body, broken = await read_answer(self._url, response)
        except (aiohttp.ClientError, OSError) as error:
            raise unanswered(self._address, error) from None
        if first and (answer.status != 200 or not body.startswith(b"0{")):
            raise judge(answer, "Socket.IO server")
        if answer.status != 200:
            raise _SessionGone(answer)
        if broken is not None:
            raise broken
        return body

    def _deliver(self, payload: bytes) -> None:
        try:
            for message in engineio.decode_payload(payload.decode()):
                self._journal.frame_in(message)
                if not self._ended:
                    self._listener.on_message(message)
        except UnicodeDecodeError:
            shown = kept(payload)
            self._violated(ProtocolViolation("A polling payload is not UTF-8.", expected="UTF-8", observed=shown))
        except ProtocolViolation as violation:
            self._violated(violation)

    def _violated(self, violation: ProtocolViolation) -> None:
        self._listener.on_violation(violation)
        self._finish(Ending.VIOLATION, str(violation), None)

    def _finish(self, ending: Ending, reason: str, code: int | None, said: Any = None) -> None:
        if not self._ended:
            self._ended = True
            self._listener.on_end(self, ending, reason, code, said)


class _SessionGone(Exception):
    def __init__(self, answer: HttpAnswer) -> None:
        super().__init__(answer.shown)
        self.answer = answer
