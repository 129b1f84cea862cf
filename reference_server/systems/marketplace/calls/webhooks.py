"""What the payment provider tells: signed, perhaps more than once, and of concern only where an order changes by it."""

from collections.abc import Mapping

import structlog

from ....delivery.message import Message
from ....refusals import Refusal
from ....store.sql import SqlConnection
from ....transport.rest import Answer, Call, Handler
from .. import tables
from ..desk import Desk
from ..events import Events
from ..order import Order, moved, order_of, told_by
from ..signature import refused_with

_log = structlog.get_logger("payments")


class _KnownAlready(Exception):
    """The event has acted before; what its change did is undone."""


class Webhooks:
    """The handlers, by the contract's operationIds; `secret` is what the provider signs with."""

    def __init__(self, desk: Desk, secret: bytes) -> None:
        self._desk = desk
        self._secret = secret

    def operations(self) -> Mapping[str, Handler]:
        """The one call of the provider."""
        return {"receivePaymentEvent": self.receive}

    async def receive(self, call: Call) -> Answer:
        """An event; whether it changes anything, the provider hears that it came."""
        given = call.parameters
        code = refused_with(given.get("stripeSignature"), call.raw, self._secret, self._desk.clock())
        if code := self._desk.conduct.signed(code):
            raise Refusal(code)
        told, order_id = told_by(given), order_of(given)
        if told is None or order_id is None:
            return Answer(200, {"received": True})

        async def change(connection: SqlConnection, events: Events) -> tuple[Order | None, list[Message]]:
            before = await tables.find(connection, Order, order_id, to_change=True)
            found = None if before is None else self._desk.conduct.acted_upon(call.operation, before)
            order = None if found is None else moved(found, told)
            if order is None:
                return before, []
            if not await tables.remember(connection, given["id"], self._desk.clock()):
                raise _KnownAlready
            await tables.save(connection, order)
            return order, list(events.order(order))

        try:
            order = await self._desk.carry(change)
        except _KnownAlready:
            _log.info("payment-event-known", event_id=given["id"])
            return Answer(200, {"received": True, "orderId": order_id})
        return Answer(200, {"received": True, **({} if order is None else {"orderId": order.id})})
