"""Visitors look at storefronts while sellers change them: how soon the last visitor sees it, and what nobody may see.

Sellers change settings, public and internal, prices and stock; visitors come and go; orders are made, paid, fulfilled,
refunded, and their payments fail: both parties hear of it on both wires. Orders and settings stay on the target.

locust -f loadtests/storefront.py --target eventproof.toml
eventproof swarm storefront --users 1000 --spawn-rate 200 --run-time 1m --option settings-rate=4
"""

from collections.abc import Mapping
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from eventproof import layout
from eventproof.load import plugin
from eventproof.load.acknowledging import chosen
from eventproof.load.calls import CallAnswer, said
from eventproof.load.generator import Generator
from eventproof.load.users import Act, ActingUser, ConnectedUser
from eventproof.target import Identity

if TYPE_CHECKING:
    from loadtests.marketplace.buyer import Buyer
    from loadtests.marketplace.market import market_of
    from loadtests.marketplace.offering import PLENTY, offered, unlike_any
    from loadtests.marketplace.order import OrderLife
    from loadtests.marketplace.storefront import ORDERS, Product, Storefront
else:
    market_of = layout.loadtests("marketplace.market").market_of
    PLENTY = layout.loadtests("marketplace.offering").PLENTY
    offered = layout.loadtests("marketplace.offering").offered
    unlike_any = layout.loadtests("marketplace.offering").unlike_any
    OrderLife = layout.loadtests("marketplace.order").OrderLife
    ORDERS = layout.loadtests("marketplace.storefront").ORDERS
    Product = layout.loadtests("marketplace.storefront").Product
    Storefront = layout.loadtests("marketplace.storefront").Storefront
    Buyer = layout.loadtests("marketplace.buyer").Buyer

plugin.system("marketplace", acting="seller", channels=(ORDERS,), patience=15.0, recurs=True)
plugin.latency("preview", "from the intended time of a change of public settings to the last visitor who was told")
plugin.latency("order_to_last", "from the intended time of an order or its change to the last party told, on any wire")
plugin.count("webhooks", "events of the payment provider that were taken", of="webhooks")
plugin.objectives(
    "preview: p(99) < 2s",
    "order_to_last: p(99) < 2s",
    "lost == 0",
    "leaked == 0",
    "unexplained == 0",
    "invalid == 0",
    "unjoined == 0",
    "dropped == 0",
    "failed == 0",
)

plugin.option("--settings-rate", above=0, type=float, default=4.0, help="Changes of settings a second.")
plugin.option("--product-rate", least=0, type=float, default=4.0, help="Changes of a price or a stock a second.")
plugin.option("--order-rate", least=0, type=float, default=4.0, help="New orders a second.")
plugin.option("--visit-rate", least=0, type=float, default=10.0, help="Visitors a second who go to another storefront.")
plugin.option("--storefronts", least=1, most=100, type=int, default=5, help="How many sellers each acting user is.")
plugin.option("--products", least=2, most=100, type=int, default=4, help="How many products each of them has.")
plugin.option("--order-pace", least=0, type=float, default=1.0, help="Seconds between two steps of an order.")
plugin.option("--wire-share", least=0, most=1, type=float, default=0.3, help="The share of visitors on both wires.")
plugin.option(
    "--repeat-share", least=0, most=1, type=float, default=0.2, help="The share of webhooks that are sent twice."
)

_SETTINGS: Final = (
    *("updateBranding", "updateAboutContact", "updateStoreStatus", "updateTerms", "updateUsername"),
    *("updateWarehouse", "updatePaymentProvider", "updateTaxSettings", "updateCustomDomain", "updateShipping"),
)
_STOCKS: Final = (40, 7, 0, 25)
"""Each is another one than the one before: it falls, runs low and out, and there is more again."""
_UNIQUE: Final = "username"
"""A setting that no other seller may have."""


class Shopper(ConnectedUser):
    """A visitor, who may buy."""

    def actor(self, generator: Generator, identity: Identity) -> Buyer:
        """On the main channel; of any many in a row a share is on the other wire, too."""
        share = self.environment.parsed_options.wire_share
        channels: tuple[str, ...] = chosen(generator.entered, (((ORDERS,), share),), ())
        return Buyer(generator, identity, self.devices(), channels)


class Shopkeeper(ActingUser):
    """Some sellers, each with a storefront and products."""

    def enter(self) -> None:
        """Connect them, and offer the products, which are taken back at the end."""
        generator, options = self.generator, self.environment.parsed_options
        self.market = market_of(generator)
        self.storefronts: list[Storefront] = []
        for _ in range(options.storefronts):
            storefront = Storefront(generator, generator.somebody("seller"))
            generator.beside.append(storefront)
            storefront.enter()
            for number in range(options.products):
                self._offer(storefront, is_sold=number % 2 == 1)
            self.storefronts.append(storefront)
            self.market.places.append(storefront)
        self.market.settle_in()

    def rates(self) -> Mapping[Act, float]:
        """Changes of settings and of products, orders and visits a second."""
        options = self.environment.parsed_options
        rates: dict[Act, float] = {
            self.change_settings: options.settings_rate,
            self.change_product: options.product_rate,
            self.order: options.order_rate,
            self.visit: options.visit_rate,
        }
        return {act: rate / self.fixed_count for act, rate in rates.items()}

    def aim(self) -> Storefront:
        """The next storefront in turn."""
        storefront = self.storefronts.pop(0)
        self.storefronts.append(storefront)
        return storefront

    def change_settings(self, storefront: Storefront, intended: float) -> None:
        """Change something that visitors see, or something that nobody sees but the seller."""
        operation = self.generator.random.choice(_SETTINGS)
        example = self.generator.system.operation(operation).example
        asked = {**example, **({_UNIQUE: unlike_any()} if _UNIQUE in example else {})}
        self._begins(intended)
        called = monotonic()
        answer = storefront.must(operation, asked)
        number = next(self.market.steps)
        effects = storefront.caused(operation, asked, self._says(operation, answer), number)
        self.market.settings.begin(effects, at=intended, called=called, step=number)

    def change_product(self, storefront: Storefront, intended: float) -> None:
        """Give a product that nobody orders another price, or another stock."""
        free = [product for product in storefront.changed if not product.is_busy]
        if not free:
            self.generator.books.count("omitted")
            return
        product = self.generator.random.choice(free)
        product.is_busy = True
        self._begins(intended)
        try:
            if self.generator.random.random() < 0.5:
                product.price = product.price % 90 + 1
                self._did(storefront, "setPrice", {"productId": product.id, "price": product.price}, intended)
            else:
                product.stock = _STOCKS[(_STOCKS.index(product.stock) + 1) % len(_STOCKS)]
                self._did(storefront, "setStock", {"productId": product.id, "stock": product.stock}, intended)
        finally:
            product.is_busy = False

    def order(self, storefront: Storefront, intended: float) -> None:
        """Have the next visitor order something, and take the order through its life."""
        options = self.environment.parsed_options
        for buyer in self.market.visitors.next(1):
            product = self.generator.random.choice(storefront.sold)
            OrderLife(
                self.generator,
                buyer,
                storefront,
                product,
                intended,
                pace=options.order_pace,
                repeat_share=options.repeat_share,
            ).live()

    def visit(self, storefront: Storefront, intended: float) -> None:  # noqa: ARG002 - nobody waits for it
        """A visitor goes over to this storefront."""
        for visitor in self.market.visitors.next(1):
            if visitor.place is not storefront:
                visitor.move(storefront)

    def _offer(self, storefront: Storefront, *, is_sold: bool) -> None:
        """A new product, which is ordered, or changed by its seller."""
        product = offered(storefront, PLENTY if is_sold else _STOCKS[0])
        (storefront.sold if is_sold else storefront.changed).append(product)

    def _did(self, storefront: Storefront, operation: str, asked: Mapping[str, Any], intended: float) -> None:
        """Have a seller make a call, and enter what it causes."""
        called = monotonic()
        answer = storefront.must(operation, asked)
        number = next(self.market.steps)
        effects = storefront.caused(operation, asked, self._says(operation, answer), number)
        effects.expect(at=min(intended, called), called=called, step=number)

    def _says(self, operation: str, answer: CallAnswer) -> dict[str, Any]:
        return said(self.generator.target.operations[operation], answer)

    def _begins(self, intended: float) -> None:
        self.generator.books.count("actions")
        self.generator.books.record("send_lag", monotonic() - intended)
