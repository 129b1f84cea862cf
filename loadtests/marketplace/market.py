"""What the visitors and the sellers of one process share: the storefronts, who is there, what is measured of all."""

from itertools import count
from typing import Final

from eventproof.load.generator import Generator
from eventproof.load.spread import Spread
from eventproof.load.visits import Visits

from .storefront import Storefront

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


class Market(Visits[Storefront]):
    """That of one process and run; the places are storefronts."""

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.steps = count(1)
        """The numbers of the calls."""
        self.settings = Spread(generator, _PUBLIC, "preview")
        self.orders = Spread(generator, ORDER_EVENTS, "order_to_last")


def market_of(generator: Generator) -> Market:
    """The one of this process and run."""
    return generator.one(Market)
