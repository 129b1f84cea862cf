"""What a profile says of a contract beside its documents: `[contracts.NAME]`, and under it further tables.

Each key is a word of our contracts (`audience` is `x-audience`); a document may say the same by that word itself, and
the profile outweighs it. Nothing has to be said twice.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from eventproof.catalog import Direction, Wire
from eventproof.settings import Table

from .network import problem_with
from .wanted import AS, VIEWS, Wanted

__all__ = ["CALL_WORDS", "EVENT_WORDS", "Overlay", "Word", "read"]

Json = Any


@dataclass(frozen=True, slots=True)
class Overlay:
    """One contract, as a profile has it; `source` is the profile."""

    name: str
    source: str
    asyncapi: Path | None
    """None: its events are the streams of the OpenAPI document."""
    openapi: Path | None
    wanted: Wanted
    sessions: bool | None
    """Whether who connects shows a token; None: that is seen."""
    events: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    """By the name of the event: what is said of it, in the words of our contracts."""
    calls: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    """Likewise, by operationId."""
    states: Mapping[str, Json] = field(default_factory=dict)
    """By what a thing is called: its `id` and its `calls`, as in our documents."""
    network: tuple[str, ...] = ()
    """The beginnings of the addresses that its documents may refer to."""
    values: Mapping[str, tuple[Json, ...]] = field(default_factory=dict)
    """By the names of placeholders: what is there under that name, where clients choose among it."""

    @property
    def document(self) -> Path:
        """The one that its events are in."""
        found = self.asyncapi or self.openapi
        assert found is not None  # noqa: S101 - one of them is asked for where it is read
        return found

    def where(self, *keys: str) -> str:
        """Where something stands in the profile."""
        return f"{self.source}: [" + ".".join(["contracts", self.name, *(_key(key) for key in keys)]) + "]"


def _key(key: str) -> str:
    return key if key.replace("-", "").replace("_", "").isalnum() else f'"{key}"'


def _texts(table: Table, key: str) -> list[str]:
    """A list of texts, or a single one."""
    value = table.values[key]
    return [table.text(key)] if isinstance(value, str) else list(table.texts(key))


def _audience(table: Table, key: str) -> Json:
    value = table.values[key]
    if not isinstance(value, dict):
        return _texts(table, key)
    by_trigger = table.table(key)
    return {name: _texts(by_trigger, name) for name in by_trigger.names()}


def _pointer(table: Table, key: str) -> str:
    place = table.text(key)
    return place if place.startswith("/") else f"/{place}"


def _ack(table: Table, key: str) -> Json:
    value = table.values[key]
    if value is False or value == "none":
        table.denies(key)
        return "none"
    if isinstance(value, str):
        return {"level": table.choice(key, ("required", "optional")), "by": "callback"}
    return {"level": "required", "by": "callback", **table.template(key)}


def _flag(table: Table, key: str) -> bool:
    return table.flag(key, False)


def _text(table: Table, key: str) -> str:
    return table.text(key)


def _given(table: Table, key: str) -> Json:
    return table.template(key)


def _strings(table: Table, key: str) -> dict[str, str]:
    return table.strings(key, {}, '{ roomId = "/id" }')


def _people(table: Table, key: str) -> dict[str, str]:
    return table.strings(key, {}, '{ userId = "user" }')


Reader = Callable[[Table, str], Json]


@dataclass(frozen=True, slots=True)
class Word:
    """Something that can be said of an event."""

    key: str
    """The word of our contracts that it is."""
    read: Reader
    unsaid: str
    """What holds where nobody says it, in words."""
    of: frozenset[Direction] = frozenset(Direction)
    """Of whose events."""

    def is_of(self, direction: Direction) -> bool:
        """Whether it can be said of an event that goes this way."""
        return direction in self.of


_SERVER: Final = frozenset({Direction.SEND})
_CLIENT: Final = frozenset({Direction.RECEIVE})
EVENT_WORDS: Final[Mapping[str, Word]] = {
    "trigger": Word("x-trigger", _texts, "no call causes it for certain: that it comes is not judged", _SERVER),
    "may_trigger": Word("x-may-trigger", _texts, "no call causes it at times", _SERVER),
    "audience": Word("x-audience", _audience, "nobody knows whom it is for: no leak and no loss is seen", _SERVER),
    "may_receive": Word("x-may-receive", _texts, "nobody else may receive it", _SERVER),
    "spares_sender": Word("x-spares-sender", _flag, "whoever causes it hears of it like everybody else", _SERVER),
    "order_by": Word("x-order-by", _pointer, "no order is promised", _SERVER),
    "correlate": Word("x-correlate", _pointer, "no id ties it to its cause: recipient and name do", _SERVER),
    "ack": Word("x-ack", _ack, "it is not acknowledged"),
    "joins": Word("x-joins", _text, "whoever sends it joins no room", _CLIENT),
    "leaves": Word("x-leaves", _text, "whoever sends it leaves no room", _CLIENT),
    "people": Word("people", _people, "no field of it names somebody with a role", _CLIENT),
    "examples": Word("examples", _given, "payloads are made up from the schema"),
}
"""What can be said of an event, by the key under which a profile does."""
CALL_WORDS: Final[Mapping[str, tuple[str, Reader]]] = {
    "method": ("method", _text),
    "path": ("path", _text),
    "role": ("x-role", _text),
    "needs": ("x-needs", _texts),
    "answers": ("x-answers", _strings),
    "session": ("x-session", _text),
    "ends_sessions": ("x-ends-sessions", _text),
    "undone_by": ("x-undone-by", _given),
    "joins": ("x-joins", _strings),
    "leaves": ("x-leaves", _strings),
    "example": ("example", _given),
    "people": ("people", _people),
    "unique": ("unique", _texts),
}
"""What can be said of a call."""


def read(table: Table, name: str, folder: Path) -> Overlay:
    """The contract of this name; files are looked for in the profile's folder."""
    openapi = table.text("openapi", None)
    asyncapi = table.text("asyncapi") if openapi is None else table.text("asyncapi", None)
    events, directions = {}, {}
    of_events = table.table("events")
    for event in of_events.names():
        entry = of_events.table(event)
        if "direction" in entry:
            directions[event] = Direction(entry.choice("direction", tuple(Direction)))
        events[event] = _words(entry, {key: (word.key, word.read) for key, word in EVENT_WORDS.items()})
    of_calls = table.table("calls")
    calls = {call: _words(of_calls.table(call), CALL_WORDS) for call in of_calls.names()}
    of_states = table.table("states")
    states = {thing: of_states.template(thing) for thing in of_states.names()}
    of_values = table.table("values")
    values = {key: tuple(_listed(of_values.template(key))) for key in of_values.names()}
    wanted = Wanted(
        wire=Wire(table.choice("wire", tuple(Wire))) if "wire" in table else None,
        view=table.choice("view", VIEWS) if "view" in table else None,
        channels=table.choice("channels", AS) if "channels" in table else None,
        namespace=table.text("namespace", None),
        name_at=table.text("name_at", None),
        directions=tuple(directions.items()),
    )
    sessions = table.flag("sessions", False) if "sessions" in table else None
    network = table.texts("network", ())
    for start in network:
        table.check("network", problem_with(start))
    table.finish()
    return Overlay(
        name,
        table.file,
        None if asyncapi is None else folder / asyncapi,
        None if openapi is None else folder / openapi,
        wanted,
        sessions,
        {event: words for event, words in events.items() if words or event not in directions},
        calls,
        states,
        tuple(network),
        values,
    )


def _words(entry: Table, known: Mapping[str, tuple[str, Reader]]) -> dict[str, Json]:
    found = {word: reader(entry, key) for key, (word, reader) in known.items() if key in entry}
    entry.finish()
    return found


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]
