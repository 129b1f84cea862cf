"""What a call causes, entered in the ledger: its effects by the contract, at the devices that are in their rooms."""

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from math import inf
from time import monotonic
from typing import TYPE_CHECKING

from eventproof.catalog import Cause, Effect, effects

if TYPE_CHECKING:
    from .device import Device
    from .generator import Generator

__all__ = ["CallEffects"]


@dataclass(frozen=True, slots=True)
class CallEffects:
    """One call of a swarm, under the name that tells it from all others.

    `own` are the devices of the user whom it is about: they are meant where the call does not tell a room.
    """

    generator: "Generator"
    cause: Cause
    name: str
    own: "tuple[Device, ...]" = ()

    def expect(self, *, at: float, called: float, key: Hashable = None, step: int | None = None) -> None:
        """It was accepted, or is about to be: enter what it must cause, and permit what it may.

        `at` is its intended time, `called` when it was made. Who was connected all the time since then is to receive
        now, who comes back where missed events are sent again, then; at others it may come. `key` tells its events
        from others about the same thing where their payloads say it, and `step` orders the causes about one thing.
        """
        books = self.generator.books
        for effect, devices in self._effects():
            event, subject = effect.event.name, effect.key
            if not effect.is_certain:
                books.ledger.permit(event, devices, until=monotonic() + self.generator.deadline)
                continue
            about = {"subject": subject, "key": key if event in self.generator.keys else None}
            ordered = None if subject is None else step
            present, away, absent = _by_connection(devices, called)
            deadline = monotonic() + self.generator.deadline
            books.expect(self.name, event, present, at=at, deadline=deadline, step=ordered, **about)
            books.expect(self.name, event, away, at=at, deadline=inf, step=ordered, **about)
            books.ledger.excuse(self.name, event, absent, at=at, **about)

    def withdraw(self) -> None:
        """It was refused: nothing is expected of it any more."""
        for effect, devices in self._effects():
            self.generator.books.ledger.withdraw(self.name, effect.event.name, devices)

    def permit(self) -> None:
        """Nobody knows whether it was done: what it causes may come, at any time."""
        for effect, devices in self._effects():
            self.generator.books.ledger.permit(effect.event.name, devices, until=inf)

    def _effects(self) -> "Iterator[tuple[Effect, tuple[Device, ...]]]":
        for effect in effects(self.generator.books.events.values(), self.cause):
            rooms = effect.rooms
            yield effect, self.own if rooms is None else self.generator.rooms.of(rooms)


def _by_connection(devices: "Iterable[Device]", called: float) -> "tuple[list[Device], list[Device], list[Device]]":
    """Those that were connected all the time, those whom what they missed waits for, and the others."""
    present: list[Device] = []
    away: list[Device] = []
    absent: list[Device] = []
    for device in devices:
        since = device.since
        if since is not None and (since <= called or device.replays):
            present.append(device)
        elif device.replays:
            away.append(device)
        else:
            absent.append(device)
    return present, away, absent
