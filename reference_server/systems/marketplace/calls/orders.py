"""Orders: made by a buyer, fulfilled and refunded by the seller; both hear of all of it, on both wires."""

from collections.abc import Mapping
from dataclasses import replace

from ....delivery.message import Message
from ....refusals import Refusal
from ....store.sql import SqlConnection
from ....transport.rest import Answer, Call, Handler
from .. import tables
from ..desk import Desk, caller, new_id
from ..events import Events
from ..order import Order, moved, shown
from ..product import Product
from .stock import taken

Told = tuple[Order, list[Message]]


class Orders:
    """The handlers, by the contract's operationIds."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def operations(self) -> Mapping[str, Handler]:
        """The calls about orders."""
        return {
            "createOrder": self.create,
            "listOrders": self.of_caller,
            "getOrder": self.get,
            "fulfilOrder": self.fulfil,
            "refundOrder": self.refund,
        }

    async def create(self, call: Call) -> Answer:
        """A new order, which is a sale; the stock is less by what was ordered."""
        quantity = int(call.parameters["quantity"])

        async def change(connection: SqlConnection, events: Events) -> Told:
            before = await self._desk.find(connection, Product, call.parameters["productId"])
            after = await taken(connection, before, quantity)
            total = quantity * before.price
            order = Order(new_id("ord"), before.id, before.seller_id, caller(call), quantity, total)
            await tables.add(connection, order)
            numbers = await tables.count(connection, order.seller_id, orders=1, revenue=total)
            changes = events.changes(before, after, numbers)
            return order, [*events.order(order), *events.sale(order, numbers), *changes]

        return Answer(201, shown(await self._desk.carry(change)))

    async def of_caller(self, call: Call) -> Answer:
        """What the caller has bought and sold."""
        async with self._desk.store.reading() as connection:
            orders = await tables.orders_of(connection, caller(call))
        return Answer(200, {"orders": [shown(order) for order in orders]})

    async def get(self, call: Call) -> Answer:
        """One order, for its two parties."""
        async with self._desk.store.reading() as connection:
            order = await self._desk.find(connection, Order, call.parameters["orderId"], to_change=False)
        self._desk.must_own("getOrder", caller(call) in (order.seller_id, order.buyer_id))
        return Answer(200, shown(order))

    async def fulfil(self, call: Call) -> Answer:
        """It is on its way."""
        return await self._moved(call, call.parameters.get("trackingNumber"))

    async def refund(self, call: Call) -> Answer:
        """The buyer gets the money back."""
        return await self._moved(call)

    async def _moved(self, call: Call, tracking: str | None = None) -> Answer:
        async def change(connection: SqlConnection, events: Events) -> Told:
            before = await self._desk.find(connection, Order, call.parameters["orderId"])
            self._desk.must_own(call.operation, before.seller_id == caller(call))
            after = moved(self._desk.conduct.acted_upon(call.operation, before), call.operation)
            if after is None:
                raise Refusal("order_not_open")
            order = replace(after, tracking_number=tracking or after.tracking_number)
            await tables.save(connection, order)
            return order, list(events.order(order))

        return Answer(200, shown(await self._desk.carry(change)))
