"""A visitor in a swarm, who looks at one storefront and one product of it, and may buy."""

from collections.abc import Iterable

from eventproof.load.actor import Actor
from eventproof.load.device import Device
from eventproof.load.generator import Generator
from eventproof.target import Identity

from .market import market_of
from .storefront import Product, Storefront

__all__ = ["Visitor"]


class Visitor(Actor):
    """Somebody with a session; on further channels, too, where they are named."""

    def __init__(self, generator: Generator, identity: Identity, devices: int, channels: Iterable[str]) -> None:
        self.storefront: Storefront | None = None
        """The one that they look at."""
        self._product: Product | None = None
        self._market = market_of(generator)
        super().__init__(generator, identity, devices, channels)

    @property
    def is_there(self) -> bool:
        """Whether they are connected on any device."""
        return not self.has_left and any(device.is_open for device in self.devices)

    def move(self, storefront: Storefront) -> None:
        """Look at another storefront, and at a product there, on every device."""
        product = self.generator.random.choice(storefront.products)
        for device in self.devices:
            if self.storefront is not None:
                device.ask_to_leave("leave:storefront", self.storefront.identity.id)
            if self._product is not None:
                device.ask_to_leave("leave:product", self._product.id)
            device.ask_for("join:storefront", storefront.identity.id)
            device.ask_for("join:product", product.id)
        self.storefront, self._product = storefront, product

    def connected(self, device: Device) -> None:
        """A device is connected; with the first one, a visitor is there."""
        super().connected(device)
        if sum(one.connections for one in self.devices) == 1:
            self._market.came(self)
