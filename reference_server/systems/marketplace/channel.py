"""The marketplace on the namespace `/`: the storefronts and the products that a client says it looks at.

What is for one user, or for all sellers, goes by who they are; no request has any part in that.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from ...delivery.connections import Connection
from ...delivery.options import ChannelOptions
from ...delivery.rooms import of_role
from ...refusals import Refusal
from ...services import Services
from . import tables
from .product import Product

SYSTEM: Final = "marketplace"
SELLER: Final = "seller"
"""The role of whoever sells."""
SELLERS: Final = of_role(SELLER)
"""The room of all sellers."""


def of_storefront(seller_id: str) -> str:
    """The room of those who look at a seller's storefront."""
    return f"storefronts/{seller_id}"


def of_product(product_id: str) -> str:
    """The room of those who look at a product."""
    return f"products/{product_id}"


def options(services: Services) -> dict[str, ChannelOptions]:
    """How the marketplace uses its channels, by their names."""

    async def must_be_a_seller(seller_id: str) -> None:
        account = await services.accounts.find(seller_id)
        if account is None or account.role != SELLER:
            raise Refusal("seller_not_found")

    async def must_be_a_product(product_id: str) -> None:
        async with services.store.reading() as connection:
            if await tables.find(connection, Product, product_id) is None:
                raise Refusal("product_not_found")

    def joining(room_of: Callable[[str], str], must_be: Callable[[str], Awaitable[None]]) -> Any:
        async def join(connection: Connection, argument: str) -> dict[str, str]:
            await must_be(argument)
            services.connections.join(connection, room_of(argument))
            return {"joined": argument}

        return join

    def leaving(room_of: Callable[[str], str]) -> Any:
        async def leave(connection: Connection, argument: str) -> dict[str, str]:
            services.connections.leave(connection, room_of(argument))
            return {"left": argument}

        return leave

    handlers = {
        "join:storefront": joining(of_storefront, must_be_a_seller),
        "join:product": joining(of_product, must_be_a_product),
        "leave:storefront": leaving(of_storefront),
        "leave:product": leaving(of_product),
    }
    return {"marketplace": ChannelOptions(handlers=handlers)}
