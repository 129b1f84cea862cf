"""What an HTTP answer means where a connection was expected: a refusal, or a server of another kind."""

import json
import re
from dataclasses import dataclass
from html import unescape
from http import HTTPStatus
from typing import Any

from eventproof.errors import EventproofError, Inconclusive, TargetUnavailable
from eventproof.redaction import cut

from .channel import ConnectionRefused

__all__ = ["BODY_SHOWN", "HttpAnswer", "judge"]

BODY_SHOWN = 4096
"""Characters of a body that are kept."""
_SAID = 200
_INVISIBLE = re.compile(r"<!--.*?-->|<(script|style|title)\b.*?</\1\s*>|<[^>]*>?", re.DOTALL | re.IGNORECASE)
_SPEAKS_TLS = re.compile(r"\bHTTPS\b", re.IGNORECASE)
_REFUSALS = frozenset({400, 401, 403})
"""What a connection is refused with; engine.io has 400 for nearly every reason."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An HTTP answer that is not what was asked for; `body` may be its beginning only."""

    url: str
    """Without its query."""
    status: int
    content_type: str = ""
    body: str = ""
    location: str = ""
    unknown_coding: str = ""
    """The content coding of a body that cannot be read for it."""

    @property
    def shown(self) -> str:
        """The status line and what kind of document came."""
        phrase = HTTPStatus(self.status).phrase if self.status in HTTPStatus._value2member_map_ else ""
        kind = f" ({self.content_type.partition(';')[0]})" if self.content_type else ""
        return f"{self.status} {phrase}".strip() + kind

    @property
    def document(self) -> Any:
        """The body as JSON; None where it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def text(self) -> str:
        """What a person reads of a body that is no JSON: on one line, without tags, and not without end."""
        if self.unknown_coding:
            return f"a body in {self.unknown_coding}, which is not decoded here"
        visible = _INVISIBLE.sub(" ", self.body) if "<" in self.body else self.body
        return cut(" ".join(unescape(visible).split()), _SAID)

    @property
    def data(self) -> Any:
        """What the body says: the JSON, else the text, None where there is none."""
        document = self.document
        return self.text or None if document is None else document

    @property
    def said(self) -> str:
        """The sentence that says why, without its full stop; empty where there is none."""
        document = self.document
        return (self.text if document is None else _message(document)).rstrip(".")


def judge(answer: HttpAnswer, wanted: str) -> EventproofError:
    """The exception that this answer stands for; `wanted` is what was expected there, such as `Socket.IO server`."""
    said = f": {answer.said}" if answer.said else ""
    if answer.status == 400 and answer.url.startswith("http:") and _SPEAKS_TLS.search(answer.said):
        return TargetUnavailable(f"{answer.url} was answered with {answer.shown}{said}; is the scheme right?")
    if answer.status in _REFUSALS:
        return ConnectionRefused(
            f"{answer.url} refused the connection with {answer.shown}{said}.",
            data=answer.data,
            status=answer.status,
        )
    if answer.status == 429:
        return Inconclusive(f"{answer.url} limits how often one may connect: it answered {answer.shown}{said}.")
    if 300 <= answer.status < 400:
        there = cut(answer.location, _SAID) or "elsewhere"
        return TargetUnavailable(f"{answer.url} redirects to {there} ({answer.shown}); give that address instead.")
    if answer.status >= 500 and answer.status != 501:
        return TargetUnavailable(f"{answer.url} failed: it answered {answer.shown}.")
    return TargetUnavailable(f"{answer.url} is no {wanted}: it answered {answer.shown}.")


def _message(document: Any) -> str:
    """What a refusal in JSON says: engine.io's `{"code": 1, "message": "…"}`, `{"error": …}`, or the sentence alone."""
    for holder in (document, document.get("error") if isinstance(document, dict) else None):
        said = holder.get("message") if isinstance(holder, dict) else holder
        if isinstance(said, str):
            return cut(" ".join(said.split()), _SAID)
    return ""
