"""What the calls of the marketplace share: changing something and telling of it, and finding what a call is about."""

import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar
from uuid import uuid4

from ...accounts.account import Account
from ...delivery.message import Message
from ...refusals import Refusal
from ...services import Services
from ...store.sql import SqlConnection
from ...transport.rest import Call
from . import tables
from .channel import SELLER, SYSTEM
from .events import Events
from .money import cents
from .order import Order
from .product import Product
from .quotation import Quotation
from .wholesale import Invitation

T = TypeVar("T")
Change = Callable[[SqlConnection, Events], Awaitable[tuple[T, Sequence[Message]]]]
_Found = TypeVar("_Found", Product, Invitation, Quotation, Order)
_MISSING = {
    Product: "product_not_found",
    Invitation: "invitation_not_found",
    Quotation: "quotation_not_found",
    Order: "order_not_found",
}


class Desk:
    """The services, as the calls use them; `clock` gives seconds of Unix time."""

    def __init__(self, services: Services, clock: Callable[[], float] = time.time) -> None:
        self.store = services.store
        self.accounts = services.accounts
        self.conduct = services.conduct
        self.clock = clock
        self._courier = services.courier

    async def carry(self, change: Change[T]) -> T:
        """Commit a change, then send what it has to tell; whatever becomes of that, the change is made."""
        events = Events(_written(self.clock()))

        async def in_transaction(connection: SqlConnection) -> tuple[T, Sequence[Message]]:
            return await change(connection, events)

        return await self._courier.carry(SYSTEM, in_transaction)

    async def find(
        self, connection: SqlConnection, kind: type[_Found], thing_id: str, *, to_change: bool = True
    ) -> _Found:
        """The thing of this id. Raises Refusal where there is none."""
        found = await tables.find(connection, kind, thing_id, to_change=to_change)
        if found is None:
            raise Refusal(_MISSING[kind])
        return found

    def must_own(self, operation: str, owns: bool) -> None:
        """Raises Refusal where what a call acts on is somebody else's."""
        if not self.conduct.owns(operation, owns):
            raise Refusal("not_yours")

    async def seller(self, user_id: str) -> Account:
        """The seller of this id. Raises Refusal where there is none."""
        account = await self.accounts.find(user_id)
        if account is None or account.role != SELLER:
            raise Refusal("seller_not_found")
        return account

    async def user(self, user_id: str) -> Account:
        """The user of this id. Raises Refusal where there is none."""
        account = await self.accounts.find(user_id)
        if account is None:
            raise Refusal("user_not_found")
        return account


def caller(call: Call) -> str:
    """The id of who calls."""
    return call.caller[1].id


def in_cents(amount: float) -> int:
    """An amount of a call in cents. Raises Refusal where it has more than two decimals."""
    found = cents(amount)
    if found is None:
        raise Refusal("invalid_input", "An amount has at most two decimals: round it and send it again.")
    return found


def new_id(kind: str) -> str:
    """An id that nobody has and nobody can guess: `prd_…`."""
    return f"{kind}_{uuid4().hex}"


def _written(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
