"""What may be written down: secrets struck out, numbers finite, text that every reader takes.

The clients redact the tokens that they know; this is the last gate, which knows a secret only by its looks.
"""

import base64
import math
import re
from dataclasses import fields, is_dataclass
from typing import Any

__all__ = ["STRUCK", "redacted", "redacted_text"]

STRUCK = "[redacted]"

_DEEPEST = 60
_WORDS = (
    r"pass(?:word|wd|phrase)|(?:client[_-]?)?secret|(?:(?:access|refresh|id|auth|session)[_-]?)?token|jwt"
    r"|(?:set-)?cookie|authorization|api[_-]?key"
)
_SECRET_NAME = re.compile(rf"(?:x-)?(?:{_WORDS})", re.IGNORECASE)
_JWT = re.compile(r"\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?")
_AUTHORIZATION = re.compile(r"\b(authorization\s{0,9}:\s{0,9}\w+)\s+(?!\[redacted\])[^\s\"'\\<>,;]+", re.IGNORECASE)
_BEARER = re.compile(r"\b(Bearer)\s+(?!\[redacted\])[^\s\"'\\<>,;]+", re.IGNORECASE)
_BASIC = re.compile(r"\b(Basic\s+)([A-Za-z0-9+/]{4,}={0,2})(?![\w+/=])", re.IGNORECASE)
_QUOTED_FIELD = re.compile(
    # A field of JSON inside a text, the text perhaps quoted once more, and perhaps cut before the closing quote.
    rf"(\\{{0,7}}[\"'](?:{_WORDS})\\{{0,7}}[\"']\s{{0,9}}:\s{{0,9}})(\\{{0,7}})([\"'])(?:(?!\2\3)(?:\\.|[^\\]))++(?:\2\3|\\?\Z)",
    re.IGNORECASE | re.DOTALL,
)
_QUERY_FIELD = re.compile(rf"\b((?:{_WORDS})=)(?!\[redacted\])[^&;\s\"'\\<>]+", re.IGNORECASE)
_USER_OF_URL = re.compile(r"(\w://)[^\s/@:\"']*:[^\s/@\"']+@")


def redacted_text(text: str) -> str:
    """The text with whatever looks like a token, a password or a cookie struck out."""
    text = _JWT.sub(STRUCK, text)
    text = _AUTHORIZATION.sub(rf"\1 {STRUCK}", text)
    text = _BEARER.sub(rf"\1 {STRUCK}", text)
    text = _BASIC.sub(_without_credentials, text)
    text = _QUOTED_FIELD.sub(rf"\1\2\3{STRUCK}\2\3", text)
    text = _QUERY_FIELD.sub(rf"\1{STRUCK}", text)
    text = _USER_OF_URL.sub(rf"\1{STRUCK}@", text)
    return text.encode("utf-8", "replace").decode("utf-8")


def _without_credentials(match: re.Match[str]) -> str:
    """`Basic dXNlcjpwYXNz` without its credentials; `Basic users` is left, since it holds none."""
    try:
        holds_some = b":" in base64.b64decode(match[2], validate=True)
    except ValueError:
        holds_some = False
    return match[1] + STRUCK if holds_some else match[0]


def redacted(value: Any, *, depth: int = 0) -> Any:
    """The value as JSON: records become objects, bytes `{"base64": …}`, numbers that are not finite null.

    Strings are redacted, and so is the whole value of a field that is named like a secret. What is nested
    deeper than anyone reads is left out.
    """
    match value:
        case None | bool() | int():
            return value
        case float():
            return value if math.isfinite(value) else None
        case str():
            return redacted_text(value)
        case bytes() | bytearray():
            return {"base64": base64.b64encode(value).decode("ascii")}
    if depth == _DEEPEST:
        return "[nested too deep]"
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: redacted(getattr(value, field.name), depth=depth + 1) for field in fields(value)}
    if isinstance(value, dict):
        return {redacted_text(str(name)): _field(str(name), item, depth + 1) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redacted(item, depth=depth + 1) for item in value]
    return redacted_text(str(value))


def _field(name: str, value: Any, depth: int) -> Any:
    if value and _SECRET_NAME.fullmatch(name):
        return STRUCK
    return redacted(value, depth=depth)
