"""What sellers and buyers do in a case, and what an event says, whatever a back end calls its fields."""

import math
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any, Final

from eventproof.conform.cases import Case, ContractViolation, Inconclusive, Line, Person, Received, Where

SELLER: Final = "seller"
ORDERS: Final = "orders"
"""The channel of the native WebSocket."""
ORDER_UPDATED: Final = "order_updated"
PLENTY: Final = 500
"""A stock that is low on no server, and from which orders take nothing that matters."""
_numbers = count(1)


async def a_seller(case: Case) -> Person:
    """Somebody who sells, whom no other case has."""
    return await case.person(SELLER)


async def product(seller: Person, **fields: Any) -> str | int:
    """The id of a new product of this seller, which is removed when the case is over."""
    given = {"name": f"Shirt {next(_numbers)} of a check", "price": 24.5, "stock": PLENTY, **fields}
    return _id((await seller.call("createProduct", **given)).must_succeed().says("productId"))


async def order(buyer: Person, product_id: str | int, quantity: int = 2) -> str | int:
    """The id of a new order."""
    answer = await buyer.call("createOrder", productId=product_id, quantity=quantity)
    return _id(answer.must_succeed().says("orderId"))


async def joins(line: Line, what: str, thing: str | int) -> None:
    """Look at a storefront or a product. Raises Inconclusive where that cannot be: MKT-ROOM-1 judges it."""
    if await line.asks(f"join:{what}", thing) is None:
        raise Inconclusive(f"`join:{what}` was not acknowledged on {line.name}", waits_for=("MKT-ROOM-1",))


def told(*values: Any) -> Where:
    """Whether an event says all of this, under whatever names."""
    return lambda event: says(event.payload, *values)


def says(payload: Any, *values: Any) -> bool:
    """Whether all these values stand somewhere in an argument; a number may be written as a text."""
    there = list(_values(payload))
    return all(any(_same(found, value) for found in there) for value in values)


def _same(found: Any, value: Any) -> bool:
    if isinstance(value, bool) or isinstance(found, bool):
        return found is value
    if isinstance(value, int | float):
        try:
            return math.isclose(float(found), value)
        except (TypeError, ValueError):
            return False
    return str(found) == str(value)


def _values(payload: Any) -> Iterator[Any]:
    inner = payload.values() if isinstance(payload, Mapping) else payload if isinstance(payload, list) else None
    if inner is None:
        yield payload
    else:
        for each in inner:
            yield from _values(each)


async def must_not_hear(
    case: Case, person: Person, line: Line, since: int, what: str, where: Where | None = None
) -> None:
    """Raise ContractViolation where a line of this person heard such an event after so many; a canary comes first.

    `what` is the event's name; empty for any of the contract's that `where` holds for.
    """
    await case.canary(person)
    if not line.is_open:
        raise Inconclusive(f"{line.name} ended before the canary, so nothing can be said here")
    for event in line.received[since:]:
        if what in ("", event.name) and (where is None or where(event)):
            raise ContractViolation(
                f"`{event.name}` came to {line}, for whom it is not", expected="no such event", observed=shown(event)
            )


def shown(event: Received) -> str:
    """The argument of an event, for a sentence."""
    return repr(event.payload)[:400]


def _id(found: Any) -> str | int:
    return found if isinstance(found, int) else str(found)
