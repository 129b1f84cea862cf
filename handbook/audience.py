"""Who receives an event, in words, out of the terms of its contract and of what has connections join rooms."""

import re
from collections.abc import Iterable, Iterator

from eventproof.catalog import Event, System
from eventproof.catalog.event import OWNER
from eventproof.catalog.operation import CALLER

from .links import Links
from .markdown import code, listed

__all__ = ["in_words", "role_in_words"]

_NAMELESS = re.compile(r"\{\w+\}")


def in_words(event: Event, system: System, links: Links) -> str:
    """The audience of an event that the server sends; who hears of it beside that only perhaps comes last."""
    if event.audiences:
        told = [
            f"after {links.call(system.name, trigger)}: {_terms(terms, event, system, links, (trigger,))}"
            for trigger, terms in event.audiences.items()
        ]
    else:
        told = [_terms(event.audience, event, system, links, event.triggers)]
    if event.possible:
        told.append(f"perhaps also {_terms(event.possible, event, system, links, event.triggers)}")
    return "; ".join(told)


def role_in_words(role: str) -> str:
    """Who has a role: `an admin`, in words that need no article."""
    return f"role {code(role)}"


def _terms(terms: Iterable[str], event: Event, system: System, links: Links, triggers: Iterable[str]) -> str:
    return listed(_term(term, event, system, links, frozenset(triggers)) for term in terms)


def _term(term: str, event: Event, system: System, links: Links, triggers: frozenset[str]) -> str:
    kind, _, name = term.partition(":")
    match kind:
        case "everyone":
            return "every connection of the channel"
        case "connection":
            return "the one connection that it is about"
        case "user":
            return f"every connection of {_user(name, event, triggers)}"
        case "role":
            return f"every connection of {role_in_words(name)}{_joining(term, system, links)}"
        case _:
            return f"everyone in the room {code(name)}{_joining(term, system, links)}"


def _user(name: str, event: Event, triggers: frozenset[str]) -> str:
    if name != f"{{{OWNER}}}":
        return f"the user {code(name)}"
    callers = event.caused_by_owner & triggers
    named = f"the user {code(OWNER)} whom the call names"
    if not callers:
        return named
    return "the user who makes the call" if callers == triggers else f"{named}, or who makes it"


def _joining(room: str, system: System, links: Links) -> str:
    ways = list(_ways(room, system, links))
    return f" (who is in it: {'; '.join(ways)})" if ways else ""


def _ways(room: str, system: System, links: Links) -> Iterator[str]:
    """How somebody comes to be in a room."""
    for channel in system.channels:
        if channel.room and _leads_to(channel.room, room):
            yield f"every connection of {links.channel(system.name, channel)}"
    for event in system.events:
        if event.joins and _leads_to(event.joins, room):
            yield f"whoever has sent {links.event(event)}"
    for call in system.operations:
        for joined, who in call.joins.items():
            if _leads_to(joined, room):
                whom = "whoever has called" if who == CALLER else f"the {code(who)} of"
                yield f"{whom} {links.call(system.name, call.id)}"


def _leads_to(joined: str, room: str) -> bool:
    """Whether what is joined may be the room; a placeholder stands for any part of its name."""
    pattern = "[^:]+".join(map(re.escape, _NAMELESS.split(joined)))
    return re.fullmatch(pattern, room) is not None
