"""How long it takes until many who lost their connections at once are back, and have all that was caused meanwhile."""

from collections.abc import Collection
from time import monotonic
from typing import TYPE_CHECKING

from .actor import Actor
from .device import Device
from .greenlets import sleep

if TYPE_CHECKING:
    from .generator import Generator

__all__ = ["Recovery", "devices_of"]

_TICK = 0.01
_GLANCE = 0.05
_NAMED = 5


def devices_of(generator: "Generator") -> list[Device]:
    """Those of everybody who has come in."""
    return [device for user in generator.users if isinstance(user, Actor) for device in user.devices]


class Recovery:
    """That of one process."""

    def __init__(self, generator: "Generator") -> None:
        self._generator = generator

    def follow(self, devices: Collection[Device], began: float, within: float) -> None:
        """Wait until these are open again, and nothing is owed of what was caused by then: `all_back`, `caught_up`.

        Who is not back `within` so many seconds is `still_away`. Where the run ends before, nothing is entered.
        """
        books, stopping = self._generator.books, self._generator.stopping
        missing = list(devices)
        while missing := [device for device in missing if not device.is_open]:
            if stopping.is_set():
                return
            if monotonic() > began + within:
                books.count("still_away", len(missing))
                for device in missing[:_NAMED]:
                    books.incident(str(device), f"was not back {within:g} s after the connection was lost")
                return
            sleep(_TICK)
        back = max((device.since for device in devices if device.since is not None), default=began)
        books.record("all_back", max(back - began, 0.0))
        while books.ledger.is_owed(before=back):
            if stopping.is_set() or monotonic() > began + within + self._generator.deadline:
                return
            sleep(_TICK)
        books.record("caught_up", monotonic() - began)

    def watch(self, within: float) -> None:
        """Follow each time that the target ends connections, from the first one that it ends; for good."""
        generator, stopping = self._generator, self._generator.stopping
        known = generator.books.counted("dropped")
        while not stopping.wait(_GLANCE):
            if generator.books.counted("dropped") == known:
                continue
            self.follow(devices_of(generator), monotonic() - _GLANCE, within)
            known = generator.books.counted("dropped")
