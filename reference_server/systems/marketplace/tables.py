"""The tables of the marketplace, and what is read and written there, each time in the transaction of the connection.

The database decides races: a stock never falls below zero, a username stands once, and so does an event of the payment
provider.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
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
    delete,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from ...store.sql import SqlConnection
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


def _of(kind: type[_Thing], row: Any) -> _Thing:
    return kind(**{field.name: getattr(row, field.name) for field in fields(kind)})


async def add(connection: SqlConnection, thing: Thing) -> None:
    """A new one."""
    await connection.execute(insert(_TABLES[type(thing)]).values(**asdict(thing)))


async def find(
    connection: SqlConnection, kind: type[_Thing], thing_id: str, *, to_change: bool = False
) -> _Thing | None:
    """The one of this id, or None; `to_change`: nobody else changes it while the transaction lasts."""
    table = _TABLES[kind]
    statement = select(table).where(table.c.id == thing_id)
    if to_change:
        statement = statement.with_for_update()
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else _of(kind, row)


async def save(connection: SqlConnection, thing: Thing) -> None:
    """What became of one."""
    table = _TABLES[type(thing)]
    await connection.execute(update(table).where(table.c.id == thing.id).values(**asdict(thing)))


async def remove(connection: SqlConnection, product: Product) -> None:
    """The product is gone; what was ordered of it stays."""
    await connection.execute(delete(PRODUCTS).where(PRODUCTS.c.id == product.id))


async def products_of(connection: SqlConnection, seller_id: str) -> list[Product]:
    """The products of a seller, the oldest first."""
    statement = select(PRODUCTS).where(PRODUCTS.c.seller_id == seller_id).order_by(PRODUCTS.c.number)
    return [_of(Product, row) for row in await connection.execute(statement)]


async def orders_of(connection: SqlConnection, user_id: str) -> list[Order]:
    """What a user has bought and sold, the oldest first."""
    mine = or_(ORDERS.c.seller_id == user_id, ORDERS.c.buyer_id == user_id)
    return [_of(Order, row) for row in await connection.execute(select(ORDERS).where(mine).order_by(ORDERS.c.number))]


# Carts.


async def cart_of(connection: SqlConnection, user_id: str) -> dict[str, int]:
    """How many of each product are in a user's cart, in the order in which they came there."""
    statement = select(CART_ITEMS).where(CART_ITEMS.c.user_id == user_id)
    rows = await connection.execute(statement.order_by(CART_ITEMS.c.since, CART_ITEMS.c.product_id))
    return {row.product_id: row.quantity for row in rows}


async def put(connection: SqlConnection, user_id: str, product_id: str, quantity: int, now: float) -> None:
    """So many of a product are in a cart from now on."""
    here = (CART_ITEMS.c.user_id == user_id) & (CART_ITEMS.c.product_id == product_id)
    done = await connection.execute(update(CART_ITEMS).where(here).values(quantity=quantity))
    if done.rowcount == 0:
        row = {"user_id": user_id, "product_id": product_id, "quantity": quantity, "since": now}
        await connection.execute(insert(CART_ITEMS).values(row))


async def take_out(connection: SqlConnection, user_id: str, product_ids: Iterable[str]) -> None:
    """These products are in a cart no more."""
    here = (CART_ITEMS.c.user_id == user_id) & CART_ITEMS.c.product_id.in_(list(product_ids))
    await connection.execute(delete(CART_ITEMS).where(here))


# Sellers.


async def settings_of(connection: SqlConnection, seller_id: str, *, to_change: bool = False) -> Settings:
    """The settings of a seller; `to_change` as for `find`."""
    statement = select(SETTINGS.c.text).where(SETTINGS.c.seller_id == seller_id)
    if to_change:
        statement = statement.with_for_update()
    text = (await connection.execute(statement)).scalar()
    return Settings(seller_id, {} if text is None else orjson.loads(text))


async def save_settings(connection: SqlConnection, settings: Settings) -> bool:
    """Keep the settings; False where another seller has the username, and then the transaction is lost."""
    name = settings.values.get("username")
    values = {"text": orjson.dumps(settings.values).decode(), "username": None if name is None else name.lower()}
    mine = SETTINGS.c.seller_id == settings.seller_id
    try:
        done = await connection.execute(update(SETTINGS).where(mine).values(values))
        if done.rowcount == 0:
            await connection.execute(insert(SETTINGS).values(seller_id=settings.seller_id, **values))
    except IntegrityError:
        return False
    return True


async def count(
    connection: SqlConnection, seller_id: str, *, views: int = 0, orders: int = 0, revenue: int = 0
) -> Numbers:
    """A seller's numbers, with so much more of each."""
    mine = NUMBERS.c.seller_id == seller_id
    row = (await connection.execute(select(NUMBERS).where(mine).with_for_update())).one_or_none()
    before = Numbers(seller_id) if row is None else Numbers(*row)
    after = Numbers(seller_id, before.views + views, before.orders + orders, before.revenue + revenue)
    if row is None:
        await connection.execute(insert(NUMBERS).values(**asdict(after)))
    elif after != before:
        await connection.execute(update(NUMBERS).where(mine).values(**asdict(after)))
    return after


async def remember(connection: SqlConnection, event_id: str, now: float) -> bool:
    """An event of the payment provider acts now; False where it has before, and then the transaction is lost."""
    try:
        await connection.execute(insert(PAYMENT_EVENTS).values(id=event_id, at=now))
    except IntegrityError:
        return False
    return True
