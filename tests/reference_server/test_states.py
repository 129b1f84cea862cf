"""The state tables."""

import pytest

from reference_server.accounts.account import Session
from reference_server.delivery import connections
from reference_server.delivery.connections import Connection, ConnectionState
from reference_server.reasons import Reason
from reference_server.refusals import Refusal
from reference_server.transport import engineio


def test_no_state_of_a_session_but_the_last_is_a_dead_end() -> None:
    assert set(engineio.MOVES) == set(engineio.SessionState)
    assert [state for state in engineio.SessionState if not engineio.MOVES[state]] == [engineio.SessionState.CLOSED]


def test_every_connection_can_be_closed_and_none_comes_back() -> None:
    assert set(connections.MOVES) == set(ConnectionState)
    final = [state for state, moves in connections.MOVES.items() if ConnectionState.CLOSED not in moves]
    assert final == [ConnectionState.CLOSED]


class _Nowhere:
    transport = "websocket"

    def send(self, emission: object) -> None: ...

    def close(self, reason: Reason) -> None: ...


def _connection(registry: connections.Connections) -> Connection:
    return registry.enrol(Session("usr_1", "token", 0, 0.0), "/", _Nowhere())


def test_a_condemned_connection_never_opens() -> None:
    registry = connections.Connections(10)
    connection = _connection(registry)
    registry.condemn(connection, Reason.ACCOUNT_BANNED)
    with pytest.raises(Refusal) as refused:
        registry.open(connection)
    assert refused.value.code == "account_banned"


def test_an_open_connection_is_not_condemned_but_closed() -> None:
    registry = connections.Connections(10)
    connection = _connection(registry)
    registry.open(connection)
    registry.condemn(connection, Reason.ACCOUNT_BANNED)
    assert connection.state is ConnectionState.OPEN


def test_a_room_is_joined_once_and_left_for_good_and_those_in_an_outer_one_are_found_once() -> None:
    registry = connections.Connections(3)
    connection = _connection(registry)
    registry.join(connection, "plans")
    assert registry.hearing("plans") == [], "not before it is open"
    registry.open(connection, ["plans"])
    registry.join(connection, "plans/1")
    registry.join(connection, "plans/1")
    assert registry.hearing("plans/1") == [connection]
    with pytest.raises(Refusal, match="A connection may be in 3 rooms"):
        registry.join(connection, "plans/2")
    for room in ("plans/1", "plans", "plans"):
        registry.leave(connection, room)
    assert registry.hearing("plans/1") == []
    registry.forget(connection)
    registry.join(connection, "plans")
    registry.leave(connection, "plans")
    assert registry.sizes()["rooms"] == 0


def test_what_has_gone_does_not_come_back() -> None:
    registry = connections.Connections(10)
    connection = _connection(registry)
    registry.forget(connection)
    registry.forget(connection)
    with pytest.raises(RuntimeError, match="from CLOSED to OPEN"):
        registry.open(connection)
    assert registry.sizes() == {"connections": 0, "readers": 0, "rooms": 0}
