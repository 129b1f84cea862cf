"""What sellers and buyers do in a case, and what an event says, whatever a back end calls its fields."""

import math
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any, Final

from eventproof.acknowledgement import is_refusal
from eventproof.catalog import Event
from eventproof.conform.cases import Case, ContractViolation, Inconclusive, Line, Person, Received, Where

SELLER: Final = "seller"
ORDERS: Final = "orders"
"""The channel of the native WebSocket."""
ORDER_UPDATED: Final = "order_updated"
PLENTY: Final = 500
"""A stock that is low on no server, and from which orders take nothing that matters."""
_LONG: Final = 8
"""Characters of an id that nothing else in an event is like by chance."""
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
    answer = await line.asks(f"join:{what}", thing)
    if answer is None or is_refusal(answer):
        how = "not acknowledged" if answer is None else f"refused: {answer!r:.200}"
        raise Inconclusive(f"`join:{what}` on {line.name} was {how}", waits_for=("MKT-ROOM-1",))


def a_price(case: Case) -> float:
    """An amount with cents that is hardly anything else in an event, and hardly what was set before."""
    return case.random.randrange(10, 90) + case.random.randrange(1, 100) / 100


def told(*values: Any) -> Where:
    """Whether an event says all of this, under whatever names."""
    return lambda event: says(event.payload, *values)


def about(case: Case, thing: str | int, *values: Any) -> Where:
    """Whether an event is about the thing of this id, and says all of these values under whatever names."""
    known = {event.name: event for event in case.system.events}
    return lambda event: is_about(known.get(event.name), event.payload, thing) and says(event.payload, *values)


def is_about(event: Event | None, payload: Any, thing: str | int) -> bool:
    """Whether an argument is about the thing of this id.

    The id stands where the contract has it (`x-correlate`). On a back end that has nothing there, a long text is known
    wherever it stands; a number or a short text may be a quantity or another thing's id, and counts only under a name
    that says whose id it is.
    """
    if event is not None and (found := event.subject(payload)) is not None:
        return str(found) == str(thing)
    if isinstance(thing, str) and len(thing) >= _LONG and not thing.isdigit():
        return says(payload, thing)
    subject = None if event is None else event.subject_name
    return any(str(value) == str(thing) for name, value in _fields(payload) if _names_id(name, subject))


def _names_id(name: str, subject: str | None) -> bool:
    """Whether this is what a back end may call the id of its subject (`productId`); any id's where there is none."""
    plain = _plain(name)
    if subject is None:
        return plain.endswith("id")
    return plain in ("id", _plain(subject), _plain(subject).removesuffix("id"))


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


def _fields(payload: Any) -> Iterator[tuple[str, Any]]:
    """Every field whose value holds no others, also of what lies within; a list's items have no names."""
    inner = payload.items() if isinstance(payload, Mapping) else (("", each) for each in _items(payload))
    for name, value in inner:
        if isinstance(value, Mapping | list):
            yield from _fields(value)
        else:
            yield str(name), value


def _items(payload: Any) -> list[Any]:
    return payload if isinstance(payload, list) else []


def says(payload: Any, *values: Any) -> bool:
    """Whether all these values stand somewhere in an argument; a number may be written as a text."""
    there = list(_values(payload))
    return all(any(_same(found, value) for found in there) for value in values)


def mentions(payload: Any, value: Any) -> bool:
    """Whether a value stands somewhere in an argument; a text also within another one."""
    within = isinstance(value, str) and any(value in found for found in _values(payload) if isinstance(found, str))
    return within or says(payload, value)


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
                f"`{event.name}` came to {line}, for whom it is not",
                expected="no such event",
                observed=shown(event),
                breaks=(f"{case.system.name}/{event.name}/audience",),
            )


def shown(event: Received) -> str:
    """The argument of an event, for a sentence."""
    return repr(event.payload)[:400]


def _id(found: Any) -> str | int:
    return found if isinstance(found, int) else str(found)
