"""Somebody of the target as whom a swarm acts: one identity with its session, its devices, and the calls it makes."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING, Any

from eventproof import actions
from eventproof.catalog import Cause, Event, rooms_of
from eventproof.client.hub_connection import Closure
from eventproof.errors import ContractViolation, EventproofError, TargetUnavailable
from eventproof.target import Emission, Identity

from .acknowledging import Acknowledging
from .call_effects import CallEffects
from .calls import CallAnswer, said
from .device import Device
from .expectation import UNORDERED
from .judgement import Match

if TYPE_CHECKING:
    from .generator import Generator

__all__ = ["Actor"]

_UNAUTHORIZED = 401


class Actor:
    """Comes in with the profile's token or by login, on so many devices, each of which comes back when it is cut off.

    A swarm says by a class of its own what is particular to its users; what is written here is so for most.
    """

    acknowledging = Acknowledging.PROMPT
    """How it acknowledges."""
    late_by = 0.0
    """Seconds between an event and its late acknowledgement."""
    returns = True
    """Whether a device comes back by itself; else it is that of one connection, and `ended` tells of its end."""
    first_pause, longest_pause = 1.0, 5.0
    """The seconds before the first attempt to come back and, as they double, the most: those of Socket.IO's client."""
    replays = False
    """Whether what was missed without a connection is due on the return."""
    will_read_nothing = False
    """Whether it is to stall: the way to it holds little, so that the target soon has to wait."""
    is_deaf = False
    """Whether it reads nothing of what it is sent: then nothing is due to it."""
    has_acted = True
    """Whether anything that arrives can have been caused by this run."""
    knows_repeats = True
    """Whether the same payload about no known thing is the same event again."""

    def __init__(
        self, generator: "Generator", identity: Identity, devices: int = 1, channels: Iterable[str] = ()
    ) -> None:
        """`devices` are those on the main channel; of each further one of `channels`, it has one."""
        self.generator = generator
        self.identity = identity
        self.token = identity.token
        self.has_left = False
        self.is_entering = True
        self.devices: tuple[Device, ...] = (
            *(Device(self, number + 1) for number in range(devices)),
            *(Device(self, 1, channel) for channel in channels),
        )
        self._why: object = ""
        """What a login that failed was answered with."""
        self.join()

    def __str__(self) -> str:
        return self.identity.name

    @property
    def role(self) -> str:
        """That of the identity."""
        return self.identity.role

    @property
    def rooms(self) -> frozenset[str]:
        """Those that its devices are in from the beginning."""
        return rooms_of(self.identity.id, self.identity.role)

    @property
    def is_connecting(self) -> bool:
        """Whether it is not known yet what comes of a device."""
        return self.is_entering or any(device.is_connecting for device in self.devices)

    @property
    def is_ready(self) -> bool:
        """Whether an action may be aimed here: nothing is, at somebody who only watches."""
        return False

    def device_on(self, address: str) -> Device | None:
        """One that is connected to the channel known under this address; None where none is."""
        channels = self.generator.channels
        return next((one for one in self.devices if one.is_open and channels[one.channel].known_as == address), None)

    def join(self) -> None:
        """Be in one's rooms, with every device: but for those that its connections must ask for."""
        asked = self.generator.requests.opened(self.role)
        for device in () if self.is_deaf else self.devices:
            self.generator.rooms.join(device, self.rooms - asked)

    def stall(self) -> None:
        """Be one who reads nothing, from the first connection on; before there is any."""
        self.will_read_nothing = True
        self.deafen()

    def deafen(self) -> None:
        """Read nothing once connected; what is read before that may come, and none of it is due."""
        self.is_deaf = True
        for device in self.devices:
            self.generator.rooms.leave(device)
        for event in self.generator.books.known:
            self.generator.books.ledger.permit(event.name, self.devices, until=inf)

    def enter(self) -> None:
        """Come in: with a new token where the profile gives none, or where only a login tells the id."""
        if self.generator.target.is_sessionless:
            self.open()
        elif self.token is None or (self.identity.id is None and self.identity.password is not None):
            self.generator.spawn(self._enter_by_login)
        else:
            self.open()

    def open(self) -> None:
        """Connect every device."""
        self.is_entering = False
        for device in self.devices:
            device.open()

    def leave(self) -> None:
        """Close the app on every device, for good."""
        self.has_left = True
        for device in self.devices:
            self.generator.rooms.leave(device)
            device.leave()

    def prepare(self) -> None:
        """Learn what an action must know; may wait for answers."""

    def renew(self) -> bool:
        """Get a new token; whether there is one. Waits for the answer."""
        login = self.generator.calls.log_in(self.identity)
        if login.token is None:
            self._why = login.answer
            return False
        self.token = login.token
        if login.id is not None:
            self.identity = replace(self.identity, id=login.id)
            self.join()
        return True

    def perform(self, operation: str, parameters: Mapping[str, Any]) -> CallAnswer:
        """Make a call as this user; with a new token where the old one is refused."""
        answer = self._perform(operation, parameters)
        if answer.status == _UNAUTHORIZED and self.renew():
            answer = self._perform(operation, parameters)
        return answer

    def attempt(self, operation: str, parameters: Mapping[str, Any]) -> CallAnswer:
        """Make a call of which nobody asks afterwards: without an answer that tells, what it causes may come."""
        answer = self.perform(operation, parameters)
        if answer.was_made and not (answer.done or 400 <= answer.status < 500):
            self.generator.nobody_knows(operation)
        return answer

    def must(self, operation: str, parameters: Mapping[str, Any]) -> CallAnswer:
        """Make a call that has to be done. Raises TargetUnavailable or ContractViolation where it was not."""
        answer = self.attempt(operation, parameters)
        if answer.status == 0:
            raise TargetUnavailable(str(answer))
        if not answer.done:
            raise ContractViolation(f"{operation} was answered with {answer}")
        return answer

    def caused(self, operation: str, asked: Mapping[str, Any], says: Mapping[str, Any], number: int) -> CallEffects:
        """What a call of this user causes, made with `asked` alone: beside it counts what its answer `says`."""
        cause = Cause(operation, asked, self.identity.id, says)
        return CallEffects(self.generator, cause, f"{operation} {number}", self.devices)

    def call(self, operation: str, parameters: Mapping[str, Any], name: str, **says: Any) -> CallEffects:
        """What a call of this user, or an admin's about them, causes; `says` is what its answer says."""
        known = {**actions.credentials_of(self.identity), **parameters}
        return CallEffects(self.generator, Cause(operation, known, self.identity.id, says), name, self.devices)

    # What the devices tell.

    def owes(self, what: Hashable, *, at: float) -> bool:
        """Whether the target need not know yet that this one acknowledged `what`, on any device."""
        return all(self.generator.acks.is_owed(device, what, at=at) for device in self.devices)

    def connected(self, device: Device) -> None:
        """A device is connected."""
        self.generator.connected.add(self.identity)
        if self.is_deaf:
            device.stall()

    def asked(self, device: Device, event: Event, argument: Any, at: float, answer: CallAnswer) -> None:
        """A device asked then to be in a room, or out of it, and that was answered: what it causes is entered."""
        action = self.generator.target.operations.get(event.name)
        if not isinstance(action, Emission):
            return
        if answer.done:
            given = event.fields(argument) or dict.fromkeys(
                self.generator.system.operation(event.name).parameters, argument
            )
            cause = Cause(event.name, given, self.identity.id, said(action, answer))
            name = f"{event.name} of {device} at {at:.6f}"
            CallEffects(self.generator, cause, name, self.devices, sender=device).expect(
                at=at, called=at, step=UNORDERED
            )
        elif not answer.status:
            self.generator.nobody_knows(event.name)

    def received(self, device: Device, event: str, payload: Any, match: Match) -> None:
        """A receipt was judged."""

    def met(self, device: Device, subject: Hashable) -> None:
        """A device received something about a subject that nobody told it of."""

    def ended(self, device: Device, how: Closure, at: float, *, was_open: bool) -> None:
        """A device that does not come back lost its connection, and not because we closed it."""

    def _perform(self, operation: str, parameters: Mapping[str, Any]) -> CallAnswer:
        calls = self.generator.calls
        token = calls.token_for(operation, self.token, self.generator.admin_token)
        return calls.perform(operation, {**actions.credentials_of(self.identity), **parameters}, token)

    def _enter_by_login(self) -> None:
        books = self.generator.books
        try:
            if not self.renew():
                books.count("unopened", len(self.devices))
                books.note(f"somebody could not log in: {self._why}")
        except EventproofError as error:
            books.note(str(error))
        if self.token is None:
            self.is_entering = False
        else:
            self.open()
