"""The channels that are served: what each may carry, by the contracts, and how each behaves."""

from collections.abc import Iterator, Mapping

from eventproof.catalog import Channel, Direction, Event, System
from eventproof.errors import ContractError

from .manners import QUIET, Manners


class Channels:
    """By address. Systems may share one: it then carries the events of all of them."""

    def __init__(self) -> None:
        self._channels: dict[str, Channel] = {}
        self._events: dict[tuple[str, Direction, str], Event] = {}
        self._manners: dict[str, Manners] = {}
        self._sent: dict[str, Event] = {}
        self._acknowledged: dict[tuple[str, str], Event] = {}
        self._pushed: frozenset[str] = frozenset()

    def add(self, system: System, manners: Mapping[str, Manners]) -> None:
        """Serve the channels of a system; `manners` by the names of the channels in its contract.

        Raises ContractError where there is no such channel, or where another system's manners hold at its address.
        """
        for channel in system.channels:
            self._channels.setdefault(channel.address, channel)
        for event in system.events:
            for channel in event.channels:
                self._events[channel.address, event.direction, event.name] = event
                if event.direction is Direction.SEND and event.ack is not None:
                    self._acknowledged[channel.address, event.ack.by] = event
            if event.direction is Direction.SEND:
                self._sent.setdefault(event.name, event)
        by_name = {channel.name: channel for channel in system.channels}
        for name, of_channel in manners.items():
            if name not in by_name or by_name[name].address in self._manners:
                raise ContractError(f"{system.name}: there is no channel {name!r} whose manners are free")
            self._manners[by_name[name].address] = of_channel
            self._pushed |= of_channel.pushes

    def manners(self, address: str) -> Manners:
        """How the channel at this address behaves."""
        return self._manners.get(address, QUIET)

    def listens(self, address: str) -> bool:
        """Whether the channel at this address takes events from clients, and complains of what is wrong with them."""
        return self.manners(address).complains is not None

    def carries(self, address: str, name: str) -> bool:
        """Whether the server may send this event there."""
        return (address, Direction.SEND, name) in self._events

    def heard(self, address: str, name: str) -> Event | None:
        """The event of this name that a client may send there, or None."""
        return self._events.get((address, Direction.RECEIVE, name))

    def acknowledged_by(self, address: str, name: str) -> Event | None:
        """The event that one of this name from a client acknowledges there, or None."""
        return self._acknowledged.get((address, name))

    def sent(self, name: str) -> Event | None:
        """The event of this name that the server sends, or None."""
        return self._sent.get(name)

    def pushes(self, name: str) -> bool:
        """Whether this event goes to the push outbox while its user is not connected."""
        return name in self._pushed

    def __iter__(self) -> Iterator[Channel]:
        return iter(self._channels.values())
