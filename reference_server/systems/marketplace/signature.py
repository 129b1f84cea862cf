"""The signature of the payment provider: `t=SECONDS,v1=HEX`, over `SECONDS.BODY`, as Stripe signs."""

import hmac
import os
import secrets
from typing import Final

from eventproof.errors import UsageError

SECRET_VARIABLE: Final = "EVENTPROOF_WEBHOOK_SECRET"
SHORTEST_SECRET: Final = 16
TOLERANCE: Final = 300.0
"""Seconds for which a signature is good, before and after its time."""
_LONGEST_TIME: Final = 12


def secret_for_webhooks() -> bytes:
    """The secret that the payment provider shares with us, from the environment.

    Without one it is a new one, which nobody knows: every event is refused then. Raises UsageError where it is short.
    """
    given = os.environ.get(SECRET_VARIABLE)
    if given is None:
        return secrets.token_bytes(32)
    if len(given.encode()) < SHORTEST_SECRET:
        raise UsageError(f"{SECRET_VARIABLE} is too short: give at least {SHORTEST_SECRET} random characters")
    return given.encode()


def signature(secret: bytes, time: str, body: bytes) -> str:
    """What stands behind `v1=`."""
    return hmac.new(secret, time.encode() + b"." + body, "sha256").hexdigest()


def refused_with(header: str | None, body: bytes, secret: bytes, now: float) -> str | None:
    """The code that refuses a body with this header at this time (seconds since 1970); None where it is signed."""
    parts = [part.partition("=") for part in (header or "").split(",")]
    times = [value.strip() for name, _, value in parts if name.strip() == "t"]
    given = [value.strip() for name, _, value in parts if name.strip() == "v1"]
    if len(times) != 1 or not _is_time(times[0]):
        return "signature_invalid"
    right = signature(secret, times[0], body).encode()
    if not any(hmac.compare_digest(right, one.encode(errors="replace")) for one in given):
        return "signature_invalid"
    return "signature_expired" if abs(now - int(times[0])) > TOLERANCE else None


def _is_time(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST_TIME
