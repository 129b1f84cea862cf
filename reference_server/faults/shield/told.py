# ruff: noqa: ARG001, ARG002 - a question is answered with the arguments that it comes with
"""What Shield tells otherwise: to whom, in which order, what it says, and how often."""

import asyncio
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from ...accounts.account import Account
from ...delivery.conduct import Conduct, Event
from ...delivery.connections import Connection, Connections, ConnectionState, opened
from ...delivery.entry import Entry
from ...delivery.message import Message
from ..fault import Fault
from ..shapes import (
    Data,
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


FAULTS: Final = (
    Fault.of("greeted-twice", "SHD-CONN-1", _GreetedTwice),
    Fault.of("deaf-on-return", "SHD-CONN-6", _DeafOnReturn, ("SHD-CONN-7", "SHD-ACK-3", "SHD-ACK-8")),
    Fault.of("replay-backwards", "SHD-CONN-7", _ReplayBackwards, ("SHD-ORD-1",)),
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
    Fault(
        "payout-altered",
        "SHD-ACK-2",
        "`payout_completed` gives another balance when it is sent again.",
        unlike_before("payout_completed", newWalletBalance=_more("newWalletBalance", 1)),
    ),
    Fault.of("submission-late", "SHD-ORD-1", _SubmissionLate),
    Fault.of("old-list", "SHD-POLL-1", _OldList),
    Fault.of("nothing-pushed", "SHD-PUSH-1", _NothingPushed),
)
