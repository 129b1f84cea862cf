"""How much of anything one client may use, and how long it may take."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, times in seconds."""

    ping_interval: float = 25.0
    ping_timeout: float = 20.0
    connect_timeout: float = 10.0
    """An Engine.IO connection that belongs to no namespace is closed after so long."""
    close_timeout: float = 0.5
    """How long a client may take to answer the closing handshake before its connection is cut."""
    linger: float = 5.0
    """How long a closed polling session is kept for the request that fetches its last messages."""
    head_timeout: float = 10.0
    """How long a client may take to send the head of its first request."""
    max_body: int = 64 * 1024
    body_timeout: float = 10.0
    """How long a body may take to arrive."""
    max_message: int = 128 * 1024
    """A message from a client, and a polling request's body."""
    max_attachments: int = 16
    max_backlog: int = 512 * 1024
    """What may wait for one slow reader."""
    max_connections: int = 50_000
    stream_comment: float = 15.0
    """An idle stream carries a comment this often, which keeps proxies from closing it."""
