"""Libraries and their seats: values, and the rules that need no database."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from ...accounts.account import Account

MOST_STAFF: Final = 100
"""At one desk."""
_PRICES: Final = ("hourly", "daily", "monthly")


@dataclass(frozen=True, slots=True)
class Library:
    """A library, as its owner keeps it; prices in rupees, None where it is not offered."""

    id: str
    owner_id: str
    name: str
    address: str
    seat_count: int
    hourly: float
    daily: float | None = None
    monthly: float | None = None

    def is_run_by(self, account: Account) -> bool:
        """Whether it is theirs."""
        return self.owner_id == account.id

    @property
    def pricing(self) -> dict[str, float]:
        """The prices that it has, by their names."""
        prices = {name: getattr(self, name) for name in _PRICES}
        return {name: price for name, price in prices.items() if price is not None}


@dataclass(frozen=True, slots=True)
class Seat:
    """One seat of a library; what stands on it is its number there."""

    id: str
    library_id: str
    label: str


def made(library_id: str, owner: Account, fields: Mapping[str, Any]) -> Library:
    """The library that these fields of a call describe; JSON may write a whole number as 3.0."""
    seats = int(fields["seatCount"])
    return Library(library_id, owner.id, fields["name"], fields["address"], seats, fields["hourly"])


def changed(library: Library, fields: Mapping[str, Any]) -> Library:
    """The library with these fields of a call."""
    return replace(library, **{name: fields[name] for name in ("name", "address") if name in fields})


def priced(library: Library, fields: Mapping[str, Any]) -> Library:
    """The library with these prices and no others."""
    return replace(library, hourly=fields["hourly"], daily=fields.get("daily"), monthly=fields.get("monthly"))


def shown(library: Library) -> dict[str, Any]:
    """A library, as calls and events show it."""
    return {
        "id": library.id,
        "name": library.name,
        "address": library.address,
        "seatCount": library.seat_count,
        "pricing": library.pricing,
    }


def labels(count: int) -> Iterator[str]:
    """What stands on so many seats."""
    return map(str, range(1, count + 1))
