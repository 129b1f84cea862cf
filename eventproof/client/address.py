"""Where a server is, from its URL, and what a failed attempt to reach it means."""

import re
import ssl
from dataclasses import dataclass
from errno import ECONNREFUSED
from urllib.parse import urlsplit

from eventproof.errors import TargetUnavailable, UsageError

__all__ = ["Address", "unreachable"]

_REFUSED_BY_ALL = re.compile(rf"Multiple exceptions: (?:\[Errno {ECONNREFUSED}\][^\[]*)+$")
"""What asyncio says where every address of a name refuses."""
_SCHEMES = {"http": ("http", 80), "ws": ("http", 80), "https": ("https", 443), "wss": ("https", 443)}


@dataclass(frozen=True, slots=True)
class Address:
    """One server: its `origin` is what people read, `prefix` the path under which everything lies."""

    scheme: str
    host: str
    port: int
    prefix: str = ""

    @classmethod
    def parse(cls, base_url: str) -> "Address":
        """Read `http(s)://host[:port][/prefix]` (or `ws(s)://`); raises UsageError."""
        try:
            parts = urlsplit(base_url)
            scheme, default_port = _SCHEMES[parts.scheme.lower()]
            port = default_port if parts.port is None else parts.port
        except (KeyError, ValueError):
            raise UsageError(f"{base_url!r} is no URL of a server; write it like http://127.0.0.1:8000.") from None
        if not parts.hostname:
            raise UsageError(f"{base_url!r} names no host; write it like http://127.0.0.1:8000.")
        return cls(scheme, parts.hostname, port, parts.path.rstrip("/"))

    @property
    def origin(self) -> str:
        """The server without a path."""
        return f"{self.scheme}://{self.authority}"

    @property
    def authority(self) -> str:
        """What the `Host` header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        default = {"http": 80, "https": 443}[self.scheme]
        return host if self.port == default else f"{host}:{self.port}"

    @property
    def tls(self) -> bool:
        """Whether connections are encrypted."""
        return self.scheme == "https"

    def target(self, path: str) -> str:
        """The request target of a path on this server."""
        return self.prefix + (path if path.startswith("/") else f"/{path}")

    def asked(self, path: str, query: str) -> str:
        """The same with a query, behind the one that the path may have."""
        return f"{self.target(path)}{'&' if '?' in path else '?'}{query}"


def unreachable(address: Address, error: Exception) -> TargetUnavailable:
    """What a failed attempt to connect means, in a sentence with what to do."""
    match error:
        case ssl.SSLCertVerificationError():
            why = f"its certificate is not trusted ({error.verify_message})"
        case ssl.SSLError():
            why = f"TLS failed ({error.reason or error}); is the scheme right?"
        case OSError() if isinstance(error, ConnectionRefusedError) or _REFUSED_BY_ALL.match(str(error)):
            why = "nothing listens there; start the server or correct the URL"
        case TimeoutError():
            why = "it did not answer in time"
        case OSError():
            why = error.strerror or str(error)
        case _:
            why = str(error) or type(error).__name__
    return TargetUnavailable(f"{address.origin} cannot be reached: {why}.")
