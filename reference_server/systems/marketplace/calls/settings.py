"""The ten calls that change a seller's settings: the storefront sees at once what is public, and nothing else."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from ....delivery.message import Message
from ....refusals import Refusal
from ....store.sql import SqlConnection
from ....transport.rest import Answer, Call, Handler
from .. import tables
from ..desk import Desk, caller, in_cents
from ..events import Events
from ..money import amount
from ..setting import CALLS, Settings, seen, shown


class SettingsCalls:
    """The handlers, by the contract's operationIds."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def operations(self) -> Mapping[str, Handler]:
        """The ten, the one that shows all of them to their seller, and the one that shows what is public."""
        return {
            "getSettings": self.get,
            "getStorefront": self.storefront,
            **{name: partial(self.change, name) for name in CALLS},
        }

    async def get(self, call: Call) -> Answer:
        """All of them."""
        async with self._desk.store.reading() as connection:
            return Answer(200, shown(await tables.settings_of(connection, caller(call))))

    async def storefront(self, call: Call) -> Answer:
        """What everybody may see of them."""
        await self._desk.seller(call.parameters["sellerId"])
        async with self._desk.store.reading() as connection:
            return Answer(200, seen(await tables.settings_of(connection, call.parameters["sellerId"])))

    async def change(self, operation: str, call: Call) -> Answer:
        """Some of them are others from now on."""
        given = _given(call)

        async def change(connection: SqlConnection, events: Events) -> tuple[Settings, list[Message]]:
            before = await tables.settings_of(connection, caller(call), to_change=True)
            settings = Settings(before.seller_id, {**before.values, **given})
            if not await tables.save_settings(connection, settings):
                raise Refusal("username_taken")
            return settings, [events.settings(CALLS[operation], settings)]

        return Answer(200, shown(await self._desk.carry(change)))


def _given(call: Call) -> dict[str, Any]:
    """What a call says of the settings: a price without a sign that means nothing, a flag as a whole number."""
    given = dict(call.parameters)
    if "shippingPrice" in given:
        given["shippingPrice"] = amount(in_cents(given["shippingPrice"]))
    return {name: int(value) if isinstance(value, float) and name in _FLAGS else value for name, value in given.items()}


_FLAGS = frozenset({"storeActive", "taxEnabled", "customDomainVerified"})
