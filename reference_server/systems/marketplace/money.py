"""Money: amounts with at most two decimals on the wires, and cents, which are whole, inside."""

_CENTS = 100


def cents(amount: float) -> int | None:
    """An amount in cents; None where it has more than two decimals.

    The nearest number to `n / 100` is the one that a text of two decimals stands for, so the comparison is exact.
    """
    found = round(amount * _CENTS)
    return found if found / _CENTS == amount else None


def amount(cents: int) -> float:
    """Cents as an amount."""
    return cents / _CENTS
