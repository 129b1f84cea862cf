"""One HTTP exchange with the target, bounded: the way out of every call of the suite.

No cookie, no redirect, no proxy and no password of the environment; the certificates that the system trusts. An answer
has a limit in bytes, counted when it is unpacked, and a deadline from the first byte sent to the last one received.
"""

import asyncio
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from eventproof.errors import Inconclusive, TargetUnavailable
from eventproof.redaction import cut

__all__ = ["LONGEST", "HttpReceived", "UnreadableAnswer", "Unsendable", "document_in", "exchange", "session"]

LONGEST = 16 * 1024 * 1024
"""Bytes of an answer; longer ones are not read to their end."""

_DEEPEST = 100
"""How deep JSON may be nested that is read as JSON: what shows it later goes down level by level."""
_STEP = 64 * 1024
_PACKINGS = {"": False, "identity": False, "gzip": True, "x-gzip": True, "deflate": True}
"""The encodings of a body that are known here, and whether they have to be unpacked."""
_ANY_HEADER, _NO_HEADER = 47, -15
"""What zlib calls gzip or zlib, and deflate alone."""
_AUTOMATIC = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
"""Headers that aiohttp adds where nobody gives them."""


class UnreadableAnswer(Inconclusive):
    """An answer came, and no client can read it: it is no HTTP, not packed as it says, or has no end."""


class Unsendable(Inconclusive):
    """No request can carry what was given for its address or its headers."""


@dataclass(frozen=True, slots=True)
class HttpReceived:
    """An answer, read to its end."""

    status: int
    reason: str
    headers: CIMultiDictProxy[str]
    content: bytes
    """Unpacked."""
    charset: str | None

    @property
    def text(self) -> str:
        """The content as text; what cannot be decoded is replaced."""
        try:
            return self.content.decode(self.charset or "utf-8", errors="replace")
        except (LookupError, ValueError):  # a charset that does not exist, or is none
            return self.content.decode(errors="replace")

    @property
    def kind(self) -> str:
        """Its Content-Type; empty where there is none."""
        return self.headers.get("Content-Type", "")

    @property
    def document(self) -> Any:
        """The content as JSON, or as text where it is none; None where there is nothing."""
        return document_in(self.text)


def session(keepalive: float | None = None) -> aiohttp.ClientSession:
    """The client for `exchange`; `keepalive` is how long an idle connection is used again, None for never."""
    kept: dict[str, Any] = {"force_close": True} if keepalive is None else {"keepalive_timeout": keepalive}
    connector = aiohttp.TCPConnector(limit=0, **kept)
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False)


async def exchange(
    http: aiohttp.ClientSession,
    method: str,
    url: str,
    *,
    what: str,
    seconds: float,
    headers: Mapping[str, str] | None = None,
    data: bytes | None = None,
    bare: bool = False,
) -> HttpReceived:
    """Send a request and read its answer; `what` names it in sentences, the operation for one.

    With `bare` the URL and the headers go out as they are given, and no others. Raises TargetUnavailable where nothing
    listens, Unsendable, UnreadableAnswer, and otherwise Inconclusive where no whole answer came in time.
    """
    sent: CIMultiDict[str] = CIMultiDict(headers or {})
    if not bare:
        sent.setdefault("Accept-Encoding", "gzip, deflate")
    try:
        async with (
            asyncio.timeout(seconds),
            http.request(
                method,
                URL(url, encoded=True) if bare else url,
                headers=sent,
                skip_auto_headers=_AUTOMATIC if bare else ("Content-Type",),
                allow_redirects=False,
                auto_decompress=False,
                timeout=aiohttp.ClientTimeout(total=None),
                data=data,
            ) as response,
        ):
            content = await _content(response, what)
            return HttpReceived(response.status, response.reason or "", response.headers, content, _charset(response))
    except TimeoutError:
        raise Inconclusive(f"{what} was not answered within {seconds:g} s: what it did is unknown") from None
    except aiohttp.ClientConnectorError as error:
        raise TargetUnavailable(f"{_place(url)} cannot be reached: {error.strerror or error}") from error
    except aiohttp.ClientResponseError as error:
        raise UnreadableAnswer(f"the answer to {what} is no HTTP: {_short(error.message)}") from error
    except (aiohttp.InvalidURL, ValueError) as error:
        # Both come before anything is sent. The text may hold a token, so it is not told.
        raise Unsendable(
            f"{what} cannot be sent: no request can carry what the profile and the target gave for its address and "
            f"headers ({type(error).__name__})"
        ) from error
    except (aiohttp.ClientError, OSError) as error:
        raise Inconclusive(f"the answer to {what} broke off: {_short(error)}") from error


def document_in(text: str) -> Any:
    """The JSON in a text; the text where it is none, or nested too deep; None where it is empty.

    Halves of surrogate pairs are replaced: no file could take them.
    """
    text = text.removeprefix("\ufeff")
    if not text:
        return None
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return _writable(text)
    return _clean(document) if _is_shallow(document) else _writable(text)


async def _content(response: aiohttp.ClientResponse, what: str) -> bytes:
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in _PACKINGS:
        raise UnreadableAnswer(f"the answer to {what} is packed by {_short(encoding)}, which nobody asked for")
    unpacked = _Unpacked() if _PACKINGS[encoding] else None
    content, came = bytearray(), 0
    try:
        async for received in response.content.iter_any():
            came += len(received)
            if came > 2 * LONGEST:  # nothing need come of packed bytes
                raise UnreadableAnswer(f"the answer to {what} has more than {2 * LONGEST // 2**20} MB before unpacking")
            for part in (received,) if unpacked is None else unpacked.parts(received):
                content += part
                if len(content) > LONGEST:
                    raise UnreadableAnswer(f"the answer to {what} has more than {LONGEST // 2**20} MB")
        if unpacked is not None:
            unpacked.finish()
    except zlib.error as error:
        raise UnreadableAnswer(f"the answer to {what} is no {encoding}, as it says: {error}") from error
    return bytes(content)


class _Unpacked:
    """Unpacks gzip, also of several members, and deflate, with or without the header of zlib; zlib.error for others."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_ANY_HEADER)
        self._began = False
        """Whether something of this member has come."""
        self._members = 0

    def parts(self, packed: bytes) -> Iterator[bytes]:
        """What these bytes hold, in parts of a bounded length."""
        while packed:
            try:
                part = self._member.decompress(packed, _STEP)
            except zlib.error:
                if self._began:
                    raise
                if self._members:
                    return  # what follows the last member is no part of it
                self._member = zlib.decompressobj(_NO_HEADER)
                part = self._member.decompress(packed, _STEP)
            self._began = True
            yield part
            while len(part) == _STEP and not self._member.unconsumed_tail and not self._member.eof:
                part = self._member.decompress(b"", _STEP)
                yield part
            packed = self._member.unconsumed_tail
            if self._member.eof:
                packed = self._member.unused_data
                self._member, self._began = zlib.decompressobj(_ANY_HEADER), False
                self._members += 1

    def finish(self) -> None:
        """Nothing more comes: raises zlib.error where something is lacking."""
        if self._began:
            raise zlib.error("its end is missing")


def _charset(response: aiohttp.ClientResponse) -> str | None:
    try:
        return response.charset
    except (LookupError, ValueError):
        return None


def _is_shallow(document: Any) -> bool:
    level = [document]
    for _ in range(_DEEPEST):
        level = [
            inner
            for value in level
            if isinstance(value, dict | list)
            for inner in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return True
    return False


def _clean(document: Any) -> Any:
    if isinstance(document, str):
        return _writable(document)
    if isinstance(document, dict):
        return {_writable(name): _clean(value) for name, value in document.items()}
    if isinstance(document, list):
        return [_clean(value) for value in document]
    return document


def _writable(text: str) -> str:
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _place(url: str) -> str:
    return url.partition("?")[0]


def _short(error: object) -> str:
    return cut(" ".join(str(error).split()) or type(error).__name__, 200)
