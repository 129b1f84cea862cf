"""The state tables."""

import pytest

from reference_server.accounts.account import Session
from reference_server.delivery import connections
from reference_server.delivery.connections import Connection, State
from reference_server.reasons import Reason
from reference_server.refusals import Refusal
from reference_server.transport import engineio


def test_no_state_of_a_session_but_the_last_is_a_dead_end() -> None:
    assert set(engineio.MOVES) == set(engineio.State)
    assert [state for state in engineio.State if not engineio.MOVES[state]] == [engineio.State.CLOSED]


def test_every_connection_can_be_closed_and_none_comes_back() -> None:
    assert set(connections.MOVES) == set(State)
    assert [state for state in State if State.CLOSED not in connections.MOVES[state]] == [State.CLOSED]


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
    assert connection.state is State.OPEN


def test_what_has_gone_does_not_come_back() -> None:
    registry = connections.Connections(10)
    connection = _connection(registry)
    registry.forget(connection)
    registry.forget(connection)
    with pytest.raises(RuntimeError, match="from CLOSED to OPEN"):
        registry.open(connection)
    assert registry.sizes() == {"connections": 0, "readers": 0, "rooms": 0}


def test_of_what_was_open_it_is_told_when_it_has_gone_and_how_many_remain() -> None:
    remaining: list[int] = []
    registry = connections.Connections(10, remaining.append)
    first, second, refused = (_connection(registry) for _ in range(3))
    registry.open(first)
    registry.open(second)
    for connection in (refused, first, first, second):
        registry.forget(connection)
    assert remaining == [1, 0]
