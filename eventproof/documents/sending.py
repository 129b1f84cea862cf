"""A client's event as an operation: what causes something by being sent takes part like every call."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from eventproof.catalog import USER, Direction, Event, Operation
from eventproof.catalog.event import CALLBACK
from eventproof.catalog.fields import parts
from eventproof.catalog.placeholders import PLACEHOLDER

__all__ = ["EMIT", "is_free", "operation_of"]

Json = Any
EMIT: Final = "EMIT"
"""What stands for the method of such an operation."""
_FREE: Final = frozenset({"enum", "const", "format", "pattern"})
_ROOM_FOR_MORE: Final = 40


def operation_of(event: Event, subjects: Iterable[str], example: Json) -> Operation:
    """The operation that sends this event of a client; what it causes is known by these `subjects`.

    Its parameters are the fields of the event's argument, or the one argument by its name.
    """
    assert event.direction is Direction.RECEIVE  # noqa: S101 - nobody asks for another one
    templates, values = _arguments(event, example)
    names = set(subjects)
    return Operation(
        system=event.system,
        id=event.name,
        method=EMIT,
        path=event.channels[0].address,
        role=event.channels[0].roles[0] if event.channels[0].roles else USER,
        summary=event.summary,
        parameters=tuple(values),
        refusals=(),
        answers=_answers(event),
        example={name: value for name, value in values.items() if value is not None},
        unique=frozenset(name for name in values if name in names and is_free(event.schema, name)),
        required=frozenset(values),
        event=event.name,
        arguments=templates,
        people=_people(event, values),
    )


def _people(event: Event, names: Iterable[str]) -> dict[str, str]:
    """The fields that name somebody, by `x-role`, each with the role of whom."""
    fields = {
        name: part for whole in parts(event.schema, event.schema) for name, part in whole.get("properties", {}).items()
    }
    known = {name: fields[name] if fields else event.schema for name in names if name in fields or not fields}
    return {name: part["x-role"] for name, part in known.items() if isinstance(part.get("x-role"), str)}


def _arguments(event: Event, example: Json) -> tuple[tuple[Json, ...], dict[str, Json]]:
    """The arguments with `{names}` in them, and an example for each name."""
    given = list(example) if event.takes_list and isinstance(example, list) else [example]
    if given == [None]:
        return (), {}
    templates: list[Json] = []
    values: dict[str, Json] = {}
    for number, argument in enumerate(given, 1):
        if isinstance(argument, Mapping) and not set(argument) & set(values):
            templates.append({name: f"{{{name}}}" if name.isidentifier() else part for name, part in argument.items()})
            values |= {name: part for name, part in argument.items() if name.isidentifier()}
        else:
            name = _name(event, number, len(given))
            templates.append(f"{{{name}}}")
            values[name] = argument
    return tuple(templates), values


def _name(event: Event, number: int, count: int) -> str:
    """What the one argument is called: as the room that it stands for, where it does."""
    named = PLACEHOLDER.findall(f"{event.joins or ''}{event.leaves or ''}")
    return named[0] if count == 1 and named else "value" if count == 1 else f"argument{number}"


def _answers(event: Event) -> dict[str, str]:
    """What the acknowledgement says, by its own names: the fields of its argument."""
    if event.ack is None or event.ack.by != CALLBACK or event.ack.answer is None or event.ack.takes_list:
        return {}
    schema = event.ack.answer.document
    fields = {name for part in parts(schema, schema) for name in part.get("properties", {})}
    return {name: f"/{name}" for name in sorted(fields) if name.isidentifier()}


def is_free(schema: Mapping[str, Json], name: str) -> bool:
    """Whether a field takes any text, so that one that nobody else has can be made up."""
    found = [part["properties"][name] for part in parts(schema, schema) if name in part.get("properties", {})]
    found = found or [schema]  # the argument has no fields: it is meant itself
    plain = [inner for described in found for inner in parts(schema, described)]
    return bool(plain) and all(
        inner.get("type") == "string" and not _FREE & set(inner) and inner.get("maxLength", 1000) >= _ROOM_FOR_MORE
        for inner in plain
    )
