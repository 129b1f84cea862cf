"""The local addresses that many connections go out from: each has its own 28,000 ports towards one server."""

from _socket import IPPROTO_IP
from _socket import socket as Socket  # noqa: N812 - a class, whatever C calls it
from collections.abc import Sequence
from ipaddress import IPv4Address, ip_address

__all__ = ["LOOPBACK", "Sources"]

_IP_BIND_ADDRESS_NO_PORT = 24
"""Linux: the port is chosen at connect, where the address pair must be new, not the port alone."""
LOOPBACK = 32
"""So many addresses of loopback are used, beginning with 127.0.0.1."""


class Sources:
    """Takes the given addresses in turn. With none given it is the system's choice; towards IPv4 loopback, further
    addresses of it are taken when the ports of the last are used up.
    """

    def __init__(self, given: Sequence[str], destination: str) -> None:
        address = ip_address(destination)
        self._given = tuple(given)
        self._has_further = not given and isinstance(address, IPv4Address) and address.is_loopback
        self._last = 1
        self._turn = 0

    def bind(self, socket: Socket) -> None:
        """Bind a socket to the next address, where it matters."""
        if self._given:
            address = self._given[self._turn % len(self._given)]
            self._turn += 1
        elif self._last > 1:
            address = f"127.0.0.{self._last}"
        else:
            return
        socket.setsockopt(IPPROTO_IP, _IP_BIND_ADDRESS_NO_PORT, 1)
        socket.bind((address, 0))

    def further(self) -> bool:
        """The ports of the last address are used up: whether there is another address to try."""
        if not self._has_further or self._last >= LOOPBACK:
            return False
        self._last += 1
        return True
