"""Who hears of a run of cases as it goes. Listeners steer nothing."""

from typing import Protocol

from .records import Check

__all__ = ["Listener", "Silent"]


class Listener(Protocol):
    """Hears of a run as it goes."""

    def started(self, total: int, /) -> None:
        """That many cases are about to run."""

    def case_started(self, name: str, /) -> None:
        """The case of that name begins."""

    def case_finished(self, check: Check, /) -> None:
        """A case is over, or was left out."""


class Silent:
    """A listener who says nothing."""

    def started(self, total: int, /) -> None:
        """Say nothing."""

    def case_started(self, name: str, /) -> None:
        """Say nothing."""

    def case_finished(self, check: Check, /) -> None:
        """Say nothing."""
