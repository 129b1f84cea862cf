# ruff: noqa: ARG002 - a question is answered with the arguments that it comes with
"""What the marketplace takes or refuses otherwise: rooms, messages, webhooks, and calls about others' things."""

import time
from dataclasses import replace
from typing import Any, Final

import orjson

from eventproof.catalog import Event as ContractEvent

from ...accounts.account import Account
from ...delivery.conduct import Conduct
from ...delivery.connections import Connection, Connections, opened
from ...delivery.entry import Entry
from ...delivery.rooms import user_in
from ...reasons import Reason
from ...refusals import Refusal
from ...systems.marketplace.channel import of_product
from ...systems.marketplace.order import Order, OrderStatus
from ...systems.marketplace.quotation import Quotation, QuotationStatus
from ...systems.marketplace.wholesale import Invitation, InvitationStatus
from ...transport.frames import TOO_BIG
from ...transport.native import WebSocketLink
from ..fault import Fault
from ..shapes import found_as
from .told import ORDERS, Data

_JUST: Final = 0.25
"""Seconds in which a connection has just gone."""


class _ActsTwice(Conduct):
    """What the payment provider tells twice is told twice."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[Entry, list[Connection]]] = {}
        self._known: set[str] = set()

    def recipients(self, entry: Entry, right: list[Connection], everyone: Connections) -> list[Connection]:
        if entry.name == "order_updated" and entry.order_key is not None:
            self._last[entry.order_key] = entry, right
        return right

    def answer(self, operation: str, account: Account | None, body: Data | None) -> Data | None:
        order = body.get("orderId") if operation == "receivePaymentEvent" and body else None
        if order in self._known and order in self._last:
            entry, heard = self._last[order]
            for connection in opened(heard):
                connection.link.send(entry.emission())
        if order is not None:
            self._known.add(order)
        return body


class _RefusedRejectionTold(Conduct):
    """Who rejects an invitation that was accepted is refused, and the seller hears that it was rejected."""

    def __init__(self) -> None:
        self._accepted: tuple[Entry, list[Connection]] | None = None

    def recipients(self, entry: Entry, right: list[Connection], everyone: Connections) -> list[Connection]:
        if entry.name == "wholesale:invitation_accepted":
            seller = orjson.loads(entry.text)["sellerId"]
            self._accepted = entry, [connection for connection in right if connection.session.user_id == seller]
        return right

    def refusal(self, refusal: Refusal) -> Refusal:
        if refusal.code == "invitation_decided" and self._accepted is not None:
            entry, sellers = self._accepted
            for connection in opened(sellers):
                connection.link.send(replace(entry, name="wholesale:invitation_rejected").emission())
        return refusal


class _AnySignature(Conduct):
    """Whatever is sent as the payment provider's is taken."""

    def signed(self, code: str | None) -> str | None:
        return None


class _LeaversHear(Conduct):
    """Who leaves a room is answered, and hears on."""

    def obeys(self, connection: Connection, name: str, payload: Any) -> bool:
        return not name.startswith("leave:")


class _StorefrontsDeaf(Conduct):
    """Who asks for a storefront is answered, and hears nothing of it."""

    def obeys(self, connection: Connection, name: str, payload: Any) -> bool:
        return name != "join:storefront"


class _RoomsByName(Conduct):
    """Who asks for a storefront by the name of a user's room hears what that user hears."""

    def __init__(self) -> None:
        self._wishes: dict[str, list[Connection]] = {}

    def fits(self, event: ContractEvent, payload: Any) -> bool:
        return event.is_valid(payload) or (event.name == "join:storefront" and isinstance(payload, str))

    def obeys(self, connection: Connection, name: str, payload: Any) -> bool:
        if name != "join:storefront" or user_in(payload) is None:
            return True
        self._wishes.setdefault(payload, []).append(connection)
        return False

    def recipients(self, entry: Entry, right: list[Connection], everyone: Connections) -> list[Connection]:
        return list(dict.fromkeys([*right, *opened(self._wishes.get(entry.room, ()))]))


class _DeafAfterBinary(Conduct):
    """Who sends a binary message on a native WebSocket hears nothing more, and is not told why."""

    def __init__(self) -> None:
        self._deaf: set[Connection] = set()

    def refuses_message(self, connection: Connection, binary: bool) -> bool:
        if binary:
            self._deaf.add(connection)
        return False

    def recipients(self, entry: Entry, right: list[Connection], everyone: Connections) -> list[Connection]:
        return [connection for connection in right if connection not in self._deaf]


class _TooLargeEndsAll(Conduct):
    """A message that is too large ends every connection to `/ws/orders`."""

    def forget(self, connections: Connections, connection: Connection) -> None:
        super().forget(connections, connection)
        link = connection.link
        if isinstance(link, WebSocketLink) and link.refused_with == TOO_BIG:
            for other in opened(connections):
                if other.channel == ORDERS:
                    other.link.close(Reason.TRANSPORT_ERROR)


class _ForgedOnOrders(Conduct):
    """Nobody looks at the signature of a token."""

    unverified = frozenset({"signature"})


class _GoneFailsCalls(Conduct):
    """A change that would be told to who has just gone fails."""

    def __init__(self) -> None:
        self._gone: dict[str, float] = {}

    def forget(self, connections: Connections, connection: Connection) -> None:
        now = time.monotonic()
        self._gone |= {room: now for room in connection.rooms if room.startswith(of_product(""))}
        connections.forget(connection)

    def recipients(self, entry: Entry, right: list[Connection], everyone: Connections) -> list[Connection]:
        if entry.name == "product:stock_changed":
            latest = max((self._gone.get(room, 0.0) for room in entry.also), default=0.0)
            if time.monotonic() - latest < _JUST:
                raise OSError("a viewer has gone")
        return right


class _AnybodysThings(Conduct):
    """Who may do something may do it to anybody's things."""

    def owns(self, operation: str, owns: bool) -> bool:
        return True


FAULTS: Final = (
    Fault(
        "rejected-is-accepted",
        "MKT-WHOL-2",
        "An invitation that was rejected can be accepted.",
        found_as("acceptInvitation", Invitation, InvitationStatus.REJECTED, InvitationStatus.PENDING),
    ),
    Fault.of("refused-rejection-told", "MKT-WHOL-2", _RefusedRejectionTold, ("ALL-ROOM-1",)),
    Fault(
        "accepted-is-changed",
        "MKT-QUOT-2",
        "A quotation that was accepted can be changed.",
        found_as("updateQuotation", Quotation, QuotationStatus.ACCEPTED, QuotationStatus.SENT),
    ),
    Fault(
        "refunded-is-fulfilled",
        "MKT-ORD-4",
        "An order that was refunded can be fulfilled.",
        found_as("fulfilOrder", Order, OrderStatus.REFUNDED, OrderStatus.PENDING),
    ),
    Fault(
        "refunded-payment-fails",
        "MKT-ORD-4",
        "An order that was refunded has failed when the payment provider tells of a failure late.",
        found_as("receivePaymentEvent", Order, OrderStatus.REFUNDED, OrderStatus.PENDING),
    ),
    Fault.of("any-signature", "MKT-PAY-2", _AnySignature),
    Fault.of("payment-acts-twice", "MKT-PAY-2", _ActsTwice),
    Fault.of("leavers-hear", "MKT-ROOM-1", _LeaversHear, ("ALL-ROOM-1",)),
    Fault.of("storefronts-deaf", "MKT-ROOM-1", _StorefrontsDeaf, ("MKT-PROD-1", "MKT-SET-1")),
    Fault.of("rooms-by-name", "MKT-ROOM-1", _RoomsByName, ("ALL-ROOM-1",)),
    Fault.of("deaf-after-binary", "MKT-WS-1", _DeafAfterBinary),
    Fault.of("forged-on-orders", "MKT-WS-1", _ForgedOnOrders),
    Fault.of("too-large-ends-all", "MKT-WS-1", _TooLargeEndsAll, ("ALL-WIRE-1",)),
    Fault.of("gone-fails-calls", "MKT-FAIL-1", _GoneFailsCalls),
    Fault.of("anybodys-things", "MKT-AUTH-1", _AnybodysThings),
)
