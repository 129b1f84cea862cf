"""What the refusal of a connection says: its code and its sentence.

Socket.IO fixes `message` and `data` alone; what is in the data is shaped as the profile says of refusals by REST, or as
servers usually do.
"""

from collections.abc import Iterable
from typing import Any, Final

from eventproof.actions import at
from eventproof.client.aio import ConnectionRefused
from eventproof.target import Rest

__all__ = ["code_in_data", "code_of", "sentence_of"]

_DATA: Final = "/data"
_WHOLE: Final = ""
"""An answer of HTTP has no data of its own."""


def code_in_data(refused: ConnectionRefused, rest: Rest) -> Any:
    """The code in the data of a CONNECT_ERROR; None where there is none."""
    return _first(refused, _codes(rest), (_DATA,))


def code_of(refused: ConnectionRefused, rest: Rest) -> Any:
    """The code, wherever it stands; None where there is none."""
    return _first(refused, _codes(rest), (_DATA, _WHOLE))


def sentence_of(refused: ConnectionRefused, rest: Rest) -> Any:
    """The sentence for a person: in the data, where servers put more than one word; None where there is none."""
    return _first(refused, (rest.message, "/message", "/error/message"), (_DATA, _WHOLE))


def _codes(rest: Rest) -> tuple[str, ...]:
    return rest.code, "/code", "/error/code"


def _first(refused: ConnectionRefused, pointers: Iterable[str], holders: Iterable[str]) -> Any:
    places = (at(refused.data, f"{holder}{pointer}") for pointer in pointers for holder in holders)
    return next((found for found in places if found is not None), None)
