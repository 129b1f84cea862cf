"""What an HTTP answer means where a connection was expected: a refusal, or a server of another kind."""

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from eventproof.errors import EventproofError, TargetUnavailable

from .channel import ConnectionRefused

__all__ = ["Answer", "judge"]


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer that is not what was asked for; `body` may be its beginning only."""

    url: str
    """Without its query."""
    status: int
    content_type: str = ""
    body: str = ""
    location: str = ""

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


def judge(answer: Answer, wanted: str) -> EventproofError:
    """The exception that this answer stands for; `wanted` is what was expected there, such as `Socket.IO server`."""
    document = answer.document
    if answer.status in (401, 403) or (answer.status == 400 and _says_why(document)):
        message = _message(document)
        said = f": {message}" if message else ""
        return ConnectionRefused(
            f"{answer.url} refused the connection with {answer.shown}{said}.",
            data=answer.body or None if document is None else document,
            status=answer.status,
        )
    if 300 <= answer.status < 400:
        return TargetUnavailable(
            f"{answer.url} redirects to {answer.location or 'elsewhere'} ({answer.shown}); give that address instead."
        )
    if answer.status >= 500 and answer.status != 501:
        return TargetUnavailable(f"{answer.url} failed: it answered {answer.shown}.")
    return TargetUnavailable(f"{answer.url} is no {wanted}: it answered {answer.shown}.")


def _says_why(document: Any) -> bool:
    """Engine.IO servers refuse with `{"code": 1, "message": "…"}`, or with the sentence alone as a JSON text."""
    return isinstance(document, str) or (isinstance(document, dict) and bool(_message(document)))


def _message(document: Any) -> str:
    if isinstance(document, str):
        return document.rstrip(".")
    if isinstance(document, dict):
        for holder in (document, document.get("error")):
            if isinstance(holder, dict) and isinstance(holder.get("message"), str):
                return str(holder["message"]).rstrip(".")
    return ""
