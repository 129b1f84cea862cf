"""What follows from a contract alone: one requirement for each thing that can be judged by what it says.

What cannot be, for want of a word, is listed with the line that would say it.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from eventproof.catalog import EVERYONE, AckLevel, Direction, Event, Requirement, Wire
from eventproof.catalog.event import CALLBACK
from eventproof.catalog.model import Derived
from eventproof.catalog.reading import Lack
from eventproof.verdict import Level

__all__ = ["TERMS", "Promises", "promised", "tokens_of"]

TERMS: Final = "or connection (who caused it), user:{userId}, role:admin, room:…"
"""What else an audience may be, for whoever has to write one."""

_SENTENCES: Final[Mapping[str, str]] = {
    "schema": "Every `{event}` fits its schema.",
    "delivery": "`{event}` reaches everybody whom it is for after each of its causes, on every connection, in time.",
    "audience": "`{event}` reaches nobody whom it is not for.",
    "once": "`{event}` comes to a connection once for each of its causes.",
    "order": "`{event}` comes in the order of its causes.",
    "asks": "Every `{event}` asks for its acknowledgement.",
    "answer": "Every `{event}` of a client is acknowledged, as the contract has it.",
    "accepts": "Every `{event}` that fits its schema is accepted.",
    "refusal": "A `{event}` that does not fit its schema is not accepted.",
    "retry": "`{event}` is sent again, unchanged, while nothing acknowledges it.",
    "ack": "Once `{event}` has been acknowledged, it is sent no more.",
    "foreign-ack": "The acknowledgement of another user does not count for `{event}`.",
    "states": "What the states of `{event}` do not allow is refused, and nobody is told anything.",
    "scope": "The channels carry nothing that the contract does not have.",
    "connect": "A connection is refused {event}.",
}
_TOKENS: Final[Mapping[str, str]] = {
    "missing": "without a token",
    "malformed": "with a malformed token",
    "forged": "with a forged signature",
    "alg-none": "with an unsigned token of the algorithm none",
    "wrong-key": "with a token that another key signed",
    "changed-payload": "with a token whose claims were changed",
    "expired": "with an expired token",
    "future-not-before": "with a token that is not valid yet",
}
_OF_ANYBODY: Final = ("missing", "malformed")
"""The bad tokens that can be presented whatever a good one is."""
_OF_JWT: Final = ("forged", "alg-none", "wrong-key", "changed-payload")
"""Those that are made of any JSON Web Token."""
_OF_SECRET: Final = ("expired", "future-not-before")
"""Those that have to be signed."""
_LEVELS: Final[Mapping[str, Level]] = {"accepts": Level.SHOULD}
"""Of what may have a reason that no schema says: a text that was used before, a number that is too high today."""
_OF_SYSTEM: Final = frozenset({"connect", "states"})
"""The kinds that are about something else than an event."""
_WITH: Final[Mapping[str, tuple[str, ...]]] = {"order": ("sequence",)}
"""What is judged together."""


@dataclass(frozen=True, slots=True)
class Promises:
    """What is judged of one contract, and what could be."""

    requirements: tuple[Requirement, ...]
    lacks: tuple[Lack, ...]


def tokens_of(jwt: Mapping[str, object] | None) -> tuple[str, ...]:
    """The bad tokens that can be made by what `[jwt]` of a profile says; None: it has none, and tokens are any text."""
    if jwt is None:
        return _OF_ANYBODY
    named = {key.removesuffix("_env") for key in jwt}
    signed = _OF_SECRET if "secret" in named else ("expired",) if "expired" in named else ()
    return (*_OF_ANYBODY, *_OF_JWT, *signed)


def promised(
    system: str,
    events: Iterable[Event],
    untold: frozenset[str],
    tables: Iterable[str],
    source: str,
    tokens: Iterable[str] | None,
) -> Promises:
    """Of these events, and of the things with `tables` of states; the document does not say what the `untold` carry.

    `tokens` are the bad ones with which a connection is refused; None: nobody shows any.
    """
    known = tuple(events)
    found: dict[str, Requirement] = {}
    lacks: dict[str, Lack] = {}
    for event in known:
        for kind, lack in _kinds(system, event, event.name in untold):
            if lack is None:
                line = _requirement(system, kind, event.name, source)
                found[line.id] = line
            else:
                lacks[lack.what] = lack
    if any(event.direction is Direction.SEND for event in known):
        line = _requirement(system, "scope", None, source)
        found[line.id] = line
    for thing in tables:
        line = _requirement(system, "states", thing, source)
        found[line.id] = line
    if tokens is not None:
        for token in tokens:
            line = _requirement(system, "connect", token, source)
            found[line.id] = line
    else:
        lacks["connect"] = Lack(
            f"{system}/connect",
            "nothing says that a connection needs a token, so nobody is expected to be refused without one",
            f"[contracts.{system}] sessions = true",
        )
    return Promises(tuple(found.values()), tuple(lack for lack in lacks.values() if lack.what not in found))


def _kinds(system: str, event: Event, is_untold: bool) -> Iterator[tuple[str, Lack | None]]:
    """Each kind of thing that an event can promise; with what is lacking where it is not judged."""
    table = f"[contracts.{system}.events.{json.dumps(event.name, ensure_ascii=False)}]"
    has_callbacks = event.channels[0].wire is Wire.SOCKET_IO

    def lack(kind: str, why: str, line: str) -> tuple[str, Lack]:
        return kind, Lack(f"{system}/{event.name}/{kind}", why, f"{table} {line}")

    if event.direction is Direction.SEND:
        if is_untold:
            yield lack("schema", "nothing says what it carries", "(give its message a payload in the document)")
        else:
            yield "schema", None
        if not event.certain:
            yield lack("delivery", "nothing says what causes it", 'trigger = ["…"]  # a call, or an event of a client')
        elif not event.audience:
            yield lack("delivery", "nothing says whom it is for", f'audience = ["everyone"]  # {TERMS}')
        else:
            yield "delivery", None
        if not event.audience:
            yield lack("audience", "nothing says whom it is for, so leaks cannot be seen", 'audience = ["…"]')
        elif EVERYONE not in event.audience and event.certain:
            yield "audience", None
        if event.order_by is not None and event.certain:
            yield "order", None
        elif event.certain and event.audience:
            yield lack("order", "nothing says within what it keeps its order", 'order_by = "/…"  # and correlate')
        yield from _once(event, lack)
        is_called_back = event.ack is not None and event.ack.by == CALLBACK
        if is_called_back and event.ack is not None and event.ack.level is AckLevel.REQUIRED:
            yield "asks", None
        if event.ack is not None and event.ack.retry is not None and event.certain:
            yield from ((kind, None) for kind in ("retry", "ack", *(() if is_called_back else ("foreign-ack",))))
        elif is_called_back and event.ack is not None and event.ack.retry is None:
            yield lack(
                "ack",
                "nothing says what follows where its client does not acknowledge it, so that it does is not seen",
                "ack = { retry = { first = 1, factor = 2, longest = 8, within = 60 } }  # if it is sent again",
            )
        return
    if event.ack is None:
        line = 'ack = "required"' if has_callbacks else 'ack = { by = "…" }  # the event of the server that answers it'
        yield lack("answer", "nothing says whether it is acknowledged", line)
    else:
        yield "answer", None
        if not is_untold:
            yield "accepts", None
            yield "refusal", None


def _once(event: Event, lack: Callable[[str, str, str], tuple[str, Lack]]) -> Iterator[tuple[str, Lack | None]]:
    """Whether it comes twice can be told where something tells one from the next, and nothing has it sent again."""
    if not event.certain or (event.ack is not None and event.ack.retry is not None):
        return
    if event.correlate is not None or event.order_by is not None:
        yield "once", None
    else:
        yield lack("once", "nothing tells one from the next, so that one comes twice is not seen", 'correlate = "/…"')


def _requirement(system: str, kind: str, about: str | None, source: str) -> Requirement:
    text = _SENTENCES[kind].format(event=_TOKENS.get(about or "", about))
    return Requirement(
        id="/".join(
            [system, kind, about] if kind in _OF_SYSTEM and about else [system, *([about] if about else []), kind]
        ),
        system=system,
        level=_LEVELS.get(kind, Level.MUST),
        sentence=text,
        source=source,
        capability=None,
        decision=None,
        excluded=None,
        includes=tuple(Derived(each, about) for each in (kind, *_WITH.get(kind, ()))),
    )
