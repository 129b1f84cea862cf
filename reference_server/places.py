"""Places: how many connections are open, of every kind, and how many may be. A connection has a place while its
socket is open, whatever is spoken on it."""

from typing import Final

from .descriptors import LOBBY
from .refusals import Refusal

_RETRY_AFTER: Final = "5"
"""Seconds."""


class Places:
    """`most` connections may stay. Beyond them there is a lobby, for whoever asks something short and leaves."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.taken = 0

    def take(self) -> None:
        """A connection is open."""
        self.taken += 1

    def free(self) -> None:
        """A connection is closed."""
        self.taken -= 1

    @property
    def crowded(self) -> bool:
        """Whether nobody may come to stay: as many connections are open as may be, or more."""
        return self.taken > self.most

    def check(self) -> None:
        """Raises Refusal where nobody may come to stay."""
        if self.crowded:
            raise Refusal(
                "unavailable",
                "There are as many connections as may be: try again in a few seconds.",
                headers={"Retry-After": _RETRY_AFTER},
            )

    @property
    def full(self) -> bool:
        """Whether nobody may come at all."""
        return self.taken >= self.most + LOBBY
