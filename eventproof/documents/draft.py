"""A profile drafted from an AsyncAPI document: what has to be said beside it, filled in as far as it can be guessed.

Every guess is marked as one, with why; where there is none, the line stands behind a #.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from eventproof.catalog import Direction, Event, OfSession, System, Wire
from eventproof.catalog.fields import named
from eventproof.catalog.reading import Weight

from .naming import constants
from .promises import TERMS
from .sending import is_free

__all__ = ["drafted", "name_of"]

_JOINING: Final = re.compile(r"\b(join|subscribe|enter|watch|listen|open|follow|observe|track)\b", re.IGNORECASE)
_LEAVING: Final = re.compile(r"\b(leave|unsubscribe|exit|unwatch|close|unfollow|unlisten|untrack)\b", re.IGNORECASE)
_ID: Final = re.compile(r"[A-Za-z0-9]+(Id|_id)")
"""A field that names a thing: what clients join by is a room."""
_ROOM: Final = re.compile(r"(room|channel|topic|conversation|group|thread|game|document|doc)(_?id)?$", re.IGNORECASE)
_USER: Final = frozenset({"userId", "user_id", "recipientId", "to"})
_WORD: Final = re.compile(r"[A-Za-z][a-z0-9]*")
_WEAK: Final = frozenset({"on", "new", "the", "a", "to", "of", "event"})
_GUESS: Final = "# guess"
_LOGIN: Final = re.compile(r"log-?in|sign-?in|session|token|auth", re.IGNORECASE)
"""In the path of a call: it may begin a session."""
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_LISTED: Final = 12
_STEM: Final = 4
"""Words that begin with so many letters alike are of one stem: `scan` and `scanned`."""


def drafted(system: System, documents: Mapping[str, str], base_url: str, fits: Callable[[str], bool]) -> str:
    """The text of a profile for this contract, whose documents (`asyncapi`, `openapi`) are at these paths.

    `fits` says of the table of an event, as TOML, whether the contract takes it: guesses that it does not take stand
    behind a #.
    """
    kind, first = next(iter(documents.items()))
    lines = [
        "#:schema ./eventproof.schema.json",
        f"# {_one_line(system.title)}: from {first}, by `eventproof init --{kind}`.",
        f"# Look at each line marked as a guess; `eventproof contract lint {_PROFILE}` tells what is still lacking.",
        "",
        _base_url(base_url, system),
        "",
        f"[contracts.{system.name}]",
        *(f"{key} = {_text(path)}" for key, path in documents.items()),
        *(
            []
            if "openapi" in documents
            else [
                '# openapi = "openapi.yaml"   # the calls that cause events; one that no document has goes under',
                f"# [contracts.{system.name}.calls.CALL], with its method, its path and an example of what it takes",
            ]
        ),
        *(f"# read as: {said}" for said in (system.reading.said if system.reading else ())),
        *_questions(system),
    ]
    by_name: dict[str, list[Event]] = {}
    for event in sorted(system.events, key=lambda event: event.direction is Direction.SEND):
        by_name.setdefault(event.name, []).append(event)
    for several in by_name.values():
        lines += _table(system, several, fits)
    return "\n".join([*lines, *_people(system)]) + "\n"


def _base_url(base_url: str, system: System) -> str:
    served = system.reading.served if system.reading else ""
    told = f"   {_GUESS}: the document has it" if served == base_url else f"   # the document has {_one_line(served)}"
    return f"base_url = {_text(base_url)}" + (told if served else "")


_PROFILE: Final = "eventproof.toml"
_SHOWN: Final = {True: "as auth.token", False: "as Authorization: Bearer …"}
"""How the token is shown: on Socket.IO, and elsewhere."""


def _people(system: System) -> Iterator[str]:
    is_socketio = system.channels[0].wire is Wire.SOCKET_IO
    yield from (
        "",
        "# Who takes part: at least four. By what they show when they connect …",
        "[[identities.users]]",
        f'token = "tester-{{n}}"              # guess: sent {_SHOWN[is_socketio]}; token_env for a secret',
        "count = 8",
        "# … or with a password, where a call logs in:",
        '# email = "tester-{n}@example.com"',
        '# password_env = "TESTER_PASSWORD"',
    )
    calls = [call for call in system.operations if call.event is None]
    if calls and not any(call.session is OfSession.BEGINS for call in calls):
        login = next((call.id for call in calls if _LOGIN.search(call.path)), "CALL")
        yield from (
            f"# [contracts.{system.name}.calls.{_key(login)}]   # which call logs in",
            '# session = "begins"',
            '# answers = { token = "/token", userId = "/user/id" }   # where its answer has them',
            "# [operations." + _key(login) + "]",
            '# body = { email = "{email}", password = "{password}" }   # what it takes',
        )
    named = system.reading.token_in if system.reading else ""
    if named:
        shown = f'query = {{ {_key(named)} = "{{token}}" }}'
        yield from ("", f"[channels.{system.name}]", f"{shown}   {_GUESS}: the address has it")
    elif not is_socketio:
        yield from ("", f"# [channels.{system.name}]", '# query = { token = "{token}" }   # where the address has it')


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _text(name)


def _causing(system: System) -> str:
    """All that can cause an event, by name; nothing where that is nothing, or too much to read."""
    names = [*(call.id for call in system.operations), *(event.name for event in _of_clients(system))]
    known = [_one_line(name) for name in dict.fromkeys(names)]
    return f" There are {', '.join(known)}" if 0 < len(known) <= _LISTED else ""


def _questions(system: System) -> Iterator[str]:
    for remark in system.reading.remarks if system.reading else ():
        if remark.weight is not Weight.NOTE:
            yield f"# {remark.weight}: {_one_line(str(remark))}"
        if remark.weight is Weight.QUESTION and "view" in remark.remedy:
            yield 'view = "server"                   # guess: answer this one'


def _table(system: System, several: Sequence[Event], fits: Callable[[str], bool]) -> list[str]:
    """The one table of all events of a name: that of clients, that of the server, on each channel."""
    first = several[0]
    said = "" if first.summary == first.name else f"   # {_short(first.summary)}"
    head = f"[contracts.{system.name}.events.{_text(first.name)}]"
    lines: list[str] = []
    for direction, of_event in ((Direction.RECEIVE, _asked), (Direction.SEND, _told)):
        found = next((event for event in several if event.direction is direction), None)
        lines += () if found is None else of_event(system, found)
    if not lines:
        return []
    if not fits("\n".join([head, *lines])):
        lines = [f"# {line}, which the document does not bear out" if _GUESS in line else line for line in lines]
    return ["", head + said, *lines]


def _short(summary: str) -> str:
    text = _one_line(summary)
    return text if len(text) <= 60 else text[:59] + "…"


def _one_line(text: str) -> str:
    """What may stand in a comment: TOML takes no control characters there."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _asked(system: System, event: Event) -> Iterator[str]:
    room = _room_field(system, event)
    joins, leaves = _JOINING.search(_words(event.name)), _LEAVING.search(_words(event.name))
    if event.ack is not None and not (room and (joins or leaves)):
        return
    if room and leaves:
        yield f"leaves = {_text(f'room:{{{room}}}')}   # guess: by its name"
    elif room and joins:
        yield f"joins = {_text(f'room:{{{room}}}')}   # guess: by its name"
    if event.ack is not None:
        return
    if event.channels[0].wire is Wire.SOCKET_IO:
        yield '# ack = "required"              # is it acknowledged by a callback?'
    else:
        yield '# ack = { by = "…" }            # which event of the server answers it?'


def _told(system: System, event: Event) -> Iterator[str]:
    asked = next((each for each in _of_clients(system) if each.ack and each.ack.by == event.name), None)
    trigger = asked or _cause(system, event)
    room, fields = _room_field(system, event), named(event.schema)
    if event.certain:
        pass
    elif trigger is not None:
        why = "it is the reply" if asked else "both are about the same, by their names"
        yield f"trigger = [{_text(trigger.name)}]   # guess: {why}"
    else:
        asking = "which call, or which event of a client, causes it?"
        yield f'# trigger = ["…"]               # {asking}{_causing(system)}'
    if event.audience:
        yield f"# audience = {json.dumps(list(event.audience))}   # as the document has it"
    elif asked is not None:
        yield 'audience = ["connection"]   # guess: whoever asked'
    elif room is not None:
        yield f"audience = [{_text(f'room:{{{room}}}')}]   # guess: it names a room"
    elif user := next((name for name in sorted(fields & _USER)), None):
        yield f"audience = [{_text(f'user:{{{user}}}')}]   # guess: it names a user"
        if trigger is not None and user in named(trigger.schema):
            yield f"# … so x-role: user belongs beside {user} in the document, and id to each of [[identities.users]]"
    else:
        yield f'# audience = ["everyone"]       # {TERMS}: whom is it for?'
    if trigger is not None:
        shared = fields & named(trigger.schema) - ({room} if room else set()) - set(constants(event.schema))
        telling = [name for name in sorted(shared) if _ID.fullmatch(name) or is_free(trigger.schema, name)]
        if telling:
            best = next(filter(_ID.fullmatch, telling), telling[0])
            yield f"correlate = {_text(f'/{best}')}   # guess: the field that both have"
        yield (
            f"order_by = {_text(f'/{room}')}   # guess"
            if room and telling
            else '# order_by = "/…"               # within what does it keep its order?'
        )


def _cause(system: System, event: Event) -> Event | None:
    """The event of a client that seems to cause it: of the same name, else the most like one that shares a field."""
    asked = _of_clients(system)
    same = next((each for each in asked if each.name == event.name), None)
    if same is not None:
        return same
    own, fields = _stems(event.name), named(event.schema)
    alike = [
        (len(own & _stems(each.name)), len(fields & named(each.schema)), each)
        for each in asked
        if not _LEAVING.search(_words(each.name))
    ]
    likely = [found for found in alike if found[0] and found[1]]
    return max(likely, key=lambda found: found[:2])[2] if likely else None


def _of_clients(system: System) -> list[Event]:
    return [each for each in system.events if each.direction is Direction.RECEIVE]


def _stems(name: str) -> set[str]:
    words = set(_words(name).lower().split()) - _WEAK
    return {word[:_STEM] if len(word) > _STEM else word.rstrip("s") for word in words}


def _room_field(system: System, event: Event) -> str | None:
    """The field that names a room: by its name, or because clients join by it."""
    joined = {name for each in _of_clients(system) if _JOINING.search(_words(each.name)) for name in named(each.schema)}
    fields = sorted(name for name in named(event.schema) if name.isidentifier())
    rooms = (name for name in fields if _ROOM.search(name) or (name in joined and _ID.fullmatch(name)))
    return next((name for name in rooms if name not in _USER), None)


def _words(name: str) -> str:
    return " ".join(_WORD.findall(re.sub(r"([a-z])([A-Z])", r"\1 \2", name)))


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def name_of(stem: str) -> str:
    """What a contract is called whose document has this name: small letters, digits and -."""
    plain = re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")
    return plain[:40].strip("-") if plain[:1].isalpha() else f"contract-{plain}"[:40].strip("-")
