"""What a call is made with, by its contract: what is known of what it is about, what clients choose, examples. Pure."""

import secrets
from collections.abc import Mapping
from typing import Any

from .catalog import Operation, System

__all__ = ["arguments", "begun"]


def arguments(operation: Operation, known: Mapping[str, Any]) -> dict[str, Any]:
    """What a call is made with: what is `known` of what it is about, else the document's examples.

    What no earlier call may have had is another one each time.
    """
    given = {name: _unique(value) if name in operation.unique else value for name, value in operation.example.items()}
    return given | {name: known[name] for name in operation.parameters if name in known}


def begun(system: System, number: int = 0) -> dict[str, Any]:
    """What is known before any call: a value for each name that clients choose themselves.

    One that nobody else has, or, of those that are there, the one of this number.
    """
    return {
        name: chosen.values[number % len(chosen.values)] if chosen.values else _unique(chosen.example)
        for name, chosen in system.chosen.items()
    }


def _unique(value: Any) -> Any:
    return f"{value}-{secrets.token_hex(4)}" if isinstance(value, str) else value
