"""A product of a swarm is offered by its seller, and taken back at the end."""

from functools import partial
from secrets import token_hex
from time import monotonic
from typing import Final

from eventproof.load.actor import Actor
from eventproof.load.calls import CallAnswer, said

from .market import market_of
from .storefront import Product

__all__ = ["PLENTY", "offered", "unlike_any"]

PLENTY: Final = 100_000
"""So many of a product are never sold."""
_PRODUCT_LEFT: Final = ("product of ours is still there", "products of ours are still there")


def offered(seller: Actor, stock: int) -> Product:
    """A new product, of which there are so many. Raises TargetUnavailable or ContractViolation where there is none."""
    generator, called = seller.generator, monotonic()
    asked = {"name": f"Product {unlike_any()}", "price": 10, "stock": stock}
    says = said(generator.target.operations["createProduct"], seller.must("createProduct", asked))
    number = next(market_of(generator).steps)
    seller.caused("createProduct", asked, says, number).expect(at=called, called=called, step=number)
    product = Product(str(says["productId"]), 10, stock)
    generator.books.changes.enter(_PRODUCT_LEFT, product.id, partial(_take_back, seller, product))
    return product


def unlike_any() -> str:
    """A name like no other, also of another run against the same target."""
    return f"swarm-{token_hex(5)}"


def _take_back(seller: Actor, product: Product) -> CallAnswer:
    answer = seller.perform("deleteProduct", {"productId": product.id})
    if answer.done:
        seller.generator.books.changes.clear(_PRODUCT_LEFT, product.id)
    return answer
