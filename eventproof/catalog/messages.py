"""The channels and the events of a system, out of its AsyncAPI document and its schemas."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from .arguments import Arguments
from .channel import Channel, ClientLimits, Heartbeat, Opening, Wire
from .documents import Document, Formats
from .event import CALLBACK, OWNER, Ack, AckLevel, Counterexample, Direction, Event, Retry
from .fields import described, named
from .operation import ADMIN, ANYONE, Operation
from .placeholders import PLACEHOLDER
from .pointer import pointer
from .schema import Schema, SchemaError


def channels(document: Document) -> dict[str, Channel]:
    """The channels by their names in the document; no two have one address."""
    found = {name: _channel(document, name, entry) for name, entry in document.content["channels"].items()}
    addresses: set[str] = set()
    for channel in found.values():
        if channel.address in addresses:
            raise document.fault(
                pointer(["channels", channel.name]), f"two channels have the address {channel.address}"
            )
        addresses.add(channel.address)
    return found


def _channel(document: Document, name: str, entry: Mapping[str, Any]) -> Channel:
    wire, place = Wire(entry["x-wire"]), ["channels", name]
    if "x-auth" in entry and wire is not Wire.SOCKET_IO:
        raise document.fault(pointer([*place, "x-auth"]), f"{wire} has no CONNECT to send it in")
    if "x-opening" in entry and wire is not Wire.SOCKET_IO:
        raise document.fault(pointer([*place, "x-opening"]), f"{wire} has no acknowledgement by which it is answered")
    if "x-name-at" in entry and wire is Wire.SOCKET_IO:
        raise document.fault(pointer([*place, "x-name-at"]), f"{wire} has the name beside the argument")
    if "x-refused-with" in entry and wire is not Wire.SOCKET_IO:
        raise document.fault(
            pointer([*place, "x-refused-with"]), f"{wire} has no CONNECT_ERROR with a code in its data"
        )
    if "x-limits" in entry and wire is Wire.SSE:
        raise document.fault(pointer([*place, "x-limits"]), f"clients say nothing on {wire}")
    greeting, beat = entry.get("x-greeting"), entry.get("x-heartbeat")
    carried = {message["name"] for message in entry["messages"].values()}
    opening = (entry.get("x-opening", {}).get("event"),)
    for key, names in (("x-greeting", (greeting,)), ("x-heartbeat", (beat or {}).values()), ("x-opening", opening)):
        if lacking := {name for name in names if name} - carried:
            raise document.fault(pointer([*place, key]), f'"{min(lacking)}" is no message of the channel')
    if lacking := set(PLACEHOLDER.findall(entry["address"])) ^ set(entry.get("parameters", ())):
        raise document.fault(pointer(place), f"the parameter {min(lacking)} is in the address or described, not both")
    if lacking := set(PLACEHOLDER.findall(entry.get("x-room", ""))) - set(entry.get("parameters", ())):
        raise document.fault(pointer([*place, "x-room"]), f"{min(lacking)} is no parameter of the address")
    return Channel(
        name,
        wire,
        entry["address"],
        **({"auth": entry["x-auth"]} if "x-auth" in entry else {}),
        name_at=entry.get("x-name-at"),
        greeting=greeting,
        heartbeat=Heartbeat(**beat) if beat else None,
        room=entry.get("x-room"),
        envelope=entry.get("x-envelope"),
        refused_with=entry.get("x-refused-with", {}),
        opening=Opening(**entry["x-opening"]) if "x-opening" in entry else None,
        roles=tuple(entry.get("x-roles", ())),
        limits=ClientLimits(**entry.get("x-limits", {})),
    )


def events(
    document: Document,
    system: str,
    channels: Mapping[str, Channel],
    operations: Mapping[str, Operation],
    formats: Formats | None,
) -> tuple[Event, ...]:
    """The events, each once: the same message on several channels is one event.

    Without `formats` the schemas stand in the document, and what it does not say of an event may stay unsaid.
    """
    carried: list[tuple[Direction, Mapping[str, Any], str, list[Channel]]] = []
    for channel_name, direction, place in _messages(document):
        message = document.at("#" + place)
        channel = channels[channel_name]
        for known_direction, known, _, on in carried:
            if (known_direction, known["name"]) != (direction, message["name"]):
                continue
            if channel in on:
                raise document.fault(place, f'there are two events "{message["name"]}" on this channel')
            if known == message:
                on.append(channel)
                break
        else:
            carried.append((direction, message, place, [channel]))
    found = tuple(
        _event(document, place, message, system, direction, tuple(on), operations, formats)
        for direction, message, place, on in carried
    )
    return tuple(
        replace(event, ack=_ack(document, f"{place}/x-ack", message["x-ack"], event, found))
        if message.get("x-ack", "none") != "none"
        else event
        for event, (_, message, place, _) in zip(found, carried, strict=True)
    )


def _messages(document: Document) -> Iterator[tuple[str, Direction, str]]:
    """Each message that an operation sends or receives: the channel's name, the direction, the message's place."""
    used: set[str] = set()
    for name, operation in document.content["operations"].items():
        reference = operation["channel"]["$ref"]
        channel = document.at(reference)
        everything = [{"$ref": f"{reference}/messages/{key}"} for key in channel["messages"]]
        for message in operation.get("messages", everything):
            document.at(message["$ref"])
            if not message["$ref"].startswith(reference + "/messages/"):
                raise document.fault(pointer(["operations", name]), f"{message['$ref']} is no message of its channel")
            used.add(message["$ref"])
            yield reference.rsplit("/", 1)[1], Direction(operation["action"]), message["$ref"].removeprefix("#")
    for name, channel in document.content["channels"].items():
        for key in channel["messages"]:
            if f"#/channels/{name}/messages/{key}" not in used:
                raise document.fault(f"/channels/{name}/messages/{key}", "no operation sends or receives it")


def _event(
    document: Document,
    place: str,
    message: Mapping[str, Any],
    system: str,
    direction: Direction,
    channels: tuple[Channel, ...],
    operations: Mapping[str, Operation],
    formats: Formats | None,
) -> Event:
    if formats is None:
        schema, schema_place = document, f"{place}/payload"
        content: Mapping[str, Any] = message["payload"]
    else:
        schema, schema_place = formats.read(document.path.parent / message["payload"]["$ref"], "event"), ""
        content = schema.content
    validator = _compiled(schema, schema_place, content)
    always, at_times = message.get("x-trigger", ()), message.get("x-may-trigger", ())
    triggers = (*always, *at_times)
    for key, listed in (("x-trigger", always), ("x-may-trigger", at_times)):
        for trigger in listed:
            if trigger not in operations:
                raise document.fault(f"{place}/{key}", f'names no operation of openapi.yaml: "{trigger}"')
            if triggers.count(trigger) > 1:
                raise document.fault(f"{place}/{key}", f"{trigger} causes it always or at times, not both")
    told = message.get("x-audience", ())
    audiences = _by_trigger(document, f"{place}/x-audience", told, triggers) if isinstance(told, Mapping) else {}
    audience = tuple(dict.fromkeys(term for terms in audiences.values() for term in terms) if audiences else told)
    takes_list = message.get("x-arguments") == "list"
    event = Event(
        system=system,
        channels=channels,
        direction=direction,
        name=message["name"],
        summary=message["summary"],
        schema=content,
        schema_path=schema.path,
        examples=tuple(map(_as_arguments, content["examples"]) if takes_list else content["examples"]),
        counterexamples=tuple(Counterexample(**entry) for entry in content.get("x-counterexamples", ())),
        ack=None,
        audience=audience,
        order_by=message.get("x-order-by"),
        correlate=message.get("x-correlate"),
        triggers=triggers,
        _validator=validator,
        caused_by_owner=frozenset(
            trigger for trigger in triggers if _caller_is_owner(operations[trigger], audience, content)
        ),
        at_times=frozenset(at_times),
        audiences=audiences,
        possible=tuple(message.get("x-may-receive", ())),
        joins=message.get("x-joins"),
        leaves=message.get("x-leaves"),
        takes_list=takes_list,
        spares=message.get("x-spares-sender", False),
    )
    for key, target in (("x-order-by", event.order_by), ("x-correlate", event.correlate)):
        _check_pointer(document, f"{place}/{key}", event, target)
        _check_told(document, f"{place}/{key}", event, target, [operations[trigger] for trigger in triggers])
    _check_audience(
        document, place, event, [operations[trigger] for trigger in triggers], must_tell=formats is not None
    )
    return event


def _as_arguments(example: Any) -> Any:
    return Arguments(example) if isinstance(example, list) else example


def _compiled(document: Document, place: str, content: Mapping[str, Any]) -> Schema:
    try:
        return Schema(content)
    except SchemaError as error:
        raise document.fault(place + error.place, f"the schema does not compile: {error}") from None


def _by_trigger(
    document: Document, place: str, told: Mapping[str, Sequence[str]], triggers: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """The terms of an audience that is not the same after each trigger."""
    if unlike := set(told) ^ set(triggers):
        raise document.fault(place, f"{min(unlike)} causes it or has an audience here, not both")
    return {trigger: tuple(terms) for trigger, terms in told.items()}


def _check_told(
    document: Document, place: str, event: Event, target: str | None, triggers: Sequence[Operation]
) -> None:
    """Each call that causes an event tells the ids by which the event is known: it takes them, or answers with them."""
    name = None if target is None else target.rpartition("/")[2]
    for trigger in triggers:
        if name is not None and name not in (*trigger.parameters, *trigger.answers):
            raise document.fault(
                place, f"{trigger.id} causes {event.name}, and neither takes nor answers with {name} (x-answers)"
            )


def _ack(document: Document, place: str, entry: Mapping[str, Any], event: Event, events: Sequence[Event]) -> Ack:
    by, level, match = entry["by"], AckLevel(entry["level"]), entry.get("match", {})
    retry = Retry(**entry["retry"]) if "retry" in entry else None
    if retry and level is not AckLevel.REQUIRED:
        raise document.fault(f"{place}/retry", "only what must be acknowledged is sent again")
    answers = {other.name: other for other in events if other.direction is not event.direction}
    if by not in {CALLBACK, *answers}:
        raise document.fault(f"{place}/by", f'"{by}" is neither `{CALLBACK}` nor an event of the other side')
    content: Mapping[str, Any] | None = entry.get("schema")
    schema = None if content is None else _compiled(document, f"{place}/schema", content)
    answer = answers[by].schema if by != CALLBACK else {}
    fields = answer.get("properties", {})
    for name, target in match.items():
        if name not in named(answer):
            raise document.fault(f"{place}/match/{name}", f"is no field of {by}")
        _check_pointer(document, f"{place}/match/{name}", event, target)
    constants = {name: part["const"] for name, part in fields.items() if "const" in part}
    for name in answer.get("required", ()):
        if name not in {*match, *constants} and event.direction is Direction.SEND:
            raise document.fault(f"{place}/match", f"nothing says what {name} of {by} is")
    return Ack(level, by, match, retry, constants, schema, entry.get("arguments") == "list")


def _check_pointer(document: Document, place: str, event: Event, target: str | None) -> None:
    if target is not None and not described(event.schema, target):
        raise document.fault(place, f"{target} is no field that {event.schema_path.name} describes")


def _caller_is_owner(trigger: Operation, audience: Sequence[str], schema: Mapping[str, Any]) -> bool:
    """Whether nothing but the session of this call tells whom an event for `user:{userId}` is for."""
    is_named = OWNER in trigger.parameters or OWNER in named(schema)
    return OWNER in PLACEHOLDER.findall(" ".join(audience)) and not is_named and trigger.role not in (ANYONE, ADMIN)


def _check_audience(
    document: Document, place: str, event: Event, triggers: Sequence[Operation], *, must_tell: bool
) -> None:
    if event.direction is Direction.SEND and not event.audience and must_tell:
        raise document.fault(place, "an event that the server sends needs an x-audience")
    for name in event.placeholders:
        in_payload = name in named(event.schema)
        in_calls = triggers and all(
            name in (*trigger.parameters, *trigger.answers) or (name == OWNER and trigger.id in event.caused_by_owner)
            for trigger in triggers
        )
        if not in_payload and not in_calls:
            said = f"{{{name}}} is neither told by its triggers nor at the top of its payload, nor their caller"
            silent = next((trigger.id for trigger in triggers if name not in trigger.parameters), None)
            told = (
                f'; where the answer to {silent} has it, say so there: answers = {{ {name} = "/…" }}' if silent else ""
            )
            raise document.fault(f"{place}/x-audience", said + told)
    for key, template in (("x-joins", event.joins), ("x-leaves", event.leaves)):
        if template is not None and event.direction is Direction.SEND:
            raise document.fault(f"{place}/{key}", "only what a client sends has it in a room or out of it")
        names = PLACEHOLDER.findall(template or "")
        if len(names) > 1 and not set(names) <= named(event.schema):
            raise document.fault(f"{place}/{key}", f"{event.schema_path.name} does not describe {', '.join(names)}")
