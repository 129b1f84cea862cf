"""Money: dollars as JSON numbers on the wires, whole cents inside, so that no sum is ever off."""

from decimal import Decimal

from ...refusals import Refusal


def from_json(field: str, amount: float) -> int:
    """The cents of an amount of dollars that came as a JSON number.

    A number is taken as it was written: 0.29 is 29 cents, although no float is 0.29. Raises Refusal where it has more
    than two decimals or is not finite; `field` is its name, for the sentence.
    """
    dollars = Decimal(repr(amount)).normalize()
    exponent = dollars.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -2:
        raise Refusal("invalid_input", f"In {field}, {amount!r} is no amount of dollars and whole cents: correct it.")
    return int(dollars * 100)


def to_json(cents: int) -> float:
    """The dollars for a JSON number; it is written with two decimals at most."""
    return cents / 100


def shown(cents: int) -> str:
    """The amount in a sentence: `$12.30`."""
    return f"${cents // 100:,}.{cents % 100:02d}"


def percent(rate: int, cents: int) -> int:
    """So many percent of an amount that is not negative, rounded half up to whole cents."""
    return (cents * rate + 50) // 100
