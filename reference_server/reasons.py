"""Why a connection is closed: the words that its client reads in a closing handshake, and that our log has."""

from enum import StrEnum


class Reason(StrEnum):
    """The first eight are Socket.IO's own words, as far as it has one; the last three are codes of `errors.yaml`."""

    CLIENT_DISCONNECT = "client disconnect"
    SERVER_DISCONNECT = "server disconnect"
    TRANSPORT_CLOSE = "transport close"
    TRANSPORT_ERROR = "transport error"
    PING_TIMEOUT = "ping timeout"
    CONNECT_TIMEOUT = "connect timeout"
    GOING_AWAY = "going away"
    """The server stops; its clients may come back to the next one."""
    INTERNAL_ERROR = "internal error"
    SLOW_READER = "slow reader"
    """It did not take what was sent, and more was waiting for it than may."""
    UNACCEPTABLE = "unacceptable data"
    """RFC 6455, 7.4.1: "it has received a type of data it cannot accept (e.g., an endpoint that understands only text
    data […] if it receives a binary message)"."""
    TOO_MUCH = "too much at once"
    """It said more than it may, or was refused too often."""
    ACCOUNT_BANNED = "account_banned"
    TOKEN_REVOKED = "token_revoked"
    TOKEN_EXPIRED = "token_expired"
