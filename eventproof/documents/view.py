"""Whose view a document takes: `send` is the described application's, and that is the server's, or its client's.

AsyncAPI describes an application, and most describe the server; many describe what a client does. What clients ask for
(`subscribe`, `join`) and what servers tell (`joined`, `status`) shows which, by names and by what is said of them.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from eventproof.catalog import Direction
from eventproof.catalog.reading import Weight

from .described import Described, Use
from .wanted import Wanted

__all__ = ["View", "view_of"]

_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_ASKED: Final = re.compile("(un)?subscribe|join|leave|log(in|out)|auth(enticate)?|register|request|command")
"""What clients do."""
_TOLD: Final = re.compile(
    "joined|left|received|created|updated|deleted|changed|added|removed|made|won|archived|status|updates?|notification"
    "|notice|snapshot|welcome|responses?|result|hello|goodbye|error|pong|heartbeat|metrics?"
)
"""What servers say."""
_CLIENT: Final = re.compile(r"\b(client|front-?end)\b", re.IGNORECASE)
_SERVER: Final = re.compile(r"\b(server|back-?end|service|gateway)\b", re.IGNORECASE)
_ENOUGH: Final = 2
_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class View:
    """Whether what the document calls `send` is what the server sends, and what tells that."""

    is_server: bool
    evidence: str

    def direction(self, way: Direction) -> Direction:
        """Who sends what the document says goes this way."""
        if self.is_server:
            return way
        return Direction.RECEIVE if way is Direction.SEND else Direction.SEND


def view_of(described: Described, wanted: Wanted) -> View:
    """The view that a person names, else the one that the evidence speaks for; a question where it speaks for both."""
    if wanted.view is not None:
        return View(wanted.view == "server", "as the profile says")
    role = described.root.get("x-pydantic-socketio", "role")
    if role is not None and role.value in ("server", "client"):
        return View(role.value == "server", f"role: {role.value} at {role.where}")
    if any(place.node.text("x-wire") for place in described.places):
        return View(True, "as eventproof's own documents have it")
    server, client = _evidence(described, is_server=True), _evidence(described, is_server=False)
    if client and not server:
        described.root.remark(
            Weight.WARNING,
            f"it is written in the client's view ({_told(client)}): what it sends is what the server receives, and the "
            "other way round",
            'view = "client" under [contracts.NAME] says so, view = "server" denies it',
        )
        return View(False, _told(client))
    if client and len(client) * _ENOUGH >= len(server):
        described.root.remark(
            Weight.QUESTION,
            f"whose view it takes is doubtful: for the client's speaks {_told(client)}; for the server's "
            f"{_told(server)}",
            'write view = "server" or view = "client" under [contracts.NAME]',
        )
        return View(True, f"{_told(server)}; doubtful")
    return View(True, _told(server) or "as AsyncAPI has it: it describes the server")


def _told(evidence: list[str]) -> str:
    more = f" and {len(evidence) - _SHOWN} more" if len(evidence) > _SHOWN else ""
    return ", ".join(evidence[:_SHOWN]) + more


def _evidence(described: Described, *, is_server: bool) -> list[str]:
    """What speaks for one of the views."""
    title = described.title
    own, other = (_SERVER, _CLIENT) if is_server else (_CLIENT, _SERVER)
    found = [f'"{match[0]}" in its title'] if (match := own.search(title)) and not other.search(title) else []
    asks, tells = (Direction.RECEIVE, Direction.SEND) if is_server else (Direction.SEND, Direction.RECEIVE)
    found += _shown(described, asks, _ASKED)
    found += _shown(described, tells, _TOLD)
    return list(dict.fromkeys(found))


def _shown(described: Described, way: Direction, words: re.Pattern[str]) -> Iterator[str]:
    verbs: Mapping[Direction, str] = {Direction.SEND: "sends", Direction.RECEIVE: "receives"}
    for use in described.uses:
        if use.way is way and (word := _word(use, words)):
            yield f'it {verbs[way]} "{word}"'


def _word(use: Use, words: re.Pattern[str]) -> str:
    """The name of a message, or of its operation, which has one of these words in it; empty where none has.

    What is asked for may be named by what is told then (`heartbeat.subscribe`), not the other way round.
    """
    names = [use.message.name or use.message.key]
    if use.message.name is None:
        names.append(use.called)
    for name in names:
        found = [word.lower() for word in _WORD.findall(name)]
        is_asked = any(map(_ASKED.fullmatch, found))
        if any(map(words.fullmatch, found)) and (words is _ASKED or not is_asked):
            return name
    return ""
