"""Shield's channel: how it greets, complains and listens."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import eventproof

from ...delivery.connections import Connection
from ...delivery.manners import Manners, Said
from ...services import Services
from .events import envelope
from .times import written

CODES: Final = {
    "token_missing": "AUTH_INVALID",
    "token_invalid": "AUTH_INVALID",
    "token_revoked": "AUTH_INVALID",
    "account_banned": "AUTH_INVALID",
    "token_expired": "AUTH_EXPIRED",
}
"""The specification's codes for the refusals of admission."""

PUSHED: Final = frozenset(
    {"claim_approved", "claim_denied", "claim_paid", "payout_completed", "proof_of_payment_requested"}
)
"""What the specification lists under "Push Notifications fill the gap for critical real-time events"."""


def manners(services: Services) -> Manners:
    """How the channel `shield` behaves."""

    async def leave(connection: Connection, _: Any) -> None:
        services.connections.forget(connection)
        connection.link.close("client disconnect")

    return Manners(
        greets=_connected,
        complains=_error,
        codes=CODES,
        heartbeat="ping",
        answer="pong",
        hears={"client_disconnect": leave},
        pushes=PUSHED,
    )


def _connected(connection: Connection) -> Said:
    """The one event that the specification puts in no envelope."""
    return "connected", {
        "userId": connection.session.user_id,
        "connectionId": f"con_{uuid4().hex}",
        "timestamp": written(datetime.now(UTC)),
        "serverVersion": eventproof.__version__,
    }


def _error(code: str, sentence: str, original: str | None) -> Said:
    data = {"code": code, "message": sentence}
    if original:
        data["originalEvent"] = original
    return "error", envelope("error", datetime.now(UTC), data)
