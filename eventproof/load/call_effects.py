"""What a call causes, entered in the ledger: its effects by the contract, at the devices that are in their rooms."""

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from eventproof.catalog import Cause, Effect, effects, of_user
from eventproof.catalog.audience import CONNECTION
from eventproof.catalog.event import OWNER
from eventproof.checks.unsaid import unsaid

from .expectation import UNORDERED
from .reading import key_of
from .rooms import Presence, Stay

if TYPE_CHECKING:
    from .device import Device
    from .generator import Generator

__all__ = ["CallEffects"]

_OWN: Final = of_user(f"{{{OWNER}}}")
"""The room of the user whom a call is about."""


@dataclass(frozen=True, slots=True)
class CallEffects:
    """One call of a swarm, under the name that tells it from all others.

    `own` are the devices of the user whom it is about: they are meant where the call does not tell their id.
    """

    generator: "Generator"
    cause: Cause
    name: str
    own: "tuple[Device, ...]" = ()
    is_of_others: bool = False
    """Whether another process made the call, and told of it."""
    sender: "Device | None" = None
    """The device on whose connection it was sent; None where it is a call."""

    def expect(
        self,
        *,
        at: float,
        called: float,
        key: Hashable = None,
        step: int | None = None,
        also: Collection[str] = (),
        is_sure: bool = True,
    ) -> Mapping[str, int]:
        """It was accepted, or is about to be: enter what it must cause, and permit what it may.

        `at` is its intended time, `called` when it was made. Who was connected, and in the room, all the time since
        then is to receive now, who comes back where missed events are sent again, then; at others it may come. `key`
        tells its events from others about the same thing where their payloads say it, and `step` orders the causes
        about one thing. `also` are the events that it must cause here, though no one can tell that from the call.
        Where it is not `is_sure` that anything has changed, all of it may come, and nothing must.
        Gives how many devices are to receive each event now, in this process.
        """
        self._tell_others("expect", {"at": at, "called": called}, key=key, step=step, also=also, is_sure=is_sure)
        due: dict[str, int] = {}
        for effect in self._effects():
            self._tell_what_is_untold(effect)
            known = self._told(effect, called)
            must_come = is_sure and (effect.is_certain or effect.event.name in also)
            if self.is_of_others and _subject(effect) is None:
                must_come = False  # where no thing tells their order, nobody knows that of two processes' calls
            certain = {device: told.stay for device, told in known.items() if told.is_certain and must_come}
            perhaps = {device: told.stay for device, told in known.items() if device not in certain}
            about = {"subject": _subject(effect), "key": self._key(effect, key)}
            self._permit(effect, perhaps, at, about)
            due[effect.event.name] = self._expect(effect, certain, at, called, about, step)
        return due

    def _key(self, effect: Effect, given: Hashable) -> Hashable:
        """What tells it from others about the same thing: where nothing is given, what the call is about."""
        if effect.event.name not in self.generator.keys:
            return None
        return key_of(effect.subject) if given is None else given

    def _expect(
        self,
        effect: Effect,
        devices: "Mapping[Device, Stay | None]",
        at: float,
        called: float,
        about: Mapping[str, Hashable],
        step: int | None,
    ) -> int:
        books, event, subject = self.generator.books, effect.event.name, about["subject"]
        stays = {device: stay for device, stay in devices.items() if stay is not None}
        is_ordered = subject is not None and effect.event.order_by is not None
        ordered = step if is_ordered else None if subject is None else UNORDERED
        present, away, absent = _by_connection(devices, called)
        deadline = monotonic() + self.generator.deadline
        more: dict[str, Any] = {"step": ordered, "late": max(called - at, 0.0), **about}
        books.expect(self.name, event, present, at=at, deadline=deadline, stays=stays, **more)
        books.expect(self.name, event, away, at=at, deadline=inf, **more)
        books.ledger.excuse(self.name, event, absent, at=at, subject=subject, key=about["key"], stays=stays)
        return len(present)

    def _permit(
        self, effect: Effect, devices: "Mapping[Device, Stay | None]", at: float, about: Mapping[str, Hashable]
    ) -> None:
        """At these it may come: where it is about something, what is about that; else any, as long as it may take."""
        ledger, event = self.generator.books.ledger, effect.event.name
        if about["subject"] is None:
            ledger.permit(event, devices, until=monotonic() + self.generator.deadline)
            return
        stays = {device: stay for device, stay in devices.items() if stay is not None}
        more: dict[str, Any] = dict(about)
        ledger.excuse(self.name, event, devices, at=at, stays=stays, is_away=False, often=not effect.is_certain, **more)

    def withdraw(self) -> None:
        """It was refused: nothing is expected of it any more."""
        self._tell_others("withdraw", {})
        for effect in self._effects():
            self.generator.books.ledger.withdraw(self.name, effect.event.name, self._meant(effect))

    def permit(self) -> None:
        """Nobody knows whether it was done: what it causes may come, at any time."""
        self._tell_others("permit", {})
        for effect in self._effects():
            self.generator.books.ledger.permit(effect.event.name, self._meant(effect), until=inf)

    def rooms(self) -> frozenset[str]:
        """Whom what it causes is for, or may be."""
        return frozenset(room for effect in self._effects() for room in effect.lawful(None).rooms)

    def subjects(self) -> Iterator[str]:
        """What it is about, as payloads name it."""
        for effect in self._effects():
            if (subject := _subject(effect)) is not None:
                yield subject

    def _tell_others(self, what: str, times: Mapping[str, float], **more: Any) -> None:
        if self.generator.relay is not None and not self.is_of_others:
            self.generator.relay.tell(self, what, times, **more)

    def _effects(self) -> Iterator[Effect]:
        yield from effects(self.generator.books.known, self.cause)

    def _told(self, effect: Effect, since: float) -> "Mapping[Device, Presence]":
        """Who is told since then, and who may be: where the call does not tell whose it is, its own devices."""
        audience, lawful = effect.audience, effect.lawful(None)
        told = dict(self.generator.rooms.told(audience.rooms, since))
        if any(room.term == _OWN for room in audience.untold):
            told |= dict.fromkeys(self.own, Presence(True, None))
        if self.sender is not None and CONNECTION in audience.rooms:
            told[self.sender] = Presence(True, None)
        for device, presence in self.generator.rooms.told(lawful.rooms - audience.rooms, since).items():
            told.setdefault(device, Presence(False, presence.stay))
        if self.sender is not None and effect.event.spares:
            told.pop(self.sender, None)
        if self.generator.books.is_of_one_channel:
            return told
        return {device: presence for device, presence in told.items() if device.hears(effect.event)}

    def _tell_what_is_untold(self, effect: Effect) -> None:
        untold = [room for room in effect.lawful(None).untold if not (self.own and room.term == _OWN)]
        if untold and not self.is_of_others:
            why = unsaid(self.cause.operation, (name for room in untold for name in room.names))
            books, until = self.generator.books, monotonic() + self.generator.patience + self.generator.deadline
            books.untold(why, (effect.event.name,), until)

    def _meant(self, effect: Effect) -> "Iterable[Device]":
        return self._told(effect, inf)


def _subject(effect: Effect) -> str | None:
    """What its payload names, as `reading` finds it there."""
    return effect.subject if effect.event.order_by is None else effect.key


def _by_connection(devices: "Iterable[Device]", called: float) -> "tuple[list[Device], list[Device], list[Device]]":
    """Those that were connected all the time, those whom what they missed waits for, and the others.

    Who came for the first time since then has missed nothing that would be sent again.
    """
    present: list[Device] = []
    away: list[Device] = []
    absent: list[Device] = []
    for device in devices:
        since = device.since
        is_new = since is not None and since > called and device.connections == 1
        if since is not None and not is_new and (since <= called or device.replays):
            present.append(device)
        elif device.replays and not is_new:
            away.append(device)
        else:
            absent.append(device)
    return present, away, absent
