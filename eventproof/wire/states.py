"""The states of a client's session and of each of its namespaces: all moves, in four tables.

A packet that its table does not have for the state is illegal. `diagram` draws the documentation from the tables.
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import TypeVar

from . import engineio, socketio

__all__ = [
    "NAMESPACE_RECEIVES",
    "NAMESPACE_SENDS",
    "SESSION_RECEIVES",
    "SESSION_SENDS",
    "NamespaceState",
    "SessionState",
    "diagram",
    "legal",
]


class SessionState(IntEnum):
    """Where an Engine.IO session is."""

    OPENING = 0
    OPEN = 1
    PROBING = 2
    """A probe was sent on the new transport; the old one still serves."""
    PROBED = 3
    """The new transport answered; the old one is being emptied."""
    CLOSING = 4
    """We said close; what was on its way may still come."""
    CLOSED = 5


class NamespaceState(IntEnum):
    """Where a namespace of the session is."""

    ABSENT = 0
    CONNECTING = 1
    CONNECTED = 2
    LEAVING = 3
    """We said DISCONNECT; what was on its way may still come, and no answer is due."""
    REJOINING = 4
    """We said CONNECT after a DISCONNECT of ours; what was on its way may still come."""
    RECOVERING = 5
    """We said CONNECT with what we remember of an earlier session; what was missed comes before the answer."""


_E, _S = engineio.PacketType, socketio.PacketType
_Session, _Namespace = SessionState, NamespaceState

_IN_USE = (_Session.OPEN, _Session.PROBING, _Session.PROBED)
_ASKING = (_Namespace.CONNECTING, _Namespace.REJOINING, _Namespace.RECOVERING)
_TRAFFIC = (_S.EVENT, _S.ACK, _S.BINARY_EVENT, _S.BINARY_ACK)

SESSION_RECEIVES: Mapping[tuple[SessionState, engineio.PacketType], SessionState] = {
    (_Session.OPENING, _E.OPEN): _Session.OPEN,
    **{(state, packet): state for state in (*_IN_USE, _Session.CLOSING) for packet in (_E.PING, _E.MESSAGE, _E.NOOP)},
    **{(state, _E.CLOSE): _Session.CLOSED for state in (*_IN_USE, _Session.CLOSING)},
    (_Session.PROBING, _E.PONG): _Session.PROBED,
}

SESSION_SENDS: Mapping[tuple[SessionState, engineio.PacketType], SessionState] = {
    **{(state, packet): state for state in _IN_USE for packet in (_E.PONG, _E.MESSAGE)},
    **{(state, _E.CLOSE): _Session.CLOSING for state in _IN_USE},
    (_Session.OPEN, _E.PING): _Session.PROBING,
    (_Session.PROBED, _E.UPGRADE): _Session.OPEN,
}

NAMESPACE_RECEIVES: Mapping[tuple[NamespaceState, socketio.PacketType], NamespaceState] = {
    **{
        (state, packet): state
        for state in (_Namespace.CONNECTED, _Namespace.LEAVING, _Namespace.REJOINING)
        for packet in _TRAFFIC
    },
    **{(_Namespace.RECOVERING, packet): _Namespace.RECOVERING for packet in (_S.EVENT, _S.BINARY_EVENT)},
    **{(state, _S.CONNECT): _Namespace.CONNECTED for state in _ASKING},
    **{(state, _S.CONNECT_ERROR): _Namespace.ABSENT for state in _ASKING},
    **{
        (state, _S.DISCONNECT): _Namespace.ABSENT
        for state in (_Namespace.CONNECTING, _Namespace.RECOVERING, _Namespace.CONNECTED, _Namespace.LEAVING)
    },
    (_Namespace.REJOINING, _S.DISCONNECT): _Namespace.CONNECTING,
}

NAMESPACE_SENDS: Mapping[tuple[NamespaceState, socketio.PacketType], NamespaceState] = {
    (_Namespace.ABSENT, _S.CONNECT): _Namespace.CONNECTING,
    (_Namespace.LEAVING, _S.CONNECT): _Namespace.REJOINING,
    **{(_Namespace.CONNECTED, packet): _Namespace.CONNECTED for packet in (_S.EVENT, _S.ACK)},
    (_Namespace.CONNECTED, _S.DISCONNECT): _Namespace.LEAVING,
}

_State = TypeVar("_State", SessionState, NamespaceState)
_Packet = TypeVar("_Packet", engineio.PacketType, socketio.PacketType)


def legal(table: Mapping[tuple[_State, _Packet], _State], state: _State) -> str:
    """The packets that a table has for this state, in words."""
    return ", ".join(packet.name for at, packet in table if at is state) or "nothing"


def diagram(receives: Mapping[tuple[_State, _Packet], _State], sends: Mapping[tuple[_State, _Packet], _State]) -> str:
    """Both tables as one Mermaid state diagram; `?` marks what is received, `!` what is sent."""
    edges: dict[tuple[str, str], list[str]] = {}
    for mark, table in (("?", receives), ("!", sends)):
        for (before, packet), after in table.items():
            edges.setdefault((before.name, after.name), []).append(f"{mark}{packet.name}")
    arrows: list[str] = [f"    {start} --> {end}: {' '.join(packets)}" for (start, end), packets in edges.items()]
    return "\n".join(["stateDiagram-v2", *arrows])
