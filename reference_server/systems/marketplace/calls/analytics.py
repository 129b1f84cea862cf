"""What a seller's dashboard counts beside orders: who looks at a product."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ....delivery.message import Message
from ....store.sql import SqlConnection
from ....transport.rest import Answer, Call, Handler
from .. import tables
from ..desk import Desk
from ..events import Events
from ..product import Product, shown


class Analytics:
    """The handlers, by the contract's operationIds."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def operations(self) -> Mapping[str, Handler]:
        """The calls that are only counted."""
        return {"viewProduct": self.view}

    async def view(self, call: Call) -> Answer:
        """Once more somebody has looked at a product."""

        async def change(connection: SqlConnection, events: Events) -> tuple[Product, Sequence[Message]]:
            before = await self._desk.find(connection, Product, call.parameters["productId"])
            product = replace(before, views=before.views + 1)
            await tables.save(connection, product)
            numbers = await tables.count(connection, product.seller_id, views=1)
            return product, list(events.viewed(product, numbers))

        return Answer(200, shown(await self._desk.carry(change)))
