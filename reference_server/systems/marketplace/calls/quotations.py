"""Quotations: written, changed and sent by a seller, accepted by their buyer."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from ....delivery.message import Message
from ....store.sql import SqlConnection
from ....transport.rest import Answer, Call, Handler
from .. import tables
from ..desk import Desk, caller, in_cents, new_id
from ..events import Events
from ..product import Product
from ..quotation import Quotation, moved, shown

Told = tuple[Quotation, list[Message]]


def _as_it_is(quotation: Quotation) -> Quotation:
    return quotation


class Quotations:
    """The handlers, by the contract's operationIds."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def operations(self) -> Mapping[str, Handler]:
        """The calls about quotations."""
        return {
            "createQuotation": self.create,
            "updateQuotation": self.update,
            "sendQuotation": self.send,
            "acceptQuotation": self.accept,
        }

    async def create(self, call: Call) -> Answer:
        """A new quotation, which only its seller hears of."""
        given = call.parameters
        buyer, price = await self._desk.user(given["userId"]), in_cents(given["price"])

        async def change(connection: SqlConnection, events: Events) -> Told:
            product = await self._desk.find(connection, Product, given["productId"], to_change=False)
            self._desk.must_own("createQuotation", product.seller_id == caller(call))
            parties = caller(call), buyer.id
            quotation = Quotation(new_id("quo"), *parties, product.id, int(given["quantity"]), price)
            await tables.add(connection, quotation)
            return quotation, [events.quotation("created", quotation)]

        return Answer(201, shown(await self._desk.carry(change)))

    async def update(self, call: Call) -> Answer:
        """Another quotation than before, as long as it is not accepted."""
        given = call.parameters
        quantity = int(given["quantity"]) if "quantity" in given else None
        price = in_cents(given["price"]) if "price" in given else None

        def changed(before: Quotation) -> Quotation:
            return replace(
                before,
                quantity=before.quantity if quantity is None else quantity,
                price=before.price if price is None else price,
            )

        return await self._change(call, "updated", changed, of_buyer=False)

    async def send(self, call: Call) -> Answer:
        """Its buyer sees it from now on."""
        return await self._change(call, "sent", of_buyer=False)

    async def accept(self, call: Call) -> Answer:
        """Its buyer takes it."""
        return await self._change(call, "accepted", of_buyer=True)

    async def _change(
        self, call: Call, event: str, changed: Callable[[Quotation], Quotation] = _as_it_is, *, of_buyer: bool
    ) -> Answer:
        async def change(connection: SqlConnection, events: Events) -> Told:
            before = await self._desk.find(connection, Quotation, call.parameters["quotationId"])
            self._desk.must_own(call.operation, caller(call) == (before.buyer_id if of_buyer else before.seller_id))
            quotation = changed(moved(self._desk.conduct.acted_upon(call.operation, before), call.operation))
            await tables.save(connection, quotation)
            return quotation, [events.quotation(event, quotation)]

        return Answer(200, shown(await self._desk.carry(change)))
