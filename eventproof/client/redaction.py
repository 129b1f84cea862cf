"""Takes secrets out of what is kept or shown: the values that a client was given, and whatever looks like a JWT."""

import json
import re
from collections.abc import Iterable, Iterator
from math import isfinite
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

__all__ = ["REDACTED", "Redaction", "secrets_of"]

REDACTED = "[redacted]"

_JWT = re.compile(r"eyJ[\w-]{8,}(?:\.[\w-]*){0,2}")
"""Also the beginning of one that was cut."""
_BINARY_SHOWN = 64
_TEXT_SHOWN = 16 * 1024
_SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key"})
_SECRET_PARAMETERS = frozenset({"token", "access_token", "auth", "key", "secret", "password", "sig", "signature"})
_SHORTEST = 4
"""Shorter values would take innocent text with them."""


class Redaction:
    """Replaces each of the secrets, also where they are escaped for JSON or for a URL."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = {value for secret in secrets if len(secret) >= _SHORTEST for value in _spellings(secret)}
        self._secrets = re.compile("|".join(re.escape(value) for value in sorted(known, key=len, reverse=True)))
        self._any = bool(known)

    def text(self, text: str) -> str:
        """The text without secrets, cut where it is very long; half a surrogate pair, which none can write, is `?`."""
        if not text.isascii():
            text = text.encode(errors="replace").decode()
        if self._any:
            text = self._secrets.sub(REDACTED, text)
        if "eyJ" in text:
            text = _JWT.sub(REDACTED, text)
        return text if len(text) <= _TEXT_SHOWN else f"{text[:_TEXT_SHOWN]} … ({len(text)} characters in all)"

    def message(self, message: str | bytes) -> str:
        """A frame as text: bytes in hexadecimal."""
        if isinstance(message, str):
            return self.text(message)
        shown = message[:_BINARY_SHOWN].hex(" ")
        return f"<{len(message)} bytes: {shown}{' …' if len(message) > _BINARY_SHOWN else ''}>"

    def json(self, value: Any) -> Any:
        """A JSON value likewise; bytes inside become text, so that it can be written."""
        try:
            return self._json(value)
        except RecursionError:
            return "<nested too deeply to be kept>"

    def _json(self, value: Any) -> Any:
        match value:
            case str() | bytes():
                return self.message(value)
            case dict():
                return {self.text(str(key)): self._json(item) for key, item in value.items()}
            case list() | tuple():
                return [self._json(item) for item in value]
            case float() if not isfinite(value):
                return repr(value)  # what `1e999` is here; JSON cannot write it
            case _:
                return value


def secrets_of(auth: Any = None, headers: Iterable[tuple[str, str]] = (), url: str = "") -> Iterator[str]:
    """What is secret in what a client sends: all texts in its auth payload, credentials in headers and in the URL."""
    for value in _texts(auth):
        yield from _credentials(value)
    for name, value in headers:
        if name.lower() in _SECRET_HEADERS:
            yield from _credentials(value)
    parts = urlsplit(url)
    if parts.password:
        yield parts.password
    for name, value in parse_qsl(parts.query):
        if name.lower() in _SECRET_PARAMETERS:
            yield value


def _credentials(value: str) -> Iterator[str]:
    """The whole value, and what stands behind its scheme (`Bearer …`)."""
    yield value
    _, space, credentials = value.partition(" ")
    if space:
        yield credentials


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for item in value.values():
                yield from _texts(item)
        case list() | tuple():
            for item in value:
                yield from _texts(item)


def _spellings(secret: str) -> set[str]:
    return {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], quote(secret, safe="")}
