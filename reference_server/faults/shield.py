# ruff: noqa: ARG001, ARG002 - a question is answered with the arguments that it comes with
"""The faults of Shield: most are one of the shapes, and those that are not have a class here."""

import asyncio
import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from eventproof.catalog import AckLevel, Direction
from eventproof.catalog import Event as ContractEvent

from ..accounts.account import Account
from ..delivery.conduct import Conduct, Event, Handshake, Thing
from ..delivery.connections import Connection, Connections, ConnectionState, opened
from ..delivery.journal import Entry, ack_key
from ..delivery.message import Message
from ..delivery.owed import Debt
from ..limits import Limits
from ..reasons import Reason
from ..refusals import Refusal, contracts
from ..systems.shield.claims import Claim, Status
from .fault import Fault
from .shapes import (
    Complaint,
    Data,
    acknowledged_by,
    complaining,
    limited,
    refused_with,
    saying,
    sent_after,
    told_to,
    unlike_before,
    unsent,
    wrapped,
)


class _GreetedTwice(Conduct):
    """A new connection is greeted twice."""

    def greeting(self, connection: Connection, greeting: Sequence[Event]) -> Sequence[Event]:
        return (*greeting, *greeting)


class _ExpiryUntold(Conduct):
    """A session that ends closes its connection without a word."""

    def expired(self, tell: Callable[[], None], close: Callable[[], None]) -> None:
        close()


class _BackgroundStays(Conduct):
    """A client that goes to the background keeps its connection."""

    def obeys(self, connection: Connection, name: str, payload: Any) -> bool:
        return not (name == "client_disconnect" and payload == {"reason": "background"})


class _DeafOnReturn(Conduct):
    """Whoever heard something, left and comes back within two seconds hears nothing new."""

    def __init__(self) -> None:
        self._told: set[Connection] = set()
        self._gone: dict[str, float] = {}
        self._deaf: set[Connection] = set()

    def forget(self, connections: Connections, connection: Connection) -> None:
        super().forget(connections, connection)
        if connection in self._told:
            self._gone[connection.session.user_id] = time.monotonic()
        self._told.discard(connection)
        self._deaf.discard(connection)

    def greeting(self, connection: Connection, greeting: Sequence[Event]) -> Sequence[Event]:
        if time.monotonic() - self._gone.get(connection.session.user_id, -math.inf) < 2:
            self._deaf.add(connection)
        return greeting

    def recipients(self, entry: Entry, right: list[Connection], everyone: Connections) -> list[Connection]:
        hearing = [connection for connection in right if connection not in self._deaf or connection.is_admin]
        self._told.update(hearing)
        return hearing


class _ReplayBackwards(Conduct):
    """What was missed is sent from the latest to the first."""

    def replays(self, connection: Connection, missed: Sequence[Entry]) -> Sequence[Entry]:
        return missed[::-1]


class _WebsocketRefused(Conduct):
    """A connection has to begin by polling."""

    async def opening(self, connection: Connection) -> None:
        if connection.link.transport == "websocket":
            raise Refusal("unavailable")


class _NoPing(Conduct):
    """No `ping` goes with the heartbeats of the transport."""

    def heartbeat(self, connection: Connection) -> bool:
        return False


class _DeniedIsPaid(Conduct):
    """A denied claim can be paid."""

    def acted_upon(self, thing: Thing) -> Thing:
        if isinstance(thing, Claim) and thing.status is Status.DENIED:
            return replace(thing, status=Status.APPROVED)
        return thing


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


class _SecondPayoutUntold(Conduct):
    """Only the first payout of a member tells what it used up."""

    def __init__(self) -> None:
        self._paid: set[str | None] = set()

    def outgoing(self, message: Message) -> Iterable[Message]:
        if message.name != "coverage_updated" or message.payload["data"]["changeReason"] != "claim_payout":
            return (message,)
        told = message.user_id in self._paid
        self._paid.add(message.user_id)
        return () if told else (message,)


class _LivingLetGo(Conduct):
    """Every connection is closed at its fifth heartbeat, whether its client answers or not, and counts as open."""

    def __init__(self) -> None:
        self._beats: Counter[Connection] = Counter()

    def heartbeat(self, connection: Connection) -> bool:
        self._beats[connection] += 1
        if self._beats[connection] >= 5:
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


class _SubmissionLate(Conduct):
    """`claim_submitted` is overtaken by what follows it."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[Entry, list[Connection]]] = {}

    def recipients(self, entry: Entry, right: list[Connection], everyone: Connections) -> list[Connection]:
        if entry.user_id is None or entry.order_key is None:
            return right
        loop = asyncio.get_running_loop()
        if entry.name == "claim_submitted":
            self._held[entry.order_key] = entry, right
            loop.call_later(0.1, self._send, entry.order_key)
            return []
        loop.call_soon(self._send, entry.order_key)
        return right

    def _send(self, key: str) -> None:
        entry, right = self._held.pop(key, (None, []))
        for connection in right:
            if entry and connection.state is ConnectionState.OPEN:
                connection.link.send(entry.emission())


class _NotYetValid(Conduct):
    """A token is taken before its time."""

    unverified = frozenset({"nbf"})


class _ForgedToken(Conduct):
    """A member's token is taken whoever signed it."""

    unverified = frozenset({"signature"})


class _OldList(Conduct):
    """The list of claims is a second old."""

    def __init__(self) -> None:
        self._shown: dict[str, tuple[float, Mapping[str, Any] | None]] = {}

    def answer(
        self, operation: str, account: Account | None, body: Mapping[str, Any] | None
    ) -> Mapping[str, Any] | None:
        if operation != "listClaims" or account is None:
            return body
        now = time.monotonic()
        at, shown = self._shown.get(account.id, (0.0, None))
        if now - at < 1.0:
            return shown
        self._shown[account.id] = now, body
        return body


class _NothingPushed(Conduct):
    """What a user misses is not pushed."""

    def pushed(self, entry: Entry, offline: bool) -> bool:
        return False


# What the shapes are filled with.


def _nobody(right: list[Connection], everyone: Connections) -> list[Connection]:
    return []


def _everyone(right: list[Connection], everyone: Connections) -> list[Connection]:
    return opened(everyone)


def _first(right: list[Connection], everyone: Connections) -> list[Connection]:
    return right[:1]


def _latest(right: list[Connection], everyone: Connections) -> list[Connection]:
    return right[-1:]


def _where(**fields: Any) -> Callable[[Data], bool]:
    return lambda data: all(data.get(name) == value for name, value in fields.items())


def _more(name: str, by: float) -> Callable[[Data], Any]:
    return lambda data: round(data[name] + by, 2)


def _days_after(name: str, days: int) -> Callable[[Data], str]:
    return lambda data: (datetime.fromisoformat(data[name]) + timedelta(days=days)).isoformat()


def _not_deducted(data: Data) -> Data:
    coverage: Data = data["coverage"]
    return coverage | {"remainingAmount": coverage["annualCap"]}


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
    Fault.of("greeted-twice", "SHD-CONN-1", _GreetedTwice),
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
    Fault.of("deaf-on-return", "SHD-CONN-6", _DeafOnReturn, ("SHD-CONN-7", "SHD-ACK-3", "SHD-ACK-8")),
    Fault.of("replay-backwards", "SHD-CONN-7", _ReplayBackwards, ("SHD-ORD-1",)),
    Fault.of("websocket-refused", "SHD-CONN-8", _WebsocketRefused),
    Fault.of("no-ping", "SHD-HB-1", _NoPing),
    Fault(
        "silence-tolerated",
        "SHD-HB-2",
        "Whoever answers no heartbeat stays connected.",
        limited(ping_timeout=60.0),
    ),
    Fault.of("living-let-go", "SHD-HB-2", _LivingLetGo, ("SHD-PUSH-1",)),
    Fault(
        "one-admin-told",
        "SHD-CLAIM-1",
        "Only one of the connected administrators hears of a new claim.",
        told_to("admin_claim_submitted", _first),
    ),
    Fault("denial-untold", "SHD-CLAIM-2", "Nobody hears of a denial.", told_to("claim_denied", _nobody)),
    Fault(
        "payment-changes-no-status",
        "SHD-CLAIM-3",
        "A payment sends no `claim_status_changed`.",
        unsent("claim_status_changed", _where(newStatus="paid")),
    ),
    Fault.of("denied-is-paid", "SHD-CLAIM-4", _DeniedIsPaid),
    Fault(
        "always-from-submitted",
        "SHD-CLAIM-5",
        "`claim_status_changed` gives the first status for the previous one.",
        saying("claim_status_changed", previousStatus=lambda _: "submitted"),
    ),
    Fault(
        "more-approved-than-paid",
        "SHD-CLAIM-6",
        "A cent more is approved than is paid out.",
        saying("claim_approved", payoutAmount=_more("payoutAmount", 0.01)),
    ),
    Fault(
        "appeal-without-deadline",
        "SHD-CLAIM-7",
        "A denial does not say until when it can be appealed.",
        saying("claim_denied", appealDeadline=lambda _: None),
        ("SHD-EVT-1",),
    ),
    Fault(
        "completed-before-initiated",
        "SHD-PAY-1",
        "`payout_initiated` comes after `payout_completed`.",
        sent_after("payout_initiated", "payout_completed"),
    ),
    Fault(
        "coverage-not-deducted",
        "SHD-PAY-2",
        "After a payout as much is covered as if nothing was used.",
        saying("coverage_updated", where=_where(changeReason="claim_payout"), coverage=_not_deducted),
    ),
    Fault.of("second-payout-untold", "SHD-PAY-2", _SecondPayoutUntold),
    Fault(
        "restriction-too-short",
        "SHD-PAY-3",
        "After a payout the subscription can be cancelled 30 days later.",
        saying(
            "cancellation_restriction_changed",
            where=_where(reason="payout_received"),
            restrictionEndDate=_days_after("lastPayoutDate", 30),
        ),
    ),
    Fault(
        "restriction-end-untold",
        "SHD-PAY-3",
        "Nobody hears that the subscription can be cancelled again.",
        unsent("cancellation_restriction_changed", _where(reason="restriction_expired")),
    ),
    Fault(
        "failed-withdrawal-deducted",
        "SHD-PAY-4",
        "The balance told with a failed withdrawal lacks its amount.",
        saying(
            "withdrawal_status_changed",
            where=_where(newStatus="failed"),
            newWalletBalance=lambda data: round(data["newWalletBalance"] - data["amount"], 2),
        ),
    ),
    Fault(
        "status-from-itself",
        "SHD-SUB-1",
        "A new status of the subscription is given for the previous one too.",
        saying("subscription_status_changed", previousStatus=lambda data: data["newStatus"]),
    ),
    Fault(
        "renewal-a-week-late",
        "SHD-SUB-2",
        "The next renewal is told a week later than it is due.",
        saying("subscription_renewed", nextRenewalDate=_days_after("nextRenewalDate", 7)),
        ("SHD-POLL-1",),
    ),
    Fault(
        "annual-renewed-monthly",
        "SHD-SUB-2",
        "Whoever pays for a year is told to renew eleven months too early.",
        saying(
            "subscription_renewed",
            where=_where(billingPeriod="annual"),
            nextRenewalDate=_days_after("nextRenewalDate", -334),
        ),
        ("SHD-POLL-1",),
    ),
    Fault(
        "reset-untold",
        "SHD-SUB-2",
        "Nobody hears that a year of coverage began anew.",
        unsent("coverage_updated", _where(changeReason="period_reset")),
    ),
    Fault(
        "upgrade-untold",
        "SHD-SUB-2",
        "Nobody hears what a larger plan covers.",
        unsent("coverage_updated", _where(changeReason="plan_upgrade")),
    ),
    Fault(
        "unread-miscounted",
        "SHD-NOTE-1",
        "A notification does not count itself among the unread.",
        saying("notification_received", unreadCount=lambda data: data["unreadCount"] - 1),
    ),
    Fault(
        "proof-request-untold",
        "SHD-NOTE-2",
        "Nobody hears of a request for proof.",
        told_to("proof_of_payment_requested", _nobody),
    ),
    Fault(
        "overdue-proof-untold",
        "SHD-ADMIN-1",
        "No administrator hears of an overdue proof.",
        unsent("admin_action_required", _where(type="proof_overdue")),
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
    Fault(
        "time-without-zone",
        "SHD-EVT-1",
        "`claim_under_review` is dated without a time zone.",
        wrapped("claim_under_review", timestamp=lambda payload: payload["timestamp"][:19]),
    ),
    Fault(
        "review-told-to-others",
        "SHD-EVT-2",
        "Everyone hears that a claim is under review.",
        told_to("claim_under_review", _everyone),
        ("ALL-ROOM-1",),
    ),
    Fault(
        "latest-connection-alone",
        "SHD-EVT-3",
        "`coverage_updated` goes to the latest connection of its user alone.",
        told_to("coverage_updated", _latest),
        ("SHD-PAY-2",),
    ),
    Fault.of(
        "payment-not-owed",
        "SHD-ACK-1",
        _PaymentNotOwed,
        ("SHD-ACK-4", "SHD-ACK-5", "SHD-ACK-8", "SHD-ERR-4"),
    ),
    Fault(
        "payout-altered",
        "SHD-ACK-2",
        "`payout_completed` gives another balance when it is sent again.",
        unlike_before("payout_completed", newWalletBalance=_more("newWalletBalance", 1)),
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
    Fault.of("submission-late", "SHD-ORD-1", _SubmissionLate),
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
    Fault.of("old-list", "SHD-POLL-1", _OldList),
    Fault.of("nothing-pushed", "SHD-PUSH-1", _NothingPushed),
)
