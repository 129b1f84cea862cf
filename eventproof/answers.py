"""What the answer to a call says by the names of our contracts: where the profile says that it stands. Pure."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from .catalog.pointer import at, pointer
from .errors import ContractViolation
from .headers import value_of
from .redaction import learn
from .target import Action
from .wellformed import IN_COOKIE, IN_HEADER

__all__ = ["read"]

_MOST_PLACES = 12


def read(operation: Action, name: str, body: Any, headers: Mapping[str, str] | None = None) -> Any:
    """What an answer says by `name` (`token`, `userId`, `tier`); None where the profile gives no place for it.

    `headers` are the answer's, whose names are the same in capitals and in small letters. Raises ContractViolation
    where the place is given and the answer has nothing there.
    """
    place = operation.answers.get(name)
    if place is None:
        return None
    header, cookie = IN_HEADER.fullmatch(place), IN_COOKIE.fullmatch(place)
    found: Any
    if cookie is not None:
        found = _cookie(headers or {}, cookie[1])
        learn(found)
    else:
        found = at(body, place) if header is None else value_of(headers or {}, header[1])
    if name == "token":
        learn(found)
    if found is None:
        there = _places(body) if header is None and cookie is None else iter(headers or ())
        raise ContractViolation(
            f"the answer to {operation.operation} has no {name} at {place}; the profile says in "
            f"[operations.{operation.operation}.answers] where it is",
            expected=f"a value at {place}",
            observed=f"values at {', '.join(islice(there, _MOST_PLACES)) or 'no place'}",
        )
    return found


def _cookie(headers: Mapping[str, str], name: str) -> str | None:
    """The value of a cookie that an answer sets (RFC 6265, 4.1); the last one of that name."""
    found = None
    for header, value in headers.items():
        set_name, equals, rest = value.partition("=")
        if header.lower() == "set-cookie" and equals and set_name.strip() == name:
            found = rest.partition(";")[0].strip()
    return found or None


def _places(document: Any, here: str = "") -> Iterator[str]:
    """The JSON pointer of every value that holds no others: what is there, without what it is."""
    inner = (
        document.items() if isinstance(document, Mapping) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, value in inner:
        place = here + pointer([key])
        if isinstance(value, Mapping | list) and value:
            yield from _places(value, place)
        else:
            yield place
