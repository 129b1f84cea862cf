"""A client's event as an operation: what causes something by being sent takes part like every call."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from eventproof import samples
from eventproof.catalog import USER, Direction, Event, Operation
from eventproof.catalog.arguments import Arguments
from eventproof.catalog.event import CALLBACK
from eventproof.catalog.fields import parts
from eventproof.catalog.placeholders import PLACEHOLDER

__all__ = ["EMIT", "is_free", "operation_of"]

Json = Any
EMIT: Final = "EMIT"
"""What stands for the method of such an operation."""
_FREE: Final = frozenset({"enum", "const", "format", "pattern"})
_ROOM_FOR_MORE: Final = 40


def operation_of(event: Event, subjects: Collection[str], named: Collection[str], known: Collection[str]) -> Operation:
    """The operation that sends this event of a client; what it causes is known by these `subjects`.

    Its parameters are the fields of the event's first example, or the one argument by its name. Beside them it has
    each further field that the schema describes: one under a name that what it causes is told by (`named`, or somebody
    with a role) is always sent, one that other calls make `known` where they have.
    """
    assert event.direction is Direction.RECEIVE  # noqa: S101 - nobody asks for another one
    example = _with_fields(event, next(iter(event.examples), None), {*subjects, *named})
    templates, values = _arguments(event, example)
    templates, further = _with_further(event, example, templates, set(known) - set(values))
    return Operation(
        system=event.system,
        id=event.name,
        method=EMIT,
        path=event.channels[0].address,
        role=event.channels[0].roles[0] if event.channels[0].roles else USER,
        summary=event.summary,
        parameters=(*values, *further),
        refusals=(),
        answers=_answers(event),
        example={name: value for name, value in values.items() if value is not None},
        unique=frozenset(name for name in values if name in subjects and is_free(event.schema, name)),
        required=frozenset(values),
        event=event.name,
        arguments=templates,
        people=_people(event, values),
    )


def _with_fields(event: Event, example: Json, wanted: Collection[str]) -> Json:
    """The example with a made-up value for each field under one of these names, or of somebody, which it lacks."""
    for number, name, part in list(_described(event)):
        if name in wanted or (isinstance(part, Mapping) and "x-role" in part):
            fuller = _with(event, example, number, name, samples.part(event, part, 0))
            example = fuller if event.is_valid(fuller) else example
    return example


def _with_further(
    event: Event, example: Json, templates: tuple[Json, ...], known: Collection[str]
) -> tuple[tuple[Json, ...], list[str]]:
    """The arguments with a place for each further field under a name that is known at times; and these names."""
    found = list(templates)
    further: list[str] = []
    for number, name, part in _described(event):
        if name not in known or name in further or number >= len(found) or not isinstance(found[number], Mapping):
            continue
        if event.is_valid(_with(event, example, number, name, samples.part(event, part, 0))):
            found[number] = {**found[number], name: f"{{{name}}}"}
            further.append(name)
    return tuple(found), further


def _described(event: Event) -> Iterator[tuple[int, str, Json]]:
    """The fields of each argument, as far as they can be named: the argument's number, the field, and its schema."""
    items = event.schema.get("items") if event.takes_list else [event.schema]
    for number, argument in enumerate(items if isinstance(items, list) else ()):
        for part in parts(event.schema, argument):
            for name, inner in part.get("properties", {}).items():
                if name.isidentifier():
                    yield number, name, inner


def _with(event: Event, example: Json, number: int, name: str, value: Json) -> Json:
    """The example with a field of one of its arguments, unless that has it; itself where the argument has no fields."""
    given = list(example) if event.takes_list and isinstance(example, list) else [example]
    if number >= len(given) or not isinstance(given[number], Mapping) or name in given[number]:
        return example
    given[number] = {**given[number], name: value}
    return Arguments(given) if event.takes_list else given[0]


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
