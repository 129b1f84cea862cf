"""How a message is shown to a person: its beginning, and how long it is."""

__all__ = ["excerpt"]

_LENGTH = 120


def excerpt(message: str | bytes) -> str:
    """The message as a literal, cut where it is long."""
    if len(message) <= _LENGTH:
        return repr(message)
    unit = "bytes" if isinstance(message, bytes) else "characters"
    return f"{message[:_LENGTH]!r} … ({len(message)} {unit} in all)"
