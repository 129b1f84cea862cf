"""A product, and what becomes of its stock: values, and the rules that need no database."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Any, Final

from .money import amount

THRESHOLD: Final = 10
"""At this number or below it the stock is low."""


@dataclass(frozen=True, slots=True)
class Product:
    """What a seller offers; the price in cents."""

    id: str
    seller_id: str
    name: str
    description: str
    price: int
    stock: int
    views: int = 0


class Alert(Enum):
    """What a change of the stock is worth telling beside itself."""

    LOW = auto()
    OUT = auto()
    RESTOCKED = auto()


def alerts(before: int, after: int) -> Iterator[Alert]:
    """What these two stocks, one after the other, are worth telling: each fall once."""
    if before > THRESHOLD >= after:
        yield Alert.LOW
    if before > 0 == after:
        yield Alert.OUT
    if after > 0 == before:
        yield Alert.RESTOCKED


def changed(product: Product, fields: Mapping[str, Any]) -> Product:
    """The product with these fields; the price in cents."""
    return replace(product, **fields)


def shown(product: Product) -> dict[str, Any]:
    """A product, as calls show it."""
    return {
        "id": product.id,
        "sellerId": product.seller_id,
        "name": product.name,
        "description": product.description,
        "price": amount(product.price),
        "stock": product.stock,
    }
