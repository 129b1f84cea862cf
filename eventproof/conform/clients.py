"""The client of a connection, as the one of the wire that something needs."""

from eventproof.client.aio import ChannelClient, Closed, SocketIOClient, SseClient, WebSocketClient
from eventproof.errors import UsageError

__all__ = ["gone", "socketio_of", "speaker_of", "stream_of", "websocket_of"]


def speaker_of(name: str, client: ChannelClient) -> SocketIOClient | WebSocketClient:
    """One that can send events; raises UsageError where that of `name` cannot."""
    if isinstance(client, SseClient):
        raise UsageError(f"{name} is a stream, on which nothing can be sent")
    assert isinstance(client, SocketIOClient | WebSocketClient)  # noqa: S101 - there are no others
    return client


def socketio_of(name: str, client: ChannelClient) -> SocketIOClient:
    """That of Socket.IO; raises UsageError where that of `name` is another."""
    if not isinstance(client, SocketIOClient):
        raise UsageError(f"{name} is no Socket.IO connection")
    return client


def websocket_of(name: str, client: ChannelClient) -> WebSocketClient:
    """That of a native WebSocket; raises UsageError where that of `name` is another."""
    if not isinstance(client, WebSocketClient):
        raise UsageError(f"{name} is no native WebSocket")
    return client


def stream_of(name: str, client: ChannelClient) -> SseClient:
    """That of a stream; raises UsageError where that of `name` is another."""
    if not isinstance(client, SseClient):
        raise UsageError(f"{name} is no stream")
    return client


async def gone(client: ChannelClient, within: float) -> Closed:
    """How it ended, within so many seconds; with Socket.IO the end of the namespace is enough. Raises NotClosed."""
    return await (client.disconnected(within) if isinstance(client, SocketIOClient) else client.closed(within))
