"""Before the first case: does anything answer there, and is it what the systems need?"""

import asyncio
from typing import cast

import aiohttp

from eventproof.actions import presented
from eventproof.catalog import Catalog, Wire
from eventproof.client.aio import ConnectionRefused, SocketIOClient, TransportChoice
from eventproof.errors import ContractViolation, Inconclusive, TargetUnavailable
from eventproof.redaction import cut
from eventproof.target import Target
from eventproof.wire.websocket import UnaskedFor

from .exchange import session
from .openapi import published

__all__ = ["probe"]

_SECONDS = 4.0


def probe(target: Target, catalog: Catalog) -> None:
    """Raise TargetUnavailable, in a sentence, where the target cannot be reached or is something else.

    Raises UsageError where the OpenAPI document that the profile names cannot be used.
    """
    wires = {channel.wire for name in target.systems for channel in catalog.system(name).channels}
    asyncio.run(_probe(target, Wire.SOCKET_IO in wires))
    if target.openapi:
        published(target.openapi)


async def _probe(target: Target, speaks_socketio: bool) -> None:
    try:
        async with asyncio.timeout(_SECONDS):
            await (_knock(target) if speaks_socketio else _fetch(target.rest.url))
    except TimeoutError:
        raise TargetUnavailable(f"{target.base_url} did not answer within {_SECONDS:g} s") from None


async def _knock(target: Target) -> None:
    client = SocketIOClient(
        target.base_url,
        path=target.socketio.path,
        transport=cast(TransportChoice, target.socketio.transports[0].value),
        headers=tuple(presented(target.socketio.headers, None, target.source).items()),
        query=presented(target.socketio.query, None, target.source),
        timeout=_SECONDS,
    )
    try:
        await client.open()
    except (ConnectionRefused, UnaskedFor):
        return  # it is there; what is wrong with its handshake is for the cases to say
    except Inconclusive as silence:
        raise TargetUnavailable(str(silence)) from silence
    except TargetUnavailable as nothing:
        try:
            await _fetch(target.base_url)
        except TargetUnavailable:
            raise nothing from None
        hint = f"HTTP is answered there: see path (now {target.socketio.path}) and transports under [socketio]"
        raise TargetUnavailable(f"{str(nothing).rstrip('.')}. {hint}") from nothing
    except ContractViolation as strange:
        raise TargetUnavailable(f"{target.base_url} is no Socket.IO server: {strange}") from strange
    finally:
        await client.close()


async def _fetch(url: str) -> None:
    """See that something answers, whatever it says: what comes after the head is of no interest."""
    try:
        async with session() as http, http.get(url, allow_redirects=False):
            return
    except (aiohttp.ClientError, OSError, ValueError) as error:  # ValueError: an address that is none
        raise TargetUnavailable(f"{url} cannot be reached: {cut(' '.join(str(error).split()), 200)}") from error
