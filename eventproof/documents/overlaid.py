"""A document in our form with what the profile says of its events, and which of both said it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from eventproof.catalog import Direction
from eventproof.catalog.documents import Document
from eventproof.catalog.fields import named, parts
from eventproof.catalog.pointer import pointer
from eventproof.catalog.reading import Said
from eventproof.errors import ContractError
from eventproof.settings import nearest

from .overlay import EVENT_WORDS, Overlay

__all__ = ["messages_of", "overlaid", "place_of", "said_of"]

Json = Any
_WORDS: Final = {word.key: word for word in EVENT_WORDS.values()}
_PARTS: Final = ("allOf", "anyOf", "oneOf")


def messages_of(document: Document) -> dict[str, Mapping[str, Json]]:
    """Every message, by its place."""
    return {
        place_of(name, key): message
        for name, channel in document.content["channels"].items()
        for key, message in channel["messages"].items()
    }


def place_of(channel: str, key: str) -> str:
    """The place of one message, as a JSON pointer."""
    return pointer(["channels", channel, "messages", key])


def overlaid(document: Document, overlay: Overlay) -> Document:
    """The document with what the profile says of its events.

    Raises ContractError where it says so of an event that is not there, or of one of the other side.
    """
    messages, directions = messages_of(document), _directions(document)
    names = {message["name"] for message in messages.values()}
    changes: dict[str, dict[str, Json]] = {}
    origins: dict[str, str] = {}
    for event, said in overlay.events.items():
        where = overlay.where("events", event)
        if event not in names:
            raise ContractError(
                f"{where}: {overlay.document} has no event of that name{nearest(event, names)}; it has "
                f"{', '.join(sorted(names))}"
            )
        both = [place for place, message in messages.items() if message["name"] == event]
        for word, value in said.items():
            places = [place for place in both if _fits(word, directions[place], [directions[each] for each in both])]
            if not places:
                who = "clients send it" if _WORDS[word].is_of(Direction.SEND) else "the server sends it"
                raise ContractError(f"{where}: {word.removeprefix('x-').replace('-', '_')} says nothing here, as {who}")
            for place in places:
                changed = changes.setdefault(place, {})
                payload = changed["payload"] if "payload" in changed else messages[place]["payload"]
                if word == "examples":
                    changed["payload"] = {**payload, "examples": value if isinstance(value, list) else [value]}
                elif word == "people":
                    changed["payload"] = _with_roles(payload, value, where)
                elif (
                    word == "x-ack" and isinstance(value, Mapping) and isinstance(messages[place].get("x-ack"), Mapping)
                ):
                    changed[word] = {**messages[place]["x-ack"], **value}
                else:
                    changed[word] = value
                origins[f"{place}/{word}"] = where
    return _changed(document, changes, origins)


def said_of(document: Document) -> dict[tuple[str, Direction, str], dict[str, Said]]:
    """What is said of each event (by channel, direction and name), by the key that a profile has for it."""
    directions = _directions(document)
    found: dict[tuple[str, Direction, str], dict[str, Said]] = {}
    for channel, entry in document.content["channels"].items():
        for key, message in entry["messages"].items():
            place = place_of(channel, key)
            payload = message["payload"]
            others = {"examples": payload.get("examples"), "people": _roles(payload)}
            values = {key: others[word.key] if word.key in others else message.get(word.key) for key, word in _KEYS}
            found[channel, directions[place], message["name"]] = {
                name: Said(value, document.origin(f"{place}/{_key(name)}"))
                for name, value in values.items()
                if value not in (None, [], {}, "none")
            }
    return found


_KEYS: Final = tuple(EVENT_WORDS.items())


def _key(name: str) -> str:
    return EVENT_WORDS[name].key


def _directions(document: Document) -> dict[str, Direction]:
    """Who sends each message, by its place."""
    return {
        reference["$ref"].removeprefix("#"): Direction(operation["action"])
        for operation in document.content["operations"].values()
        for reference in operation["messages"]
    }


def _fits(word: str, direction: Direction, both: Sequence[Direction]) -> bool:
    """Whether a word is about an event that goes this way; where it is about either, that of the client comes first."""
    if len(_WORDS[word].of) == 1:
        return _WORDS[word].is_of(direction)
    return direction is (Direction.RECEIVE if Direction.RECEIVE in both else Direction.SEND)


def _roles(payload: Mapping[str, Json]) -> dict[str, str]:
    """The fields at the top of a payload that name somebody with a role; an argument without fields is a value."""
    if "x-role" in payload:
        return {"value": payload["x-role"]}
    return {
        name: part["x-role"]
        for whole in parts(payload, payload)
        for name, part in whole.get("properties", {}).items()
        if isinstance(part, Mapping) and "x-role" in part
    }


def _with_roles(payload: Mapping[str, Json], people: Mapping[str, str], where: str) -> Mapping[str, Json]:
    """The schema, each of these fields with the role of whom it names; an argument without fields is such a one."""
    known = named(payload)
    if not known and len(people) == 1:
        return {**payload, "x-role": next(iter(people.values()))}
    if unknown := set(people) - known:
        name = min(unknown)
        raise ContractError(f"{where}: people: the payload has no field {name}{nearest(name, known)}")
    return _marked(payload, people)


def _marked(schema: Mapping[str, Json], people: Mapping[str, str]) -> Mapping[str, Json]:
    marked = dict(schema)
    if isinstance(schema.get("properties"), Mapping):
        marked["properties"] = {
            name: {**part, "x-role": people[name]} if name in people and isinstance(part, Mapping) else part
            for name, part in schema["properties"].items()
        }
    for key in (*_PARTS, "items"):
        if isinstance(schema.get(key), list):
            marked[key] = [_marked(part, people) if isinstance(part, Mapping) else part for part in schema[key]]
    if isinstance(schema.get("definitions"), Mapping):
        marked["definitions"] = {
            name: _marked(part, people) if isinstance(part, Mapping) else part
            for name, part in schema["definitions"].items()
        }
    return marked


def _changed(document: Document, changes: Mapping[str, Mapping[str, Json]], origins: Mapping[str, str]) -> Document:
    """The document with further words at some of its messages, by their places; these stand elsewhere."""
    content = dict(document.content)
    channels = {name: dict(entry) for name, entry in content["channels"].items()}
    for name, entry in channels.items():
        entry["messages"] = {
            key: {**message, **changes.get(place_of(name, key), {})} for key, message in entry["messages"].items()
        }
    return replace(document, content={**content, "channels": channels}, origins={**document.origins, **origins})
