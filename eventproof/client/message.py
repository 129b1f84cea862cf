"""Which event a JSON message is, on wires that do not say it themselves: by a place in it, or by its envelope. Pure."""

from typing import Any, Final

from eventproof.catalog.pointer import reached

__all__ = ["UNNAMED", "enveloped", "name_at"]

UNNAMED: Final = "message"
"""What a message is called that has no name where names are."""


def enveloped(document: Any) -> tuple[str, Any]:
    """The name and the argument of `{"event": name, "data": …}`, or `type` for `event` and `payload` for `data`.

    Without data the whole object is the argument; what is no such object has the name `message`.
    """
    if isinstance(document, dict):
        for key in ("event", "type"):
            if isinstance(document.get(key), str):
                return document[key], document.get("data", document.get("payload", document))
    return UNNAMED, document


def name_at(document: Any, place: str) -> str:
    """The text at this place (a JSON pointer) of a message; where there is none, or no place, `message`."""
    try:
        name = reached(document, place)
    except LookupError:
        return UNNAMED
    return name if isinstance(name, str) and place else UNNAMED
