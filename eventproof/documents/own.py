"""Somebody's own contract, from their documents and their profile to a `System` like those that are shipped."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from eventproof import samples
from eventproof.catalog import Direction, Event, Operation, System, Wire
from eventproof.catalog.calls import operations, ordered
from eventproof.catalog.documents import Document
from eventproof.catalog.event import CALLBACK
from eventproof.catalog.messages import channels, events
from eventproof.catalog.model import Chosen
from eventproof.catalog.placeholders import PLACEHOLDER
from eventproof.catalog.reading import Reading
from eventproof.catalog.schema import Schema
from eventproof.catalog.states import states
from eventproof.errors import ContractError
from eventproof.settings import nearest

from . import calls, promises, words
from .house import housed, streamed
from .library import Library
from .network import Network
from .overlaid import messages_of, overlaid, place_of, said_of
from .overlay import EVENT_WORDS, Overlay
from .sending import is_free, operation_of

__all__ = ["system"]

Json = Any
_LATER: Final = {word.key for word in EVENT_WORDS.values() if word.is_of(Direction.SEND) and word.key != "examples"}
"""What needs the other events and the calls to be known."""


def system(overlay: Overlay, *, has_tokens: bool = False, jwt: Mapping[str, Json] | None = None) -> System:
    """The contract; `has_tokens` says whether those who take part have any, `jwt` what the profile says of them.

    Raises ContractError with file, line and remedy.
    """
    library = Library(Network(overlay.network))
    read = streamed if overlay.asyncapi is None else housed
    house = read(library, overlay.document, overlay.wanted)
    sessions = overlay.sessions if overlay.sessions is not None else house.is_secured or has_tokens or jwt is not None
    document = _with_auth(overlaid(house.document, overlay), sessions=sessions)
    words.must_be_ours(document)
    _must_have_callbacks(document)
    known = channels(document)
    asked = _ids(document)
    of_calls = calls.described(library, overlay, sessions=sessions, asked=asked)
    made = operations(of_calls, overlay.name, None)
    bare = [_exemplified(event) for event in events(_bare(document), overlay.name, known, {}, None)]
    words.states_must_be_ours(of_calls)
    sent = _sent(document, of_calls, bare, made)
    everything = ordered(of_calls, {operation.id: operation for operation in (*made, *sent)})
    tables = states(of_calls, everything)
    _must_be_known(document, everything, bare)
    told = tuple(map(_exemplified, events(document, overlay.name, known, everything, None)))
    untold = frozenset(message["name"] for message in messages_of(document).values() if message.get("x-untold"))
    tokens = promises.tokens_of(jwt) if sessions else None
    promise = promises.promised(overlay.name, told, untold, tables, str(overlay.document), tokens)
    return System(
        name=overlay.name,
        prefix=overlay.name.upper(),
        title=house.title,
        channels=tuple(known.values()),
        events=told,
        operations=tuple(everything.values()),
        requirements=promise.requirements,
        openapi=of_calls.content,
        asyncapi=document.content,
        states=tables,
        chosen=_chosen(told, made, overlay),
        reading=Reading(
            house.said,
            tuple(remark.of(overlay.name) for remark in library.remarks),
            promise.lacks,
            len(promise.requirements),
            house.served,
            house.token_in,
            said_of(document),
        ),
        has=_has(overlay, told),
    )


def _with_auth(document: Document, *, sessions: bool) -> Document:
    """Without sessions a client of Socket.IO presents nothing."""
    if sessions:
        return document
    entries = {
        name: {"x-auth": {}, **entry} if entry["x-wire"] == "socket.io" else entry
        for name, entry in document.content["channels"].items()
    }
    return replace(document, content={**document.content, "channels": entries})


def _ids(document: Document) -> set[str]:
    """The names of all ids by which something is told for whom or about what it is."""
    return set().union(*map(_names, messages_of(document).values()))


def _names(message: Mapping[str, Json]) -> set[str]:
    """The names by which one event is told for whom or about what it is."""
    places = {message[key].rpartition("/")[2] for key in ("x-order-by", "x-correlate") if key in message}
    return places | set(PLACEHOLDER.findall(str([message.get(key) for key in ("x-audience", "x-joins")])))


def _bare(document: Document) -> Document:
    """The document without what needs the calls to be known."""
    places = {place: dict.fromkeys(_LATER & set(message)) for place, message in messages_of(document).items()}
    entries = {}
    for name, channel in document.content["channels"].items():
        messages = {
            key: {word: value for word, value in message.items() if word not in places[place_of(name, key)]}
            for key, message in channel["messages"].items()
        }
        entries[name] = {**channel, "messages": messages}
    return replace(document, content={**document.content, "channels": entries})


def _exemplified(event: Event) -> Event:
    """The event with an example, and with one of its acknowledgement: those that the document lacks are made up."""
    ack = event.ack
    if ack is not None and ack.answer is not None and not ack.answer.document.get("examples"):
        made = samples.acknowledged(ack, 0)
        shown = {} if made in (None, samples.NONE) else {"examples": [list(made) if ack.takes_list else made]}
        event = replace(event, ack=replace(ack, answer=Schema({**ack.answer.document, **shown})))
    if event.examples:
        return event
    made = samples.made_up(event, 0)
    return event if made is samples.NONE else replace(event, examples=(made,))


def _causes(document: Document) -> dict[str, list[Mapping[str, Json]]]:
    """The messages that each trigger causes."""
    found: dict[str, list[Mapping[str, Json]]] = {}
    for message in messages_of(document).values():
        for trigger in (*message.get("x-trigger", ()), *message.get("x-may-trigger", ())):
            found.setdefault(trigger, []).append(message)
    return found


def _sent(
    document: Document, of_calls: Document, bare: Iterable[Event], made: Collection[Operation]
) -> list[Operation]:
    """The events of clients that cause something, each as an operation."""
    causes, taken = _causes(document), {operation.id for operation in made}
    answered = {name for operation in made for name in operation.answers}
    found: dict[str, Operation] = {}
    for event in bare:
        if event.direction is Direction.RECEIVE and event.name in causes and event.name not in taken | set(found):
            caused = causes[event.name]
            subjects = {message["x-correlate"].rpartition("/")[2] for message in caused if "x-correlate" in message}
            named = set().union(*map(_names, caused)) | _moved(of_calls, event.name)
            found[event.name] = operation_of(event, subjects, named, answered)
    return list(found.values())


def _moved(of_calls: Document, call: str) -> set[str]:
    """The names of the ids of those things whose states the call changes."""
    tables = of_calls.content.get("x-states", {}).values()
    return {table["id"] for table in tables if call in table["calls"]}


def _must_have_callbacks(document: Document) -> None:
    """Only Socket.IO acknowledges by itself."""
    for name, channel in document.content["channels"].items():
        for key, message in channel["messages"].items() if channel["x-wire"] != Wire.SOCKET_IO else ():
            ack = message.get("x-ack")
            if isinstance(ack, Mapping) and ack.get("by") == CALLBACK:
                raise document.fault(
                    f"{place_of(name, key)}/x-ack",
                    f"{channel['x-wire']} has no callbacks: name the event of the other side that acknowledges, "
                    'ack = { by = "…" }',
                )


def _must_be_known(document: Document, operations: Mapping[str, Operation], bare: Iterable[Event]) -> None:
    """Every trigger is a call or an event of a client."""
    known = {*operations, *(event.name for event in bare if event.direction is Direction.RECEIVE)}
    for place, message in messages_of(document).items():
        for word in ("x-trigger", "x-may-trigger"):
            for trigger in message.get(word, ()):
                if trigger not in operations:
                    raise document.fault(
                        f"{place}/{word}",
                        f'"{trigger}" is neither a call nor an event of a client{nearest(trigger, known)}; there are '
                        f"{', '.join(sorted(known)) or 'none'}",
                    )


def _chosen(told: Iterable[Event], made: Iterable[Operation], overlay: Overlay) -> dict[str, Chosen]:
    """The names in the rooms that clients ask for, of which no call makes the thing."""
    answered = {name for operation in made for name in operation.answers}
    found: dict[str, Chosen] = {}
    for event in told:
        example = next(iter(event.examples), None)
        for name in PLACEHOLDER.findall(event.joins or ""):
            fields = event.fields(example)
            value = fields.get(name, None if isinstance(example, Mapping | list) else example)
            if name not in answered and name not in found:
                values = overlay.values.get(name, ())
                is_fixed = not values and not is_free(event.schema, name)
                found[name] = Chosen(value, values or ((value,) if is_fixed and value is not None else ()))
    if unknown := set(overlay.values) - set(found):
        name = min(unknown)
        raise ContractError(
            f"{overlay.where('values')}: {name} stands in no room that a client asks for (joins){nearest(name, found)}"
        )
    return found


def _has(overlay: Overlay, told: Iterable[Event]) -> frozenset[str]:
    """What the contract has of that by which shared requirements bind it."""
    found = {"channel"}
    for event in told:
        if event.certain and event.audience:
            found |= {"trigger", "audience"}
    return frozenset(found | ({"openapi"} if overlay.openapi is not None else set()))
