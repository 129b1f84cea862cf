"""Invitations to buy wholesale, what their buyers say, and what they order."""

from collections.abc import Mapping

from ....delivery.message import Message
from ....refusals import Refusal
from ....store.sql import SqlConnection
from ....transport.rest import Answer, Call, Handler
from .. import tables
from ..desk import Desk, caller, new_id
from ..events import Events
from ..product import Product
from ..wholesale import Invitation, WholesaleOrder, moved, ordered, shown
from .stock import taken

Told = tuple[Invitation, list[Message]]


class Wholesale:
    """The handlers, by the contract's operationIds."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def operations(self) -> Mapping[str, Handler]:
        """The calls about wholesale."""
        return {
            "sendInvitation": self.invite,
            "acceptInvitation": self.accept,
            "rejectInvitation": self.reject,
            "placeWholesaleOrder": self.order,
        }

    async def invite(self, call: Call) -> Answer:
        """A new invitation; its seller hears that it is on its way."""
        buyer = await self._desk.user(call.parameters["userId"])

        async def change(connection: SqlConnection, events: Events) -> Told:
            invitation = Invitation(new_id("inv"), caller(call), buyer.id, call.parameters.get("message", ""))
            await tables.add(connection, invitation)
            return invitation, [events.invitation("invitation_sent", invitation)]

        return Answer(201, shown(await self._desk.carry(change)))

    async def accept(self, call: Call) -> Answer:
        """Who was invited may order wholesale from now on."""
        return await self._decided(call, "invitation_accepted")

    async def reject(self, call: Call) -> Answer:
        """Who was invited does not want to."""
        return await self._decided(call, "invitation_rejected")

    async def _decided(self, call: Call, event: str) -> Answer:
        async def change(connection: SqlConnection, events: Events) -> Told:
            invitation = moved(await self._of_buyer(connection, call), call.operation)
            await tables.save(connection, invitation)
            return invitation, [events.invitation(event, invitation)]

        return Answer(200, shown(await self._desk.carry(change)))

    async def order(self, call: Call) -> Answer:
        """What an invited buyer orders; the stock is less by that."""
        quantity = int(call.parameters["quantity"])

        async def change(connection: SqlConnection, events: Events) -> tuple[WholesaleOrder, list[Message]]:
            invitation = moved(await self._of_buyer(connection, call), call.operation)
            before = await self._desk.find(connection, Product, call.parameters["productId"])
            if before.seller_id != invitation.seller_id:
                raise Refusal("product_not_found", "This product is not of the seller who has invited you.")
            after = await taken(connection, before, quantity)
            parties = invitation.seller_id, invitation.buyer_id
            order = WholesaleOrder(new_id("who"), invitation.id, before.id, *parties, quantity, quantity * before.price)
            await tables.add(connection, order)
            numbers = await tables.count(connection, before.seller_id)
            return order, [events.wholesale_order(order), *events.changes(before, after, numbers)]

        return Answer(201, ordered(await self._desk.carry(change)))

    async def _of_buyer(self, connection: SqlConnection, call: Call) -> Invitation:
        """The invitation of the call, which is the caller's. Raises Refusal."""
        invitation = await self._desk.find(connection, Invitation, call.parameters["invitationId"])
        self._desk.must_own(call.operation, invitation.buyer_id == caller(call))
        return self._desk.conduct.acted_upon(call.operation, invitation)
