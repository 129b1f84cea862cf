"""A buyer in a swarm, who looks at one storefront and one product of it, and may buy."""

from collections.abc import Iterable

from eventproof.load.generator import Generator
from eventproof.load.visits import Visitor
from eventproof.target import Identity

from .market import market_of
from .storefront import Product, Storefront

__all__ = ["Buyer"]


class Buyer(Visitor[Storefront]):
    """Somebody with a session; on further channels, too, where they are named."""

    def __init__(self, generator: Generator, identity: Identity, devices: int, channels: Iterable[str]) -> None:
        self._product: Product | None = None
        super().__init__(generator, identity, market_of(generator), devices, channels)

    def look_at(self, place: Storefront) -> None:
        """Be in the rooms of the storefront and of a product there, on every device."""
        product = self.generator.random.choice(place.products)
        for device in self.devices:
            if self.place is not None:
                device.ask_to_leave("leave:storefront", self.place.identity.id)
            if self._product is not None:
                device.ask_to_leave("leave:product", self._product.id)
            device.ask_for("join:storefront", place.identity.id)
            device.ask_for("join:product", product.id)
        self._product = product
