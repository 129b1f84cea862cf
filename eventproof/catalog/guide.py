"""How a requirement is checked, what is likely wrong where it does not hold, and what mends it."""

from dataclasses import dataclass

__all__ = ["Guide"]


@dataclass(frozen=True, slots=True)
class Guide:
    """One entry of `guides.yaml`; names and code in it stand in backticks.

    `node` and `python` say how it is done with Node's socket.io and with python-socketio, `native` how on a native
    WebSocket or a stream; empty where they do not differ.
    """

    name: str
    checked: tuple[str, ...]
    cause: str
    mend: str
    node: str = ""
    python: str = ""
    native: str = ""
