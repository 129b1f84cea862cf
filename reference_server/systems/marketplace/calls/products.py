"""What sellers do to their products, and what everybody sees of them."""

from collections.abc import Mapping
from typing import Any

from ....delivery.message import Message
from ....store.sql import SqlConnection
from ....transport.rest import Answer, Call, Handler
from .. import tables
from ..channel import SELLER
from ..desk import Desk, caller, in_cents, new_id
from ..events import Events
from ..product import Product, changed, shown

Told = tuple[Product, list[Message]]


class Products:
    """The handlers, by the contract's operationIds."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def operations(self) -> Mapping[str, Handler]:
        """The calls about products, but for their stock and how they are looked at."""
        return {
            "createProduct": self.create,
            "getProduct": self.get,
            "updateProduct": self.update,
            "deleteProduct": self.delete,
            "setPrice": self.set_price,
            "listProducts": self.of_seller,
        }

    async def create(self, call: Call) -> Answer:
        """A new product, which its seller and the storefront hear of."""
        fields = _fields(call)

        async def change(connection: SqlConnection, events: Events) -> Told:
            product = Product(new_id("prd"), caller(call), **{"description": "", **fields})
            await tables.add(connection, product)
            return product, [events.created(product)]

        return Answer(201, shown(await self._desk.carry(change)))

    async def get(self, call: Call) -> Answer:
        """One product."""
        async with self._desk.store.reading() as connection:
            product = await self._desk.find(connection, Product, call.parameters["productId"], to_change=False)
        return Answer(200, shown(product))

    async def of_seller(self, call: Call) -> Answer:
        """The products of one seller."""
        account = await self._desk.seller(call.parameters["sellerId"])
        async with self._desk.store.reading() as connection:
            products = await tables.products_of(connection, account.id)
        return Answer(200, {"products": [shown(product) for product in products]})

    async def update(self, call: Call) -> Answer:
        """Another product than before; a change of its price or stock is told as such, too."""
        return await change_product(self._desk, "updateProduct", call, _fields(call), is_update=True)

    async def set_price(self, call: Call) -> Answer:
        """Another price."""
        return await change_product(self._desk, "setPrice", call, _fields(call))

    async def delete(self, call: Call) -> Answer:
        """The product is gone; who looked at it hears so."""

        async def change(connection: SqlConnection, events: Events) -> Told:
            product = await self._desk.find(connection, Product, call.parameters["productId"])
            account = call.caller[1]
            self._desk.must_own("deleteProduct", account.role != SELLER or product.seller_id == account.id)
            await tables.remove(connection, product)
            return product, [events.deleted(product)]

        return Answer(200, shown(await self._desk.carry(change)))


async def change_product(
    desk: Desk, operation: str, call: Call, fields: Mapping[str, Any], *, is_update: bool = False
) -> Answer:
    """A product of the caller's, with these fields."""

    async def change(connection: SqlConnection, events: Events) -> Told:
        before = await desk.find(connection, Product, call.parameters["productId"])
        desk.must_own(operation, before.seller_id == caller(call))
        after = changed(before, fields)
        await tables.save(connection, after)
        numbers = await tables.count(connection, after.seller_id)
        told = [events.updated(after)] if is_update else []
        return after, [*told, *events.changes(before, after, numbers)]

    return Answer(200, shown(await desk.carry(change)))


def _fields(call: Call) -> dict[str, Any]:
    """What a call says of a product, in our words: the price in cents, the stock a whole number."""
    given = call.parameters
    fields = {name: given[name] for name in ("name", "description") if name in given}
    if "price" in given:
        fields["price"] = in_cents(given["price"])
    if "stock" in given:
        fields["stock"] = int(given["stock"])
    return fields
