"""TLS without I/O, for streams on gevent's hub: bytes of the network in and out, bytes of the caller in and out."""

import ssl
from functools import cache

__all__ = ["Tls"]


@cache
def _context() -> ssl.SSLContext:
    return ssl.create_default_context()


class Tls:
    """The client's side of one TLS connection to `host`, whose certificate is verified. Raises ssl.SSLError."""

    __slots__ = ("_established", "_incoming", "_outgoing", "_tls", "_unsent")

    def __init__(self, host: str, context: ssl.SSLContext | None = None) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = (context or _context()).wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._established = False
        self._unsent = b""

    def send(self, data: bytes) -> bytes:
        """What must go to the network now, for these bytes and for all that went before."""
        self._unsent += data
        self._advance()
        return self._outgoing.read()

    def receive(self, data: bytes) -> bytes:
        """What came through with these bytes of the network; TLS may want to answer, so `send` afterwards."""
        self._incoming.write(data)
        self._advance()
        received = bytearray()
        while self._established:
            try:
                chunk = self._tls.read(64 * 1024)
            except (ssl.SSLWantReadError, ssl.SSLZeroReturnError):
                break
            if not chunk:
                break
            received += chunk
        return bytes(received)

    def _advance(self) -> None:
        try:
            if not self._established:
                self._tls.do_handshake()
                self._established = True
            if self._unsent:
                self._tls.write(self._unsent)
                self._unsent = b""
        except ssl.SSLWantReadError:
            return
