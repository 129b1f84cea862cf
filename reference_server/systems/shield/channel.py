"""Shield's channel: how it greets, complains and listens."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import eventproof

from ...delivery.connections import Connection
from ...delivery.options import ChannelOptions, Said
from ...reasons import Reason
from ...services import Services
from .events import envelope
from .times import written

SYSTEM: Final = "shield"
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


def options(services: Services) -> ChannelOptions:
    """How Shield uses its channel."""

    async def leave(connection: Connection, _: Any) -> None:
        services.connections.forget(connection)
        connection.link.close(Reason.CLIENT_DISCONNECT)

    return ChannelOptions(
        greeting=_connected,
        complaint=_error,
        codes=CODES,
        handlers={"client_disconnect": leave},
        pushes=PUSHED,
        replays=True,
    )


def _connected(connection: Connection) -> dict[str, Any]:
    """The one event that the specification puts in no envelope."""
    return {
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
