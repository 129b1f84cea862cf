"""What the acknowledgement of an event of ours says: whether the server did what it was asked for."""

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["is_refusal"]

_NO = frozenset({"error", "fail", "failed", "failure", "denied", "forbidden", "refused", "rejected", "unauthorized"})


def is_refusal(arguments: Sequence[Any]) -> bool:
    """Whether these arguments of an acknowledgement say no, in one of the ways that servers have for it.

    An object with an error in it, or with `ok` or `success` that is false, or a `status` that says no; or, as callbacks
    of Node.js have it, an error in the first place of several.
    """
    if not arguments:
        return False
    first = arguments[0]
    if isinstance(first, Mapping):
        status = first.get("status")
        return bool(
            first.get("error")
            or first.get("err")
            or first.get("ok") is False
            or first.get("success") is False
            or (isinstance(status, str) and status.lower() in _NO)
            or (isinstance(status, int) and not isinstance(status, bool) and 400 <= status < 600)
        )
    return first is False or (len(arguments) > 1 and first is not None and first is not True and first != "")
