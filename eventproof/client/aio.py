"""The asyncio clients by their names: one a wire, all of them a `ChannelClient`."""

from .channel import (
    By,
    ChannelClient,
    Closed,
    ConnectionRefused,
    Ending,
    NotClosed,
    NotReceived,
    NotSent,
    OnEvent,
    Received,
)
from .native import ReadMessage, WebSocketClient, named_event
from .socketio import AutoAck, SocketIOClient, TransportChoice
from .sse import SseClient

__all__ = [
    "AutoAck",
    "By",
    "ChannelClient",
    "Closed",
    "ConnectionRefused",
    "Ending",
    "NotClosed",
    "NotReceived",
    "NotSent",
    "OnEvent",
    "ReadMessage",
    "Received",
    "SocketIOClient",
    "SseClient",
    "TransportChoice",
    "WebSocketClient",
    "named_event",
]
