"""The body of an HTTP answer that aiohttp does not decode: read as far as a client takes it, within its time."""

import asyncio
import errno
from contextlib import suppress

import aiohttp

from eventproof.errors import Inconclusive, ProtocolViolation, TargetUnavailable
from eventproof.wire.http import MAX_BODY, Coding, too_big

from .address import Address, unreachable
from .answer import BODY_SHOWN, HttpAnswer

__all__ = ["read_answer", "unanswered"]

_PATIENCE = 0.5
"""Seconds that the body of a refusal is waited for: what came by then is shown."""


async def read_answer(
    url: str, response: aiohttp.ClientResponse, *, beginning: bool = False
) -> tuple[HttpAnswer, bytes, ProtocolViolation | None]:
    """The answer, its body decoded, and why the body is none that can be used; of a refusal, its beginning alone,
    as of anything where that is asked for.

    `response` is of a session with `auto_decompress=False`.
    """
    coding = Coding(response.headers.getall("Content-Encoding", ()))
    is_wanted = response.status == 200 and not beginning
    most = MAX_BODY if is_wanted else BODY_SHOWN
    body, came = bytearray(), 0
    broken: ProtocolViolation | None = None
    try:
        with suppress(*(() if is_wanted else (TimeoutError, aiohttp.ClientPayloadError))):
            async with asyncio.timeout(None if is_wanted else _PATIENCE):
                async for chunk in response.content.iter_any():
                    came += len(chunk)
                    body += coding.feed(chunk)
                    if len(body) > most or came > 2 * most:  # nothing need come of coded bytes
                        raise too_big(most)
                if is_wanted:
                    coding.finish()
    except ProtocolViolation as violation:
        broken = violation
    if coding.unknown:
        broken = ProtocolViolation(
            "The body of an answer cannot be decoded.", expected="gzip, deflate or no coding", observed=coding.unknown
        )
    answer = HttpAnswer(
        url,
        response.status,
        response.headers.get("Content-Type", ""),
        body[:BODY_SHOWN].decode(errors="replace"),
        response.headers.get("Location", ""),
        coding.unknown,
    )
    return answer, bytes(body), broken


def unanswered(address: Address, error: aiohttp.ClientError | OSError) -> TargetUnavailable | Inconclusive:
    """What it means that aiohttp has no answer of this server."""
    if isinstance(error, aiohttp.ClientResponseError):
        why = error.message.partition("\n")[0].rstrip(":. ")
        return TargetUnavailable(f"{address.origin} does not answer in valid HTTP: {why}.")
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(cause, OSError) and cause.errno in (errno.EMFILE, errno.ENFILE):
        return Inconclusive("this process may open no more connections: raise its limit of open files (ulimit -n)")
    return unreachable(address, cause)
