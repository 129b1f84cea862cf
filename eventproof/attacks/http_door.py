"""Attacks over bare TCP: requests that are none, or never end; and streams that nobody reads."""

import asyncio
from contextlib import suppress

from eventproof.errors import ProtocolViolation
from eventproof.wire.http import get_request, read_head

from .attack import Door
from .outcome import End, Outcome
from .tcp import PUT_OFF, Tcp, connected
from .visit import Visit

__all__ = ["by_tcp"]


async def by_tcp(visit: Visit) -> Outcome:
    """Say what the attack says, and read what comes; raises Unmade."""
    async with connected(visit.place.address, visit.patience.opening) as tcp:
        with suppress(TimeoutError):
            async with asyncio.timeout(visit.patience.sending):
                for data in _said(visit):
                    if not await tcp.write(data):
                        break
        if visit.attack.holds:
            await visit.over.wait()
            return visit.became(End.ENDED if await tcp.has_ended() else End.OPEN)
        return await _became(visit, tcp)


def _said(visit: Visit) -> list[bytes]:
    if visit.door is Door.STREAM:
        headers = [*visit.place.headers, ("Accept", "text/event-stream")]
        return [get_request(visit.place.address.authority, visit.place.target(), headers)]
    return list(visit.attack.raw(visit.scene, visit.times))


async def _became(visit: Visit, tcp: Tcp) -> Outcome:
    came = b""
    with suppress(TimeoutError):
        async with asyncio.timeout(visit.patience.looking):
            while part := await tcp.read():
                came += part
                try:
                    answer = read_head(came)
                except ProtocolViolation:
                    return visit.became(End.REFUSED, "by something that is no HTTP")
                if answer is not None:
                    status = answer[0].status
                    end = End.UNMADE if status in PUT_OFF else End.REFUSED if status >= 400 else End.OPEN
                    return visit.became(end, f"answered {status}")
            return visit.became(End.ENDED, "without an answer")
    return visit.became(End.OPEN, "without an answer")
