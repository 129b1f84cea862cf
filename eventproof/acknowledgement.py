"""What the acknowledgement of an event of ours says: whether the server did what it was asked for."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

__all__ = ["is_refusal"]

_NO: Final = frozenset(
    {"error", "fail", "failed", "failure", "denied", "forbidden", "refused", "rejected", "unauthorized"}
    | {"invalid", "not_found", "not found", "not_allowed", "not allowed", "bad_request", "bad request"}
)
_YES: Final = frozenset({"ok", "okay", "yes", "true", "success", "succeeded", "joined", "left", "done", "accepted"})


def is_refusal(arguments: Sequence[Any]) -> bool:
    """Whether these arguments of an acknowledgement say no, in one of the ways that servers have for it.

    An object with an error in it, or with `ok` or `success` that is false, or with a status or a code that says no; or,
    as callbacks of Node.js have it, an error in the first place of several: an object, or a text that is no yes.
    """
    if not arguments:
        return False
    first = arguments[0]
    if isinstance(first, Mapping):
        return _says_no(first) or (len(arguments) > 1 and not _says_yes(first) and "message" in first)
    if isinstance(first, str) and len(arguments) > 1:
        return first != "" and first.lower() not in _YES
    return first is False


def _says_no(told: Mapping[str, Any]) -> bool:
    if any(told.get(name) for name in ("error", "err", "errors")):
        return True
    if told.get("ok") is False or told.get("success") is False:
        return True
    return any(_is_no(told.get(name)) for name in ("status", "statusCode", "code", "type", "result"))


def _is_no(value: Any) -> bool:
    if isinstance(value, str):
        return value.lower() in _NO
    return isinstance(value, int) and not isinstance(value, bool) and 400 <= value < 600


def _says_yes(told: Mapping[str, Any]) -> bool:
    status = told.get("status")
    return bool(told.get("ok") or told.get("success") or (isinstance(status, str) and status.lower() in _YES))
