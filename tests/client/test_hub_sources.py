import socket

import pytest

from eventproof.client.sources import Sources


def _bound(sources: Sources) -> str:
    with socket.socket() as one:
        sources.bind(one)
        address: str = one.getsockname()[0]
        return address


def test_towards_loopback_a_further_address_is_taken_when_ports_run_out() -> None:
    sources = Sources((), "127.0.0.1")
    assert _bound(sources) == "0.0.0.0", "at first it is the system's choice"
    assert sources.further()
    assert _bound(sources) == "127.0.0.2"
    assert sources.further()
    assert _bound(sources) == "127.0.0.3"


def test_the_further_addresses_have_an_end() -> None:
    sources = Sources((), "127.0.0.1")
    assert sum(sources.further() for _ in range(100)) == 31


def test_given_addresses_are_taken_in_turn_and_are_all_there_are() -> None:
    sources = Sources(("127.0.0.5", "127.0.0.6"), "127.0.0.1")
    assert [_bound(sources) for _ in range(3)] == ["127.0.0.5", "127.0.0.6", "127.0.0.5"]
    assert not sources.further()


@pytest.mark.parametrize("destination", ["10.0.0.1", "::1"])
def test_elsewhere_no_address_is_made_up(destination: str) -> None:
    assert not Sources((), destination).further()
