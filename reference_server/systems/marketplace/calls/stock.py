"""How many there are of a product: as its seller says, and less what is ordered."""

from collections.abc import Mapping
from dataclasses import replace

from ....refusals import Refusal
from ....store.sql import SqlConnection
from ....transport.rest import Answer, Call, Handler
from .. import tables
from ..desk import Desk
from ..product import Product
from .products import change_product


class Stock:
    """The handlers, by the contract's operationIds."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def operations(self) -> Mapping[str, Handler]:
        """The calls about the stock."""
        return {"setStock": self.set}

    async def set(self, call: Call) -> Answer:
        """So many there are."""
        return await change_product(self._desk, "setStock", call, {"stock": int(call.parameters["stock"])})


async def taken(connection: SqlConnection, product: Product, quantity: int) -> Product:
    """The product, less what is ordered of it. Raises Refusal where there are fewer."""
    if product.stock < quantity:
        raise Refusal("insufficient_stock")
    after = replace(product, stock=product.stock - quantity)
    await tables.save(connection, after)
    return after
