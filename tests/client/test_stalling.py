"""Who reads nothing on the hub: how much a server may send them before it has to wait."""

import threading

import pytest

from eventproof.client.hub import Hub
from tests.client.hub_peer import TIMEOUT, Heard, Peer, peer_of, with_hub

_A_LITTLE = 128 * 1024
_CHUNK = b"\x00" * 1024


@pytest.mark.parametrize("is_narrow", [True, False])
def test_a_server_soon_waits_for_one_who_is_to_read_nothing(*, is_narrow: bool) -> None:
    stalls, waits, taken = threading.Event(), threading.Event(), list[int]()

    def script(peer: Peer) -> None:
        peer.open()
        stalls.wait(TIMEOUT)
        peer.connection.setblocking(False)
        sent = 0
        try:
            while sent <= _A_LITTLE:
                sent += peer.connection.send(_CHUNK)
        except BlockingIOError:
            pass
        taken.append(sent)
        waits.set()

    def work(hub: Hub, heard: Heard) -> None:
        connection = hub.open(heard)
        if is_narrow:
            connection.narrow()
        assert heard.next()[0] == "opened"
        connection.stall()
        stalls.set()
        assert waits.wait(TIMEOUT)

    with peer_of(script) as peer:
        with_hub(peer.url, work)
    assert (taken[0] < _A_LITTLE) is is_narrow
