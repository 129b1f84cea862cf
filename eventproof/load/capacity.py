"""How many connections this machine can hold for a swarm: by open files, by ports, by memory. Pure but for `here`.

Each connection is an open file of its process and, towards one server, a port of a local address; towards loopback
there are further addresses (127.0.0.2 and on), which the clients take when the ports of the last one are used up.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address
from math import ceil
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from eventproof import open_files
from eventproof.client.sources import LOOPBACK
from eventproof.errors import UsageError
from eventproof.target import is_loopback

__all__ = ["Capacity", "Resources", "capacity", "here", "require_room"]

_PORTS: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")
_MEMORY: Final = Path("/proc/meminfo")
_LIMITS: Final = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
_USED: Final = (Path("/sys/fs/cgroup/memory.current"), Path("/sys/fs/cgroup/memory/memory.usage_in_bytes"))
_USUAL_PORTS: Final = 28_232
_UNLIMITED: Final = 1 << 40
_OWN_FILES: Final = 64
"""Files of a process that are no connections of users: calls, logs, what Locust has open."""
_OWN_BYTES: Final = 100 * 1024 * 1024
"""What a process takes before anybody comes."""
_BYTES: Final = 32 * 1024
"""What a connection may take: its user, its books, and the system's own buffers."""
_DEVICES: Final = 1.5
"""How many connections more somebody has who is on two or three devices."""


@dataclass(frozen=True, slots=True)
class Resources:
    """What one machine has to give."""

    files: int
    """How many files one process may have open."""
    ports: int
    """How many connections to one server one local address has ports for."""
    memory: int
    """Bytes that are free to be used."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """How many connections can be held, and what bounds them."""

    connections: int
    bound: str

    def __str__(self) -> str:
        return f"this machine can hold about {self.connections} connections ({self.bound})"


def capacity(resources: Resources, base_url: str, processes: int = 1) -> Capacity:
    """How many connections to a server so many processes can hold together; the scarcest thing bounds them.

    A server on loopback takes its memory from the same machine: as much as the clients, at least.
    """
    is_local = is_loopback(base_url)
    addresses = LOOPBACK if is_local and _is_ipv4(base_url) else 1
    free = resources.memory - processes * _OWN_BYTES
    bounds: Mapping[str, int] = {
        f"{resources.files} open files a process: `ulimit -n`": (resources.files - _OWN_FILES) * processes,
        f"{resources.ports} ports on each of {addresses} local addresses": resources.ports * addresses,
        f"{resources.memory >> 20} MB of free memory{', which the target shares' if is_local else ''}": free
        // (_BYTES * (2 if is_local else 1)),
    }
    bound = min(bounds, key=lambda name: bounds[name])
    return Capacity(max(bounds[bound], 0), bound)


def require_room(room: Capacity, users: int, multi_device: float) -> None:
    """Raise UsageError where so many users, a share of them on several devices, are more than can be held."""
    needed = ceil(users * (1 + multi_device * _DEVICES))
    if needed > room.connections:
        raise UsageError(
            f"{users} users need about {needed} connections, and {room}: start fewer users, raise what bounds them, or "
            "let several machines take part (`locust --master` and `--worker`)"
        )


def here() -> Resources:
    """This machine, as far as it tells; what it does not tell bounds nothing."""
    files = open_files.most()
    return Resources(
        files=_UNLIMITED if files is None else files,
        ports=_ports(_text(_PORTS)),
        memory=min(_free(_text(_MEMORY)), _left(_LIMITS, _USED)),
    )


def _is_ipv4(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    with suppress(ValueError):
        return isinstance(ip_address(host), IPv4Address)
    return True


def _ports(told: str) -> int:
    """How many ports there are for what connects from here, by what the system tells of it."""
    with suppress(ValueError):
        first, last = map(int, told.split())
        return last - first + 1
    return _USUAL_PORTS


def _free(told: str) -> int:
    """The bytes that /proc/meminfo calls available."""
    for line in told.splitlines():
        name, _, rest = line.partition(":")
        if name == "MemAvailable":
            with suppress(ValueError, LookupError):
                return int(rest.split()[0]) * 1024
    return _UNLIMITED


def _left(limits: tuple[Path, ...], used: tuple[Path, ...]) -> int:
    """What a container may use beyond what it uses."""
    for limit, use in zip(limits, used, strict=True):
        with suppress(ValueError):
            return max(int(_text(limit)) - int(_text(use)), 0)
    return _UNLIMITED


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii")
    except (OSError, UnicodeDecodeError):
        return ""
