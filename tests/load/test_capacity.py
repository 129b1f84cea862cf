"""How many connections a machine can hold: what is scarcest bounds them, and what cannot be held is refused."""

from dataclasses import replace

import pytest

from eventproof.errors import UsageError
from eventproof.load.capacity import Resources, capacity, here, require_room

_GIB = 1 << 30
_LARGE = Resources(files=1 << 20, ports=28_000, memory=1024 * _GIB)
_THERE, _HERE = "https://api.example.com", "http://127.0.0.1:8080"


@pytest.mark.parametrize(
    ("resources", "url", "processes", "connections", "bound"),
    [
        (replace(_LARGE, files=20_000), _HERE, 1, 19_936, "20000 open files a process"),
        (replace(_LARGE, files=20_000), _HERE, 3, 3 * 19_936, "20000 open files a process"),
        (_LARGE, _THERE, 1, 28_000, "28000 ports on each of 1 local addresses"),
        (_LARGE, _THERE, 4, 28_000, "28000 ports on each of 1 local addresses"),
        (_LARGE, _HERE, 1, 32 * 28_000, "28000 ports on each of 32 local addresses"),
        (_LARGE, "http://localhost:1", 1, 32 * 28_000, "28000 ports on each of 32 local addresses"),
        (_LARGE, "http://[::1]:8080", 1, 28_000, "28000 ports on each of 1 local addresses"),
        (replace(_LARGE, memory=_GIB // 4), _THERE, 1, 4992, "256 MB of free memory"),
        (replace(_LARGE, memory=_GIB // 4), _HERE, 1, 2496, "256 MB of free memory, which the target shares"),
        (replace(_LARGE, memory=0), _HERE, 1, 0, "0 MB of free memory, which the target shares"),
    ],
)
def test_what_is_scarcest_bounds_them(
    resources: Resources, url: str, processes: int, connections: int, bound: str
) -> None:
    room = capacity(resources, url, processes)
    assert room.connections == connections
    assert room.bound.startswith(bound)


def test_users_that_cannot_be_held_are_refused_with_what_bounds_them() -> None:
    room = capacity(replace(_LARGE, files=1064), _THERE)
    require_room(room, 1000, 0.0)
    with pytest.raises(UsageError, match=r"1001 users need about 1001 .* hold about 1000 .*`ulimit -n`"):
        require_room(room, 1001, 0.0)


def test_who_is_on_several_devices_has_several_connections() -> None:
    room = capacity(replace(_LARGE, files=1064), _THERE)
    require_room(room, 400, 1.0)
    with pytest.raises(UsageError, match=r"500 users need about 1250 connections"):
        require_room(room, 500, 1.0)


def test_this_machine_can_hold_those_who_test_it() -> None:
    require_room(capacity(here(), _HERE), 100, 0.3)
