"""A seller in a swarm: connected on both wires, with products of which some are changed and the others are sold."""

from eventproof.load.actor import Actor
from eventproof.load.device import Device
from eventproof.load.generator import Generator
from eventproof.load.greenlets import sleep
from eventproof.target import Identity

__all__ = ["ORDERS", "Product", "Storefront"]

ORDERS = "orders"
"""The native WebSocket that tells of orders, by its name in the contract."""
_GLANCE = 0.05


class Product:
    """One product of ours. Only one call changes it at a time: so what each of them changes is known."""

    def __init__(self, product_id: str, price: int, stock: int) -> None:
        self.id = product_id
        self.price = price
        self.stock = stock
        self.is_busy = False

    def __str__(self) -> str:
        return f"product {self.id}"


class Storefront(Actor):
    """One seller: a device on the main channel, and the native WebSocket."""

    def __init__(self, generator: Generator, identity: Identity) -> None:
        self.changed: list[Product] = []
        """Those whose price and stock the seller changes."""
        self.sold: list[Product] = []
        """Those that are ordered."""
        super().__init__(generator, identity, 1, (ORDERS,))

    @property
    def products(self) -> list[Product]:
        """All of them."""
        return [*self.changed, *self.sold]

    def enter(self) -> None:
        """Log in and connect; waits until that is done, or has failed."""
        super().enter()
        while self.is_connecting:
            sleep(_GLANCE)

    def connected(self, device: Device) -> None:
        """A seller is no visitor: nobody waits for this."""
