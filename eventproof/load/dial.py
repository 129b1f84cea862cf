"""How connections of a swarm come about: a name is looked up, its addresses are tried, TLS begins, all in time."""

import socket
import ssl
from contextlib import suppress
from functools import cache
from time import monotonic
from typing import Any

from eventproof.client.address import Address

from .greenlets import Timeout

__all__ = ["HttpDial", "left"]


class HttpDial:
    """Connects to one server, and begins with the address that took the last connection."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._last: Any = None

    def connect(self, deadline: float) -> socket.socket:
        """A connection to the first address of the name that takes one; each has its share of the time that is left.

        Raises OSError.
        """
        places = self._places(deadline)
        failure = OSError(f"{self.address.host} has no address")
        for number, (family, kind, protocol, _, place) in enumerate(places):
            connection = socket.socket(family, kind, protocol)
            try:
                connection.settimeout(left(deadline) / (len(places) - number))
                connection.connect(place)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if self.address.tls:
                    connection.settimeout(left(deadline))
                    connection = _context().wrap_socket(connection, server_hostname=self.address.host)
            except OSError as error:
                failure = error
                with suppress(OSError):
                    connection.close()
            else:
                self._last = place
                return connection
        raise failure

    def _places(self, deadline: float) -> list[Any]:
        try:
            with Timeout(left(deadline), TimeoutError("timed out")):
                places = socket.getaddrinfo(self.address.host, self.address.port, type=socket.SOCK_STREAM)
        except UnicodeError as error:
            raise OSError(f"{self.address.host} is no name of a host") from error
        return sorted(places, key=lambda place: place[4] != self._last)


def left(deadline: float) -> float:
    """The seconds until then. Raises TimeoutError where there are none."""
    seconds = deadline - monotonic()
    if seconds <= 0:
        raise TimeoutError("timed out")
    return seconds


@cache
def _context() -> ssl.SSLContext:
    return ssl.create_default_context()
