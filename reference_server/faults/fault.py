"""What a fault is: a name, what it breaks, and the conduct that does it."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass

from ..delivery.conduct import Conduct


@dataclass(frozen=True, slots=True)
class Fault:
    """One misbehaviour: what it breaks, what it does, in a sentence, and what else must then fail too."""

    name: str
    breaks: str
    summary: str
    conduct: Callable[[], Conduct]
    implies: tuple[str, ...] = ()
    systems: tuple[str, ...] = ()
    """Those on which it shows, where what it breaks is every system's; none: on all of them."""
    fails_each: bool = False
    """Whether every case of what it breaks must fail, and not one alone."""
    scenario: str = ""
    """The scenario of a swarm that shows it, where it takes load to see it; none: a check does."""

    @classmethod
    def of(
        cls,
        name: str,
        breaks: str,
        conduct: type[Conduct],
        implies: tuple[str, ...] = (),
        systems: tuple[str, ...] = (),
        *,
        fails_each: bool = False,
    ) -> "Fault":
        """One that has a class of its own, whose docstring says what it does."""
        return cls(name, breaks, inspect.getdoc(conduct) or "", conduct, implies, systems, fails_each)
