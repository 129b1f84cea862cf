"""The channels that are served: what each may carry, by the contracts, and how the systems on it use it.

Systems may share an address, as several do the namespace `/`: it then carries the events of all of them, and each event
from a client belongs to the one system that takes its name there.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from eventproof.catalog import Channel, Direction, Event, System
from eventproof.errors import ContractError

from .options import ChannelOptions


@dataclass(frozen=True, slots=True)
class SystemOnChannel:
    """One system on one channel."""

    system: str
    channel: Channel
    options: ChannelOptions


class Channels:
    """By address, with the systems on each in the order in which they are served."""

    def __init__(self) -> None:
        self._at: dict[str, list[SystemOnChannel]] = {}
        self._carrying: dict[tuple[str, str], set[str]] = {}
        self._sent: dict[tuple[str, str], Event] = {}
        self._taken: dict[tuple[str, str], Event] = {}
        self._acknowledged: dict[tuple[str, str], Event] = {}
        self._pushed: set[tuple[str, str]] = set()
        self._keeping: set[str] = set()
        self._listening: dict[str, list[SystemOnChannel]] = {}

    def add(self, system: System, options: Mapping[str, ChannelOptions]) -> None:
        """Serve the channels of a system; `options` by the names of the channels in its contract.

        Raises ContractError where there is no such channel, where what is at its address already is of another kind,
        and where another system takes an event of the same name there.
        """
        unknown = options.keys() - {channel.name for channel in system.channels}
        if unknown:
            raise ContractError(f"{system.name}: there is no channel {min(unknown)!r} that could have options")
        for channel in system.channels:
            here = self._at.setdefault(channel.address, [])
            for other in here:
                if (channel.wire, channel.name_at) != (other.channel.wire, other.channel.name_at):
                    raise ContractError(
                        f"{system.name} and {other.system} differ in how {channel.address} is spoken: "
                        "give one of the channels another address"
                    )
            served = SystemOnChannel(system.name, channel, options.get(channel.name, ChannelOptions()))
            here.append(served)
            self._pushed |= {(system.name, name) for name in served.options.pushes}
            if served.options.keeps:
                self._keeping.add(system.name)
            if any(event.direction is Direction.RECEIVE and channel in event.channels for event in system.events):
                self._listening.setdefault(channel.address, []).append(served)
        for event in system.events:
            for channel in event.channels:
                self._add_event(channel.address, event)

    def _add_event(self, address: str, event: Event) -> None:
        if event.direction is Direction.SEND:
            self._carrying.setdefault((event.system, event.name), set()).add(address)
            self._sent[event.system, event.name] = event
            if event.ack is not None:
                self._acknowledged[address, event.ack.by] = event
            return
        other = self._taken.setdefault((address, event.name), event)
        if other.system != event.system:
            raise ContractError(
                f"{other.system} and {event.system} both take the event {event.name!r} on {address}: "
                "name it otherwise in one of them, or serve them apart (--systems)"
            )

    def at(self, address: str) -> Sequence[SystemOnChannel]:
        """The systems on the channel at this address."""
        return self._at.get(address, ())

    def listening(self, address: str) -> Sequence[SystemOnChannel]:
        """The systems there whose contracts let clients send anything."""
        return self._listening.get(address, ())

    def carries(self, address: str, system: str, name: str) -> bool:
        """Whether the server may send this event of this system there."""
        return address in self.carrying(system, name)

    def carrying(self, system: str, name: str) -> Collection[str]:
        """The addresses of the channels on which the server may send this event of this system."""
        return self._carrying.get((system, name), ())

    def taken(self, address: str, name: str) -> Event | None:
        """The event of this name that a client may send there, or None."""
        return self._taken.get((address, name))

    def acknowledged_by(self, address: str, name: str) -> Event | None:
        """The event that one of this name from a client acknowledges there, or None."""
        return self._acknowledged.get((address, name))

    def sent(self, system: str, name: str) -> Event | None:
        """The event of this name that the system sends, or None."""
        return self._sent.get((system, name))

    def pushes(self, system: str, name: str) -> bool:
        """Whether this event goes to the push outbox while its user is not connected."""
        return (system, name) in self._pushed

    def keeps(self, system: str) -> bool:
        """Whether what the system has sent is kept for those who come back."""
        return system in self._keeping

    def code(self, address: str, code: str) -> str:
        """What a refusal of ours is called there."""
        return next((served.options.codes[code] for served in self.at(address) if code in served.options.codes), code)

    def __iter__(self) -> Iterator[Channel]:
        return (here[0].channel for here in self._at.values())
