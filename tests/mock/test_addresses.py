"""Which channel a request is for, and whose pages may ask."""

import pytest

from eventproof.catalog import Channel, Wire
from eventproof.mock.addresses import Addresses, Found
from eventproof.mock.origins import Origins, is_loopback

PLANS = Channel("plans", Wire.SSE, "/plans")
PLAN = Channel("plan", Wire.SSE, "/plans/{planId}")
NEWEST = Channel("newest", Wire.SSE, "/plans/newest")
TOPIC = Channel("topic", Wire.SSE, "/hub?topic=books%2F{id}")
SOCKET = Channel("socket", Wire.WEBSOCKET, "/plans")
SPACE = Channel("space", Wire.SOCKET_IO, "/space")
KNOWN = Addresses([PLAN, NEWEST, PLANS, TOPIC, SOCKET, SPACE])


def test_a_channel_is_found_by_its_wire_and_its_path() -> None:
    assert KNOWN.find(Wire.SSE, "/plans", {"token": "x"}) == Found(PLANS, {})
    assert KNOWN.find(Wire.WEBSOCKET, "/plans", {}) == Found(SOCKET, {})
    assert KNOWN.find(Wire.SSE, "/plans/a b", {}) == Found(PLAN, {"planId": "a b"})
    assert KNOWN.find(Wire.SSE, "/plans/newest", {}) == Found(NEWEST, {})
    assert KNOWN.find(Wire.SSE, "/hub", {"topic": "books/7"}) == Found(TOPIC, {"id": "7"})


@pytest.mark.parametrize("path", ["/plans/a/b", "/plans/", "/space", "/", "/plans/" + "x" * 2000])
def test_what_is_no_channel_is_not_found(path: str) -> None:
    assert KNOWN.find(Wire.SSE, path, {}) is None


def test_a_topic_is_a_part_of_the_address() -> None:
    assert KNOWN.find(Wire.SSE, "/hub", {}) is None
    assert KNOWN.find(Wire.SSE, "/hub", {"topic": "films/7"}) is None


def test_a_parameter_has_one_value() -> None:
    twice = Addresses([Channel("twice", Wire.SSE, "/{id}/of/{id}")])
    assert twice.find(Wire.SSE, "/1/of/1", {}) is not None
    assert twice.find(Wire.SSE, "/1/of/2", {}) is None


@pytest.mark.parametrize(
    ("origin", "is_allowed"),
    [
        (None, True),
        ("http://localhost:5173", True),
        ("http://127.0.0.1:3000", True),
        ("http://[::1]:3000", True),
        ("http://app.test", True),
        ("http://app.test:81", False),
        ("http://localhost.evil.test", False),
        ("https://evil.test", False),
        ("null", False),
        ("http://[", False),
    ],
)
def test_pages_of_this_machine_may_connect_and_those_that_are_named(origin: str | None, is_allowed: bool) -> None:
    assert Origins(["http://app.test/"]).allows(origin) is is_allowed


def test_loopback_is_this_machine_alone() -> None:
    assert [host for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "::", "") if is_loopback(host)] == [
        "127.0.0.1",
        "::1",
        "localhost",
    ]
