# ruff: noqa: ARG002 - a question is answered with the arguments that it comes with
"""What Shield takes or refuses otherwise: connections, roles, acknowledgements, malformed events."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from eventproof.catalog import AckLevel, Direction
from eventproof.catalog import Event as ContractEvent

from ...delivery.conduct import Conduct, Handshake
from ...delivery.connections import Connection, Connections, opened
from ...delivery.entry import Entry, ack_key
from ...delivery.message import Message
from ...delivery.owed import Debt
from ...limits import Limits
from ...reasons import Reason
from ...refusals import Refusal, contracts
from ...systems.shield.claims import Claim, Status
from ...systems.shield.wallet import Status as Outcome
from ...systems.shield.wallet import Withdrawal
from ..fault import Fault
from ..shapes import (
    Complaint,
    acknowledged_by,
    complaining,
    found_as,
    limited,
    refused_with,
)


class _ExpiryUntold(Conduct):
    """A session that ends closes its connection without a word."""

    def expired(self, tell: Callable[[], None], close: Callable[[], None]) -> None:
        close()


class _BackgroundStays(Conduct):
    """A client that goes to the background keeps its connection."""

    def obeys(self, connection: Connection, name: str, payload: Any) -> bool:
        return not (name == "client_disconnect" and payload == {"reason": "background"})


class _WebsocketRefused(Conduct):
    """A connection has to begin by polling."""

    async def opening(self, connection: Connection) -> None:
        if connection.link.transport == "websocket":
            raise Refusal("unavailable")


class _NoPing(Conduct):
    """No `ping` goes with the heartbeats of the transport."""

    def heartbeat(self, connections: Connections, connection: Connection) -> bool:
        return False


class _RoomOnRequest(Conduct):
    """Whoever asks to join a room hears what is for administrators."""

    def __init__(self) -> None:
        self._joined: set[Connection] = set()

    def complaint(self, connection: Connection, code: str, sentence: str, original: str | None) -> Complaint:
        if original and "join" in original:
            self._joined.add(connection)
        return code, sentence, original

    def recipients(self, entry: Entry, right: list[Connection], everyone: Connections) -> list[Connection]:
        return right if entry.user_id is not None else list(dict.fromkeys((*right, *opened(self._joined))))


class _RoleInHandshakeBelieved(Conduct):
    """Whoever says in a part of the handshake to be an administrator hears what is for them."""

    def __init__(self, part: str) -> None:
        self._part = part
        self._joined: set[Connection] = set()

    def connected(self, connection: Connection, handshake: Handshake) -> None:
        if "admin" in str(handshake.get(self._part)):
            self._joined.add(connection)

    def forget(self, connections: Connections, connection: Connection) -> None:
        super().forget(connections, connection)
        self._joined.discard(connection)

    def recipients(self, entry: Entry, right: list[Connection], everyone: Connections) -> list[Connection]:
        return right if entry.user_id is not None else list(dict.fromkeys((*right, *opened(self._joined))))


class _LivingLetGo(Conduct):
    """Every connection is closed at its fifth heartbeat, whether its client answers or not."""

    def __init__(self) -> None:
        self._beats: Counter[Connection] = Counter()

    def heartbeat(self, connections: Connections, connection: Connection) -> bool:
        self._beats[connection] += 1
        if self._beats[connection] >= 5:
            self.forget(connections, connection)
            connection.link.close(Reason.PING_TIMEOUT)
        return True

    def forget(self, connections: Connections, connection: Connection) -> None:
        super().forget(connections, connection)
        self._beats.pop(connection, None)


class _AcknowledgementForgotten(Conduct):
    """What was acknowledged is sent once more to whoever comes back a second later."""

    def __init__(self) -> None:
        self._told: dict[tuple[str | None, str | None], Entry] = {}
        self._forgotten: dict[str, dict[int, tuple[float, Entry]]] = {}

    def recipients(self, entry: Entry, right: list[Connection], everyone: Connections) -> list[Connection]:
        if entry.ack_key is not None:
            self._told[entry.ack_by, entry.ack_key] = entry
        return right

    def acknowledged(
        self, code: str | None, connection: Connection, event: ContractEvent, payload: Mapping[str, Any]
    ) -> str | None:
        entry = self._told.get((event.ack.by, ack_key(event, payload))) if event.ack else None
        if code is None and entry is not None:
            mine = self._forgotten.setdefault(connection.session.user_id, {})
            mine.setdefault(entry.seq, (time.monotonic(), entry))
        return code

    def replays(self, connection: Connection, missed: Sequence[Entry]) -> Sequence[Entry]:
        mine = self._forgotten.get(connection.session.user_id, {})
        return (*(entry for at, entry in mine.values() if time.monotonic() - at > 1.0), *missed)


class _LargeTaken(Conduct):
    """An event may have 128 KB, and whatever fields it likes beside those of its contract."""

    def limits(self, limits: Limits) -> Limits:
        return replace(limits, max_event=128 * 1024)

    def fits(self, event: ContractEvent, payload: Any) -> bool:
        if isinstance(payload, dict) and len(str(payload)) > 64 * 1024:
            payload = {name: value for name, value in payload.items() if name in event.schema["properties"]}
        return super().fits(event, payload)


class _AdminNotChecked(Conduct):
    """Any member may decide on claims."""

    def role(self, operation: str, code: str | None) -> str | None:
        return None


class _PaymentNotOwed(Conduct):
    """`claim_paid` is sent once, acknowledged or not."""

    def owed(self, message: Message, owed: bool) -> bool:
        return owed and message.name != "claim_paid"


class _AcknowledgedInVain(Conduct):
    """What was acknowledged is sent again all the same."""

    def counts(self, connection: Connection, event: ContractEvent) -> bool:
        return event.ack is None or event.ack.level is not AckLevel.REQUIRED


class _GivenUpSilently(Conduct):
    """What nobody acknowledged in the end is forgotten."""

    def retries(self, again: Sequence[Debt], ended: Sequence[Debt]) -> tuple[Sequence[Debt], Sequence[Debt]]:
        return again, ()


class _RetriesEndWithConnection(Conduct):
    """What is owed is not sent again once the last connection of its user has gone."""

    def __init__(self) -> None:
        self._left: dict[str, float] = {}

    def forget(self, connections: Connections, connection: Connection) -> None:
        super().forget(connections, connection)
        if not connections.of_user(connection.session.user_id):
            self._left[connection.session.user_id] = time.time()

    def retries(self, again: Sequence[Debt], ended: Sequence[Debt]) -> tuple[Sequence[Debt], Sequence[Debt]]:
        return [debt for debt in again if debt.created_at > self._left.get(debt.user_id, 0.0)], ended


class _NotYetValid(Conduct):
    """A token is taken before its time."""

    unverified = frozenset({"nbf"})


class _ForgedToken(Conduct):
    """A member's token is taken whoever signed it."""

    unverified = frozenset({"signature"})


def _is_known(name: str | None) -> bool:
    events = contracts().system("shield").events
    return any(event.name == name and event.direction is Direction.RECEIVE for event in events)


def _nameless_if_malformed(code: str, sentence: str, name: str | None) -> Complaint:
    return code, sentence, None if code == "INVALID_PAYLOAD" and _is_known(name) else name


def _nameless_if_unknown(code: str, sentence: str, name: str | None) -> Complaint:
    return code, sentence, name if _is_known(name) else None


def _with_internals(code: str, sentence: str, name: str | None) -> Complaint:
    trace = 'RuntimeError in File "incoming.py", line 118: '
    return code, trace + sentence if code == "INTERNAL_ERROR" else sentence, name


FAULTS: Final = (
    Fault(
        "refused-in-rest-codes",
        "SHD-CONN-2",
        "A bad token is refused with the code of the REST interface.",
        refused_with({"AUTH_INVALID": "token_invalid"}),
    ),
    Fault(
        "expired-called-invalid",
        "SHD-CONN-3",
        "An expired token is refused like a forged one.",
        refused_with({"AUTH_EXPIRED": "AUTH_INVALID"}),
    ),
    Fault.of("expiry-untold", "SHD-CONN-4", _ExpiryUntold),
    Fault.of("background-stays", "SHD-CONN-5", _BackgroundStays),
    Fault.of("websocket-refused", "SHD-CONN-8", _WebsocketRefused),
    Fault.of("no-ping", "SHD-HB-1", _NoPing),
    Fault(
        "silence-tolerated",
        "SHD-HB-2",
        "Whoever answers no heartbeat stays connected.",
        limited(ping_timeout=60.0),
    ),
    Fault.of("living-let-go", "SHD-HB-2", _LivingLetGo),
    Fault(
        "denied-is-paid",
        "SHD-CLAIM-4",
        "A denied claim can be paid.",
        found_as("payClaim", Claim, Status.DENIED, Status.APPROVED),
    ),
    Fault(
        "completed-fails",
        "SHD-PAY-4",
        "A withdrawal that was completed can fail afterwards.",
        found_as("decideWithdrawal", Withdrawal, Outcome.COMPLETED, Outcome.PENDING),
    ),
    Fault.of("room-on-request", "SHD-ADMIN-2", _RoomOnRequest, ("ALL-ROOM-1",)),
    *(
        Fault(
            f"role-in-{part}-believed",
            "SHD-ADMIN-2",
            f"Whoever claims in the handshake's {part} to be an administrator hears what is for them.",
            partial(_RoleInHandshakeBelieved, part),
            ("ALL-ROOM-1", "SHD-EVT-1"),
        )
        for part in ("auth", "query", "headers")
    ),
    Fault.of("claims-decided-by-anyone", "SHD-ADMIN-3", _AdminNotChecked),
    Fault.of(
        "payment-not-owed",
        "SHD-ACK-1",
        _PaymentNotOwed,
        ("SHD-ACK-4", "SHD-ACK-5", "SHD-ACK-8", "SHD-ERR-4"),
    ),
    Fault.of("acknowledged-in-vain", "SHD-ACK-3", _AcknowledgedInVain, ("SHD-CONN-7",)),
    Fault.of("acknowledgement-forgotten", "SHD-ACK-3", _AcknowledgementForgotten, ("SHD-CONN-7",)),
    Fault(
        "any-transaction-taken",
        "SHD-ACK-4",
        "A payment is acknowledged with whatever transaction.",
        acknowledged_by("claim_paid_ack", {"INVALID_PAYLOAD": None}),
    ),
    Fault(
        "acknowledged-by-anyone",
        "SHD-ACK-5",
        "Any user may acknowledge a payment.",
        acknowledged_by("claim_paid_ack", {"NOT_AUTHORIZED": None}),
    ),
    Fault(
        "optional-refused",
        "SHD-ACK-6",
        "The acknowledgement of a denial is refused.",
        acknowledged_by("claim_denied_ack", {None: "INVALID_PAYLOAD"}),
    ),
    Fault.of("given-up-silently", "SHD-ACK-7", _GivenUpSilently),
    Fault.of("retries-end-with-connection", "SHD-ACK-8", _RetriesEndWithConnection),
    Fault(
        "malformed-unnamed",
        "SHD-ERR-1",
        "The complaint about a malformed event does not name it.",
        complaining(_nameless_if_malformed),
    ),
    Fault(
        "unknown-unnamed",
        "SHD-ERR-2",
        "The complaint about an unknown event does not name it.",
        complaining(_nameless_if_unknown),
    ),
    Fault(
        "flood-taken",
        "SHD-ERR-3",
        "A client may send as many events as it likes.",
        limited(events_a_second=1_000_000),
    ),
    Fault.of("large-taken", "SHD-ERR-4", _LargeTaken),
    Fault(
        "internals-told",
        "SHD-ERR-5",
        "The complaint about a fault of the server shows where it is.",
        complaining(_with_internals),
    ),
    Fault.of("not-yet-valid-token-taken", "SHD-SEC-1", _NotYetValid),
    Fault.of("signature-not-looked-at", "SHD-SEC-1", _ForgedToken, ("SHD-CONN-2",)),
)
