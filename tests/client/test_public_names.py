"""What other parts may import."""

from eventproof.client import aio


def test_the_asyncio_clients_are_these() -> None:
    assert sorted(aio.__all__) == [
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
    assert all(hasattr(aio, name) for name in aio.__all__)
