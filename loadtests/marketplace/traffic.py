"""What buyers of the marketplace are told in a scenario of any system: that an order of theirs was made.

Who has no connection then is not told later. The products are taken back at the end; the orders stay.
"""

from collections import deque
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, Final

from eventproof import layout
from eventproof.load.actor import Actor
from eventproof.load.calls import said
from eventproof.load.generator import Generator
from eventproof.target import Identity

from .offering import PLENTY, offered
from .storefront import Product

if TYPE_CHECKING:
    from loadtests.any_system.aimed import Aimed
    from loadtests.any_system.traffic import Traffic
else:
    Aimed = layout.loadtests("any_system.aimed").Aimed
    Traffic = layout.loadtests("any_system.traffic").Traffic

__all__ = ["TRAFFIC", "OrderTraffic"]

_PRODUCTS: Final = 5


class OrderTraffic(Traffic):
    """Members order what sellers offer, who are told of it nowhere."""

    acting: ClassVar[str] = "seller"

    def __init__(self, generator: Generator) -> None:
        super().__init__(generator)
        self._products: deque[Product] = deque()

    def member(self, identity: Identity, devices: int) -> Actor:
        """On so many devices."""
        return Aimed(self.generator, identity, devices)

    def begin(self) -> None:
        """Offer some products, each of the next seller."""
        for _ in range(_PRODUCTS):
            seller = Actor(self.generator, self.generator.somebody(self.acting), 0)
            self._products.append(offered(seller, PLENTY))

    def tell(self, aim: Actor, intended: float) -> None:
        """Have them order something, also where they are away: a call needs no connection."""
        self.generator.ready.append(aim)
        self.begins(intended)
        self._products.rotate()
        asked = {"productId": self._products[0].id, "quantity": 1}
        called, answer = monotonic(), aim.attempt("createOrder", asked)
        if self.done(f"createOrder of {aim}", answer):
            says = said(self.generator.target.operations["createOrder"], answer)
            effects = aim.caused("createOrder", asked, says, next(self.numbers))
            effects.expect(at=min(intended, called), called=called)


TRAFFIC: Final = OrderTraffic
