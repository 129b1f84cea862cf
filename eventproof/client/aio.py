"""The asyncio clients by their names: one a wire, all of them a `ChannelClient`."""

from .channel import (
    By,
    Closed,
    ConnectionRefused,
    Ending,
    NotClosed,
    NotReceived,
    NotSent,
    OnEvent,
    Received,
    Where,
)
from .channel_client import ChannelClient
from .native import ReadMessage, WebSocketClient, WriteMessage, bare, enveloping, named_at, named_event
from .socketio import AutoAck, AutoAnswer, SocketIOClient, TransportChoice
from .sse import SseClient

__all__ = [
    "AutoAck",
    "AutoAnswer",
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
    "Where",
    "WriteMessage",
    "bare",
    "enveloping",
    "named_at",
    "named_event",
]
