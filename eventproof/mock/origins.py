"""Whose pages may use a mock from a browser: those of this machine, and those that are named. Pure."""

from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

__all__ = ["Origins", "is_loopback"]


def is_loopback(host: str) -> bool:
    """Whether this name or address means this machine alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost" or host.lower().endswith(".localhost")


class Origins:
    """The rule; `named` are origins such as `http://app.test:5173` that may connect beside those of this machine."""

    def __init__(self, named: Iterable[str]) -> None:
        self._named = frozenset(origin.rstrip("/") for origin in named)

    def allows(self, origin: str | None) -> bool:
        """Whether a page of this origin may connect; whoever tells none is no page."""
        if origin is None or origin in self._named:
            return True
        try:
            host = urlsplit(origin).hostname
        except ValueError:
            return False
        return host is not None and is_loopback(host)
