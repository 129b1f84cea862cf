"""What a document refers to on the network: read only where the profile names the address, and never much of it.

Nothing is followed on from there, nothing is sent but the request, and what is longer or slower than it may be is
refused: whoever wrote a document is not the one who reads it.
"""

import socket
import time
from collections.abc import Iterable
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from threading import Timer
from typing import Final
from urllib.parse import unquote, urlsplit

from eventproof import textfile
from eventproof.errors import ContractError, UsageError

__all__ = ["Network", "problem_with"]

LARGEST: Final = 2 * 1024 * 1024
"""Bytes of one answer."""
LONGEST: Final = 10.0
"""Seconds for one answer, its connection with it."""
_MOST: Final = 20
"""Answers for one contract."""
_OK: Final = 200
_MOVED: Final = range(300, 400)
_REMEDY: Final = "save it beside the document, and refer to that"


def problem_with(start: str) -> str:
    """What is wrong with the beginning of addresses that may be read; empty where nothing is."""
    try:
        parts = urlsplit(start)
        is_one = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_one = False
    if not is_one or "@" in start or parts.query or parts.fragment or not parts.path.endswith("/"):
        return f'must be addresses that end in /, such as "https://schemas.example.com/v1/", not "{start}"'
    return ""


class Network:
    """The addresses that may be read, by their beginnings; `longest` is in seconds."""

    def __init__(self, allowed: Iterable[str] = (), *, longest: float = LONGEST) -> None:
        self._allowed = tuple(allowed)
        self._longest = longest
        self._read = 0

    def allows(self, url: str) -> bool:
        """Whether this address begins so; none does that leads out of there again."""
        steps = unquote(urlsplit(url).path).replace("\\", "/").split("/")
        return url.startswith(self._allowed) and ".." not in steps and url.isprintable() and " " not in url

    def text(self, url: str) -> str:
        """What stands at an address that is allowed.

        Raises ContractError where that cannot be read, is too much, or takes too long.
        """
        assert self.allows(url)  # noqa: S101 - asked before
        self._read += 1
        if self._read > _MOST:
            raise ContractError(f"{url}: the document refers to more than {_MOST} addresses: {_REMEDY}")
        until = time.monotonic() + self._longest
        try:
            content = self._answer(url)
            if time.monotonic() >= until:
                raise TimeoutError
        except (OSError, HTTPException, ValueError) as error:
            is_late = time.monotonic() >= until
            why = f"it took longer than {self._longest:g} s" if is_late else str(error) or type(error).__name__
            raise ContractError(f"{url}: it cannot be read: {why}; {_REMEDY}") from None
        if len(content) > LARGEST:
            raise ContractError(f"{url}: it is larger than {LARGEST // 1024**2} MB; {_REMEDY}")
        try:
            return textfile.decoded(content, url, "the document", LARGEST)
        except UsageError as error:
            raise ContractError(str(error)) from None

    def _answer(self, url: str) -> bytes:
        parts = urlsplit(url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        connection = kind(parts.netloc, timeout=self._longest)
        opened: list[socket.socket] = []
        ending = Timer(self._longest, _ended, (connection, opened))
        ending.daemon = True
        ending.start()
        try:
            connection.connect()
            opened.append(connection.sock)
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("GET", path, headers={"Accept-Encoding": "identity", "Connection": "close"})
            return _body(connection.getresponse(), url)
        finally:
            ending.cancel()
            connection.close()


def _body(response: HTTPResponse, url: str) -> bytes:
    if response.status in _MOVED:
        raise ContractError(
            f"{url}: it is elsewhere now ({response.status}), which is not followed: refer to where it is"
        )
    if response.status != _OK:
        raise ContractError(f"{url}: it cannot be read: the answer is {response.status}; {_REMEDY}")
    return response.read(LARGEST + 1)


def _ended(connection: HTTPConnection, opened: Iterable[socket.socket]) -> None:
    """Have whoever reads from it stop; once the answer has begun, the connection itself knows no socket any more."""
    for each in (connection.sock, *opened):
        with suppress(OSError):
            if each is not None:
                each.shutdown(socket.SHUT_RDWR)
