"""Attacks over a WebSocket: our own socket and framing, so that anything can be sent."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from eventproof.errors import ProtocolViolation
from eventproof.wire import websocket
from eventproof.wire.websocket import Message, Opcode

from .attack import TWIN, Door, framed
from .outcome import End, Heard, Outcome
from .place import Place
from .tcp import Tcp, Unmade, connected
from .visit import Visit

__all__ = ["by_websocket"]

_MARK = b"eventproof"
"""What the last PING carries: its PONG shows that all before it has been read."""
_TEXT, _PING = 0x81, 0x89


async def by_websocket(visit: Visit) -> Outcome:
    """Make an attack over Engine.IO's WebSocket, or over a native one; raises Unmade."""
    async with _opened(visit.place, visit.patience.opening) as socket:
        heard = Heard(visit.place.namespace)
        if visit.door is Door.WEBSOCKET:
            await _begin(visit, socket, heard)
        if visit.attack.holds:
            await _send(visit, socket)
            await visit.over.wait()
            return visit.became(End.ENDED if await socket.has_ended() else End.OPEN)
        if await _send(visit, socket):
            if visit.waits_for_twin:
                await socket.write(framed(_TEXT, visit.scene.asking(TWIN).encode()))
            await socket.write(framed(_PING, _MARK))
        is_read = False
        with suppress(TimeoutError):
            async with asyncio.timeout(visit.patience.looking):
                while not (is_read and _has_said_all(visit, heard)):
                    message = await socket.next()
                    if message is None:
                        break
                    is_read |= message == (Opcode.PONG, _MARK)
                    await _hear(socket, heard, message)
        end = End.ENDED if socket.end else End.OPEN
        return visit.became(end, socket.end, heard.acknowledged, heard.twin)


async def _begin(visit: Visit, socket: "_Socket", heard: Heard) -> None:
    """Wait for the session, and log in where a member comes; raises Unmade."""
    try:
        async with asyncio.timeout(visit.patience.opening):
            while not heard.sid:
                await _hear(socket, heard, await socket.must_come())
            if visit.logs_in:
                scene = visit.scene
                await socket.write(framed(_TEXT, f"40{scene.ns}{scene.auth}".encode()))
            while visit.logs_in and not heard.connected:
                await _hear(socket, heard, await socket.must_come())
                if heard.refused:
                    raise Unmade(f"the login was refused: {heard.refused}")
    except TimeoutError:
        raise Unmade(f"no session within {visit.patience.opening:g} s") from None


async def _send(visit: Visit, socket: "_Socket") -> bool:
    """Whether the server took all of it, and may still be there."""
    with suppress(TimeoutError):
        async with asyncio.timeout(visit.patience.sending):
            for frame in visit.attack.framed(visit.scene, visit.times):
                if not await socket.write(frame):
                    return False
            return True
    return False


def _has_said_all(visit: Visit, heard: Heard) -> bool:
    if visit.waits_for_twin:
        return heard.twin
    return heard.acknowledged is not None or not visit.waits_for_answer


async def _hear(socket: "_Socket", heard: Heard, message: Message) -> None:
    if message.opcode in (Opcode.TEXT, Opcode.BINARY) and (answer := heard.take(message.payload)):
        await socket.write(framed(_TEXT, answer.encode()))


class _Socket:
    """One WebSocket as an attacker has it; `end` says how it ended, once it has."""

    def __init__(self, tcp: Tcp, rest: bytes) -> None:
        self._tcp = tcp
        self._decoder = websocket.FrameDecoder()
        self._waiting = self._decoder.feed(rest)
        self.end = ""

    async def next(self) -> Message | None:
        """The next message; None at its end."""
        while not self._waiting and not self.end:
            came = await self._tcp.read()
            if not came:
                self.end = "without a CLOSE frame"
                return None
            try:
                self._waiting = self._decoder.feed(came)
            except ProtocolViolation as violation:
                self.end = f"it broke the framing itself: {violation}"
        if not self._waiting:
            return None
        message = self._waiting.pop(0)
        if message.opcode is Opcode.CLOSE and isinstance(message.payload, bytes):
            code, text = websocket.close_reason(message.payload)
            self.end = f"with {code} {text}".rstrip()
            return None
        return message

    async def must_come(self) -> Message:
        """The next message; raises Unmade at its end."""
        message = await self.next()
        if message is None:
            raise Unmade(f"the connection ended {self.end}")
        return message

    async def has_ended(self) -> bool:
        """Whether the server ended it while it was held."""
        return await self._tcp.has_ended()

    async def write(self, data: bytes) -> bool:
        """Whether the server took it."""
        return await self._tcp.write(data)


@asynccontextmanager
async def _opened(place: Place, seconds: float) -> AsyncIterator[_Socket]:
    """A WebSocket while the block runs; raises Unmade."""
    key = websocket.new_key(os.urandom(16))
    host, target = place.address.authority, place.target("websocket")
    async with connected(place.address, seconds) as tcp:
        try:
            async with asyncio.timeout(seconds):
                await tcp.write(websocket.handshake_request(host, target, key, place.headers))
                came = b""
                while (answer := websocket.handshake_response(came, key)) is None:
                    came += (part := await tcp.read())
                    if not part:
                        raise Unmade("the handshake was not answered")
        except TimeoutError:
            raise Unmade(f"the handshake was not answered within {seconds:g} s") from None
        except ProtocolViolation as violation:
            raise Unmade(str(violation)) from None
        if not answer.accepted:
            raise Unmade(f"the handshake was answered {answer.status}")
        yield _Socket(tcp, answer.rest)
