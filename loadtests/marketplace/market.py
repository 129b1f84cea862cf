"""What the visitors and the sellers of one process share: the storefronts, who is there, what is measured of all."""

from collections import deque
from itertools import count
from typing import TYPE_CHECKING, Final

from eventproof.load.generator import Generator
from eventproof.load.spread import Spread
from eventproof.load.turns import Turns

from .storefront import Storefront

if TYPE_CHECKING:
    from .visitor import Visitor

__all__ = ["ORDER_EVENTS", "Market", "market_of"]

ORDER_EVENTS: Final = ("order:updated", "order_updated")
"""What the parties of an order are told, on the one wire and on the other."""
_PUBLIC: Final = (
    "settings:branding_updated",
    "settings:contact_updated",
    "settings:store_status_updated",
    "settings:terms_updated",
    "settings:username_updated",
)


class Market:
    """That of one process and run."""

    def __init__(self, generator: Generator) -> None:
        self.storefronts: deque[Storefront] = deque()
        self.visitors: Turns[Visitor] = Turns()
        self.steps = count(1)
        """The numbers of the calls."""
        self.settings = Spread(generator, _PUBLIC, "preview")
        self.orders = Spread(generator, ORDER_EVENTS, "order_to_last")

    def came(self, visitor: "Visitor") -> None:
        """A visitor is connected for the first time."""
        self.visitors.came(visitor)
        if visitor.storefront is None and self.storefronts:
            visitor.move(self.next_storefront())

    def next_storefront(self) -> Storefront:
        """The next one in turn."""
        self.storefronts.rotate(-1)
        return self.storefronts[-1]

    def settle_in(self) -> None:
        """Who looks at nothing yet goes to a storefront."""
        for visitor in self.visitors.all():
            if visitor.storefront is None:
                visitor.move(self.next_storefront())


def market_of(generator: Generator) -> Market:
    """The one of this process and run."""
    if generator.shared is None:
        generator.shared = Market(generator)
    market: Market = generator.shared
    return market
