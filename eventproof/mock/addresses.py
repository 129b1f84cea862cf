"""Which channel of a contract a request is for: streams and native WebSockets have a path, some a query. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from eventproof.catalog import Channel, Wire
from eventproof.catalog.placeholders import PLACEHOLDER

__all__ = ["Addresses", "Found"]

_LONGEST: Final = 1000
"""No value of a parameter has more characters."""


@dataclass(frozen=True, slots=True)
class Found:
    """A channel, and the values of the parameters of its address."""

    channel: Channel
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Text:
    """A text with placeholders: their names, and what they stand in."""

    names: tuple[str, ...]
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class _Form:
    channel: Channel
    path: _Text
    query: Mapping[str, _Text]


class Addresses:
    """Those of the channels that are no Socket.IO; where two fit, the one whose address has fewer parameters."""

    def __init__(self, channels: Iterable[Channel]) -> None:
        there = sorted(channels, key=lambda channel: len(channel.parameters))
        self._forms = [_form(channel) for channel in there if channel.wire is not Wire.SOCKET_IO]

    def find(self, wire: Wire, path: str, query: Mapping[str, str]) -> Found | None:
        """The channel of this wire at this path (decoded) with this query; None where there is none.

        What else the query has, such as a token, is for nobody here.
        """
        for form in self._forms:
            if form.channel.wire is wire and (values := _values(form, path, query)) is not None:
                return Found(form.channel, values)
        return None


def _form(channel: Channel) -> _Form:
    path, _, query = channel.address.partition("?")
    asked = dict(parse_qsl(query, keep_blank_values=True))
    return _Form(channel, _text(path, "([^/]+)"), {name: _text(text, "(.+)") for name, text in asked.items()})


def _text(text: str, value: str) -> _Text:
    parts = PLACEHOLDER.split(text)  # every second one is a placeholder's name
    pieces = (value if number % 2 else re.escape(part) for number, part in enumerate(parts))
    return _Text(tuple(parts[1::2]), re.compile("".join(pieces), re.DOTALL))


def _values(form: _Form, path: str, query: Mapping[str, str]) -> dict[str, str] | None:
    """The values of the parameters; None where it is not this form, or gives one parameter two values."""
    there = [(form.path, path), *((text, query.get(name, "")) for name, text in form.query.items())]
    values: dict[str, str] = {}
    for known, text in there:
        found = known.pattern.fullmatch(text) if len(text) <= _LONGEST else None
        if found is None:
            return None
        for name, value in zip(known.names, found.groups(), strict=True):
            if values.setdefault(name, value) != value:
                return None
    return values
