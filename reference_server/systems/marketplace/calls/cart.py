"""The cart of whoever calls; nobody else hears of it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from ....delivery.message import Message
from ....refusals import Refusal
from ....store.sql import SqlConnection
from ....transport.rest import Answer, Call, Handler
from .. import tables
from ..desk import Desk, caller
from ..events import Events
from ..product import Product

MOST: Final = 100
"""Products that a cart can hold."""
MOST_OF_ONE: Final = 10_000
Items = dict[str, int]
Alter = Callable[[SqlConnection, Items], Awaitable[None]]


class Cart:
    """The handlers, by the contract's operationIds."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def operations(self) -> Mapping[str, Handler]:
        """The calls about the cart."""
        return {
            "getCart": self.get,
            "addToCart": self.add,
            "updateCartItem": self.update,
            "removeFromCart": self.remove,
            "clearCart": self.clear,
        }

    async def get(self, call: Call) -> Answer:
        """What it holds."""
        async with self._desk.store.reading() as connection:
            return Answer(200, {"items": _items(await tables.cart_of(connection, caller(call)))})

    async def add(self, call: Call) -> Answer:
        """So many more of a product."""
        product_id, quantity = call.parameters["productId"], int(call.parameters["quantity"])

        async def alter(connection: SqlConnection, items: Items) -> None:
            await self._desk.find(connection, Product, product_id, to_change=False)
            if product_id not in items and len(items) >= MOST:
                raise Refusal("cart_full")
            held = min(MOST_OF_ONE, items.get(product_id, 0) + quantity)
            await tables.put(connection, caller(call), product_id, held, self._desk.clock())

        return await self._alter(call, alter)

    async def update(self, call: Call) -> Answer:
        """So many of a product that it holds."""
        product_id, quantity = call.parameters["productId"], int(call.parameters["quantity"])

        async def alter(connection: SqlConnection, items: Items) -> None:
            _must_hold(items, product_id)
            await tables.put(connection, caller(call), product_id, quantity, self._desk.clock())

        return await self._alter(call, alter)

    async def remove(self, call: Call) -> Answer:
        """None of a product that it holds."""
        product_id = call.parameters["productId"]

        async def alter(connection: SqlConnection, items: Items) -> None:
            _must_hold(items, product_id)
            await tables.take_out(connection, caller(call), [product_id])

        return await self._alter(call, alter)

    async def clear(self, call: Call) -> Answer:
        """Nothing."""

        async def alter(connection: SqlConnection, items: Items) -> None:
            await tables.take_out(connection, caller(call), items)

        return await self._alter(call, alter)

    async def _alter(self, call: Call, alter: Alter) -> Answer:
        user_id = caller(call)

        async def change(connection: SqlConnection, events: Events) -> tuple[list[dict[str, Any]], list[Message]]:
            await alter(connection, await tables.cart_of(connection, user_id))
            items = _items(await tables.cart_of(connection, user_id))
            return items, [events.cart(user_id, items)]

        return Answer(200, {"items": await self._desk.carry(change)})


def _must_hold(items: Items, product_id: str) -> None:
    if product_id not in items:
        raise Refusal("cart_item_not_found")


def _items(items: Items) -> list[dict[str, Any]]:
    return [{"productId": product_id, "quantity": quantity} for product_id, quantity in items.items()]
