"""The tables of the marketplace, and what is read and written there, each time in the transaction of the connection.

The database decides races: a stock never falls below zero, a username stands once, and so does an event of the payment
provider.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeVar

import orjson
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Enum,
    Float,
    Index,
    Integer,
    String,
    Table,
    Text,
    bindparam,
    delete,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from ...store.kept import Kept
from ...store.sql import Prepared, SqlConnection
from ...store.tables import TABLES, number
from .order import Order, OrderStatus
from .product import Product
from .quotation import Quotation, QuotationStatus
from .setting import Settings
from .wholesale import Invitation, InvitationStatus, WholesaleOrder


def _id(name: str = "id", *, unique: bool = False) -> Column[str]:
    return Column(name, String(64), nullable=False, unique=unique)


def _choice(kind: type[StrEnum]) -> Enum:
    return Enum(kind, native_enum=False, length=16)


PRODUCTS: Final = Table(
    "market_products",
    TABLES,
    number(),
    _id(unique=True),
    _id("seller_id"),
    Column("name", String(200), nullable=False),
    Column("description", Text, nullable=False),
    Column("price", BigInteger, nullable=False),
    Column("stock", Integer, nullable=False),
    Column("views", Integer, nullable=False),
    CheckConstraint("stock >= 0", name="market_stock_is_there"),
    Index("market_products_by_seller", "seller_id", "number"),
)

INVITATIONS: Final = Table(
    "market_invitations",
    TABLES,
    number(),
    _id(unique=True),
    _id("seller_id"),
    _id("buyer_id"),
    Column("message", Text, nullable=False),
    Column("status", _choice(InvitationStatus), nullable=False),
)

WHOLESALE_ORDERS: Final = Table(
    "market_wholesale_orders",
    TABLES,
    number(),
    _id(unique=True),
    _id("invitation_id"),
    _id("product_id"),
    _id("seller_id"),
    _id("buyer_id"),
    Column("quantity", Integer, nullable=False),
    Column("total", BigInteger, nullable=False),
)

QUOTATIONS: Final = Table(
    "market_quotations",
    TABLES,
    number(),
    _id(unique=True),
    _id("seller_id"),
    _id("buyer_id"),
    _id("product_id"),
    Column("quantity", Integer, nullable=False),
    Column("price", BigInteger, nullable=False),
    Column("status", _choice(QuotationStatus), nullable=False),
)

ORDERS: Final = Table(
    "market_orders",
    TABLES,
    number(),
    _id(unique=True),
    _id("product_id"),
    _id("seller_id"),
    _id("buyer_id"),
    Column("quantity", Integer, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("status", _choice(OrderStatus), nullable=False),
    Column("tracking_number", String(200)),
    Index("market_orders_by_seller", "seller_id", "number"),
    Index("market_orders_by_buyer", "buyer_id", "number"),
)

CART_ITEMS: Final = Table(
    "market_cart_items",
    TABLES,
    Column("user_id", String(64), primary_key=True),
    Column("product_id", String(64), primary_key=True),
    Column("quantity", Integer, nullable=False),
    Column("since", Float, nullable=False),
)

SETTINGS: Final = Table(
    "market_settings",
    TABLES,
    Column("seller_id", String(64), primary_key=True),
    Column("username", String(40), unique=True),
    Column("text", Text, nullable=False),
)
"""Of each seller, all settings in JSON; the username once more, in small letters, since no two sellers have one."""

NUMBERS: Final = Table(
    "market_numbers",
    TABLES,
    Column("seller_id", String(64), primary_key=True),
    Column("views", Integer, nullable=False),
    Column("orders", Integer, nullable=False),
    Column("revenue", BigInteger, nullable=False),
)

PAYMENT_EVENTS: Final = Table(
    "market_payment_events",
    TABLES,
    Column("id", String(255), primary_key=True),
    Column("at", Float, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a seller's dashboard counts; the revenue in cents."""

    seller_id: str
    views: int = 0
    orders: int = 0
    revenue: int = 0


Thing = Product | Invitation | WholesaleOrder | Quotation | Order
_Thing = TypeVar("_Thing", Product, Invitation, WholesaleOrder, Quotation, Order)
_TABLES: Final[Mapping[type, Table]] = {
    Product: PRODUCTS,
    Invitation: INVITATIONS,
    WholesaleOrder: WHOLESALE_ORDERS,
    Quotation: QUOTATIONS,
    Order: ORDERS,
}
"""Where each kind of thing is kept; a field of theirs is the column of its name."""


_KEPT: Final[Mapping[type, Kept[Any]]] = {kind: Kept(kind, table) for kind, table in _TABLES.items()}
_REMOVE: Final = Prepared(delete(PRODUCTS).where(PRODUCTS.c.id == bindparam("this")))
_PRODUCTS_OF: Final = _KEPT[Product].where(PRODUCTS.c.seller_id == bindparam("whose"), order=PRODUCTS.c.number)
_ORDERS_OF: Final = _KEPT[Order].where(
    or_(ORDERS.c.seller_id == bindparam("whose"), ORDERS.c.buyer_id == bindparam("whose")), order=ORDERS.c.number
)


async def add(connection: SqlConnection, thing: Thing) -> None:
    """A new one."""
    await _KEPT[type(thing)].add(connection, thing)


async def find(
    connection: SqlConnection, kind: type[_Thing], thing_id: str, *, to_change: bool = False
) -> _Thing | None:
    """The one of this id, or None; `to_change`: nobody else changes it while the transaction lasts."""
    found: _Thing | None = await _KEPT[kind].find(connection, thing_id, to_change=to_change)
    return found


async def save(connection: SqlConnection, thing: Thing) -> None:
    """What became of one."""
    await _KEPT[type(thing)].save(connection, thing)


async def remove(connection: SqlConnection, product: Product) -> None:
    """The product is gone; what was ordered of it stays."""
    await connection.run(_REMOVE, {"this": product.id})


async def products_of(connection: SqlConnection, seller_id: str) -> list[Product]:
    """The products of a seller, the oldest first."""
    return await _KEPT[Product].find_all(connection, _PRODUCTS_OF, {"whose": seller_id})


async def orders_of(connection: SqlConnection, user_id: str) -> list[Order]:
    """What a user has bought and sold, the oldest first."""
    return await _KEPT[Order].find_all(connection, _ORDERS_OF, {"whose": user_id})


# Carts.

_CART: Final = CART_ITEMS.c.user_id == bindparam("whose")
_ITEM: Final = (_CART, CART_ITEMS.c.product_id == bindparam("what"))
_CART_OF: Final = Prepared(
    select(CART_ITEMS.c.product_id, CART_ITEMS.c.quantity)
    .where(_CART)
    .order_by(CART_ITEMS.c.since, CART_ITEMS.c.product_id)
)
_PUT_MORE: Final = Prepared(update(CART_ITEMS).where(*_ITEM), ("quantity",))
_PUT: Final = Prepared(insert(CART_ITEMS), CART_ITEMS.c.keys())
_TAKE_OUT: Final = Prepared(delete(CART_ITEMS).where(*_ITEM))


async def cart_of(connection: SqlConnection, user_id: str) -> dict[str, int]:
    """How many of each product are in a user's cart, in the order in which they came there."""
    return dict(await connection.rows(_CART_OF, {"whose": user_id}))


async def put(connection: SqlConnection, user_id: str, product_id: str, quantity: int, now: float) -> None:
    """So many of a product are in a cart from now on."""
    if not await connection.run(_PUT_MORE, {"whose": user_id, "what": product_id, "quantity": quantity}):
        row = {"user_id": user_id, "product_id": product_id, "quantity": quantity, "since": now}
        await connection.run(_PUT, row)


async def take_out(connection: SqlConnection, user_id: str, product_ids: Iterable[str]) -> None:
    """These products are in a cart no more."""
    await connection.run(_TAKE_OUT, [{"whose": user_id, "what": product_id} for product_id in product_ids])


# Sellers.


_SETTINGS_OF: Final = select(SETTINGS.c.text).where(SETTINGS.c.seller_id == bindparam("whose"))
_SETTINGS: Final = Prepared(_SETTINGS_OF)
_SETTINGS_TO_CHANGE: Final = Prepared(_SETTINGS_OF.with_for_update())
_SAVE_SETTINGS: Final = Prepared(
    update(SETTINGS).where(SETTINGS.c.seller_id == bindparam("whose")), ("text", "username")
)
_ADD_SETTINGS: Final = Prepared(insert(SETTINGS), SETTINGS.c.keys())
_NUMBERS: Final = Kept(Numbers, NUMBERS, "seller_id")
_REMEMBER: Final = Prepared(insert(PAYMENT_EVENTS), PAYMENT_EVENTS.c.keys())


async def settings_of(connection: SqlConnection, seller_id: str, *, to_change: bool = False) -> Settings:
    """The settings of a seller; `to_change` as for `find`."""
    found = await connection.rows(_SETTINGS_TO_CHANGE if to_change else _SETTINGS, {"whose": seller_id})
    return Settings(seller_id, orjson.loads(found[0][0]) if found else {})


async def save_settings(connection: SqlConnection, settings: Settings) -> bool:
    """Keep the settings; False where another seller has the username, and then the transaction is lost."""
    name = settings.values.get("username")
    values = {"text": orjson.dumps(settings.values).decode(), "username": None if name is None else name.lower()}
    try:
        if not await connection.run(_SAVE_SETTINGS, {"whose": settings.seller_id, **values}):
            await connection.run(_ADD_SETTINGS, {"seller_id": settings.seller_id, **values})
    except IntegrityError:
        return False
    return True


async def count(
    connection: SqlConnection, seller_id: str, *, views: int = 0, orders: int = 0, revenue: int = 0
) -> Numbers:
    """A seller's numbers, with so much more of each."""
    found = await _NUMBERS.find(connection, seller_id, to_change=True)
    before = found or Numbers(seller_id)
    after = Numbers(seller_id, before.views + views, before.orders + orders, before.revenue + revenue)
    if found is None:
        await _NUMBERS.add(connection, after)
    elif after != before:
        await _NUMBERS.save(connection, after)
    return after


async def remember(connection: SqlConnection, event_id: str, now: float) -> bool:
    """An event of the payment provider acts now; False where it has before, and then the transaction is lost."""
    try:
        await connection.run(_REMEMBER, {"id": event_id, "at": now})
    except IntegrityError:
        return False
    return True
