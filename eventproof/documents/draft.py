"""A profile drafted from an AsyncAPI document: what has to be said beside it, filled in as far as it can be guessed.

Every guess is marked as one, with why; where there is none, the line stands behind a #.
"""

import json
import re
from collections.abc import Iterator
from typing import Final

from eventproof.catalog import Direction, Event, System
from eventproof.catalog.fields import named
from eventproof.catalog.reading import Weight

__all__ = ["drafted", "name_of"]

_JOINING: Final = re.compile(r"\b(join|subscribe|enter|watch|listen|open)", re.IGNORECASE)
_LEAVING: Final = re.compile(r"\b(leave|unsubscribe|exit|unwatch|close)", re.IGNORECASE)
_ROOM: Final = re.compile(r"(room|channel|topic|conversation|group|thread|game|document|doc)(_?id)?$", re.IGNORECASE)
_USER: Final = frozenset({"userId", "user_id", "recipientId", "to"})
_WORD: Final = re.compile(r"[A-Za-z][a-z0-9]*")
_WEAK: Final = frozenset({"on", "new", "the", "a", "to", "of", "event"})


def drafted(system: System, asyncapi: str, openapi: str | None, base_url: str) -> str:
    """The text of a profile for this contract, whose documents are at these paths."""
    lines = [
        "#:schema ./eventproof.schema.json",
        f"# {system.title}: from {asyncapi}, by `eventproof init --asyncapi`. Look at each line marked as a guess;",
        f"# `eventproof contract lint {_PROFILE}` tells what is still lacking, and what for.",
        "",
        f"base_url = {_text(base_url)}",
        "",
        f"[contracts.{system.name}]",
        f"asyncapi = {_text(asyncapi)}",
        *(
            [f"openapi = {_text(openapi)}"]
            if openapi
            else ['# openapi = "openapi.yaml"   # the calls that cause events']
        ),
        *(f"# read as: {said}" for said in (system.reading.said if system.reading else ())),
        *_questions(system),
    ]
    for event in system.events:
        if event.direction is Direction.RECEIVE:
            lines += _asked(system, event)
    for event in system.events:
        if event.direction is Direction.SEND:
            lines += _told(system, event)
    return "\n".join([*lines, *_PEOPLE]) + "\n"


_PROFILE: Final = "eventproof.toml"
_PEOPLE: Final = (
    "",
    "# Who takes part: at least four. By what they show when they connect …",
    "[[identities.users]]",
    'token = "user-{n}"                # guess: what a client of Socket.IO sends as auth.token; token_env for a secret',
    "count = 8",
    "# … or with a password, where the OpenAPI document has a call that logs in:",
    '# email = "tester-{n}@example.com"',
    '# password_env = "TESTER_PASSWORD"',
)


def _questions(system: System) -> Iterator[str]:
    for remark in system.reading.remarks if system.reading else ():
        if remark.weight is not Weight.NOTE:
            yield f"# {remark.weight}: {remark}"
        if remark.weight is Weight.QUESTION and "view" in remark.remedy:
            yield 'view = "server"                   # guess: answer this one'


def _table(system: System, event: Event) -> list[str]:
    return ["", f"[contracts.{system.name}.events.{json.dumps(event.name)}]   # {_short(event.summary)}"]


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"


def _asked(system: System, event: Event) -> Iterator[str]:
    room = _room_field(event)
    joins, leaves = _JOINING.search(_words(event.name)), _LEAVING.search(_words(event.name))
    if event.ack is not None and not (room and (joins or leaves)):
        return
    yield from _table(system, event)
    if room and leaves:
        yield f"leaves = {_text(f'room:{{{room}}}')}   # guess: by its name"
    elif room and joins:
        yield f"joins = {_text(f'room:{{{room}}}')}   # guess: by its name"
    if event.ack is None:
        yield '# ack = "required"              # is it acknowledged by a callback?'


def _told(system: System, event: Event) -> Iterator[str]:
    yield from _table(system, event)
    trigger = _cause(system, event)
    room, fields = _room_field(event), named(event.schema)
    if event.certain:
        pass
    elif trigger is not None:
        yield f"trigger = [{_text(trigger.name)}]   # guess: both are about the same, by their names"
    else:
        yield '# trigger = ["…"]               # which call, or which event of a client, causes it?'
    if event.audience:
        yield f"# audience = {json.dumps(list(event.audience))}   # as the document has it"
    elif room is not None:
        yield f"audience = [{_text(f'room:{{{room}}}')}]   # guess: it names a room"
    elif user := next((name for name in sorted(fields & _USER)), None):
        yield f"audience = [{_text(f'user:{{{user}}}')}]   # guess: it names a user"
    else:
        yield '# audience = ["everyone"]       # or user:{userId}, role:admin, room:…: whom is it for?'
    if trigger is not None:
        shared = sorted(fields & named(trigger.schema) - ({room} if room else set()))
        if shared:
            yield f"correlate = {_text(f'/{shared[0]}')}   # guess: the field that both have"
        yield (
            f"order_by = {_text(f'/{room}')}   # guess"
            if room
            else '# order_by = "/…"               # within what does it keep its order?'
        )


def _cause(system: System, event: Event) -> Event | None:
    """The event of a client that seems to cause it: of the same name, or of a like one with a field in common."""
    asked = [each for each in system.events if each.direction is Direction.RECEIVE]
    same = next((each for each in asked if each.name == event.name), None)
    if same is not None:
        return same
    own = set(_words(event.name).lower().split()) - _WEAK
    for each in asked:
        theirs = set(_words(each.name).lower().split()) - _WEAK
        both = {word.rstrip("s") for word in own} & {word.rstrip("s") for word in theirs}
        if both and named(event.schema) & named(each.schema) and not _LEAVING.search(_words(each.name)):
            return each
    return None


def _room_field(event: Event) -> str | None:
    return next((name for name in sorted(named(event.schema)) if _ROOM.search(name) and name.isidentifier()), None)


def _words(name: str) -> str:
    return " ".join(_WORD.findall(re.sub(r"([a-z])([A-Z])", r"\1 \2", name)))


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def name_of(stem: str) -> str:
    """What a contract is called whose document has this name: small letters, digits and -."""
    plain = re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")
    return plain[:40].strip("-") if plain[:1].isalpha() else f"contract-{plain}"[:40].strip("-")
