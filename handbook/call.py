"""The section of one call: how it is made, who may, what it causes, what it answers, how it refuses."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from eventproof.catalog import ADMIN, ANYONE, USER, Catalog, Ends, ErrorCode, OfSession, Operation, System
from eventproof.catalog.operation import CALLER

from .audience import role_in_words
from .fields import Field, fields, fields_table, says
from .kinds import in_words, resolved
from .links import Links
from .markdown import anchor, anchored, code, escaped, facts, folded, json_block, listed, table

__all__ = ["common_refusals", "overview", "section"]

Json = Any


def overview(system: System, links: Links) -> str:
    """All calls of a system in a table."""
    return table(
        ("Call", "Request", "Who may", "What it does"),
        (
            (
                links.call(system.name, call.id),
                code(f"{call.method} {call.path}"),
                _who(call),
                links.prose(call.summary, system),
            )
            for call in system.operations
        ),
    )


def common_refusals(catalog: Catalog, links: Links) -> str:
    """The refusals that follow from who calls and with what, in a table that stands above all calls."""
    shown = _refusals_table((error for error in catalog.errors.values() if error.applies), links)
    return folded("Refusals that no call lists as its own, as they follow from who calls and with what", shown)


def section(call: Operation, system: System, catalog: Catalog, links: Links) -> str:
    """The whole section."""
    entry = _entry(call, system)
    parts = [
        anchored(3, anchor("call", call.id), code(call.id)),
        links.prose(call.summary, system),
        links.prose(str(entry.get("description", "")).strip(), system),
        f"```http\n{call.method} {call.path}\n```",
        facts(_facts(call, system, links)),
        *_parameters(call, system),
        *_answers(call, system),
        _refusals(call, system, catalog, links),
    ]
    return "\n\n".join(part for part in parts if part)


def _facts(call: Operation, system: System, links: Links) -> Iterator[tuple[str, str]]:
    yield "Who may", _who(call)
    if call.capability:
        yield "Only where", f"the target claims the capability {code(call.capability)}"
    yield "Comes after", listed(links.call(system.name, needed) for needed in call.needs)
    caused = [event for event in system.events if call.id in event.certain]
    perhaps = [event for event in system.events if call.id in event.at_times]
    yield "Causes", listed(map(links.event, caused))
    yield "Causes now and then", listed(map(links.event, perhaps))
    yield "Ends", _ended(call)
    yield "Session", _session(call)
    yield "Puts in a room", _members(call.joins)
    yield "Takes out of a room", _members(call.leaves)
    yield "Undone by", _undone(call, system, links)
    yield "Cannot be taken back", "what it does waits until it is used up" if call.lasts else ""


def _who(call: Operation) -> str:
    told = {ANYONE: "anyone, without a session", USER: "any user with a session", ADMIN: "an admin"}
    return listed((told.get(role, role_in_words(role)) for role in call.roles), "or")


def _ended(call: Operation) -> str:
    match call.ends:
        case Ends.CALLER:
            return "the session that it is made with"
        case Ends.USER:
            return f"every session of the user {code('userId')}, and their connections"
        case None:
            return ""


def _session(call: Operation) -> str:
    match call.session:
        case OfSession.BEGINS:
            return "its answer has the token of a new one"
        case OfSession.SHOWS:
            return "it tells whose a token is, and so whether it is good"
        case None:
            return ""


def _members(rooms: Mapping[str, str]) -> str:
    return listed(
        f"{code(room)}: {'the caller' if who == CALLER else f'the user {code(who)}'}" for room, who in rooms.items()
    )


def _undone(call: Operation, system: System, links: Links) -> str:
    back = call.undone_by
    if back is None:
        return ""
    with_what = listed(f"{code(name)} = {code(value)}" for name, value in back.parameters.items())
    return links.call(system.name, back.operation) + (f" with {with_what}" if with_what else "")


def _entry(call: Operation, system: System) -> Mapping[str, Json]:
    entry: Mapping[str, Json] = system.openapi["paths"][call.path][call.method.lower()]
    return entry


def _parameters(call: Operation, system: System) -> Iterator[str]:
    """What stands in path, query and headers, then the body with its first example."""
    root, entry = system.openapi, _entry(call, system)
    listed_ones = [*root["paths"][call.path].get("parameters", ()), *entry.get("parameters", ())]
    described = [resolved(parameter, root) for parameter in listed_ones]
    if described:
        yield table(
            ("Parameter", "In", "Type", "Required", "What it says"),
            (
                (
                    code(each["name"]),
                    each["in"],
                    in_words(each.get("schema", {}), root),
                    "yes" if each.get("required") else "no",
                    says(each),
                )
                for each in described
            ),
        )
    body = resolved(entry.get("requestBody", {}), root)
    if schema := _json_schema(body):
        optional = "" if body.get("required") else ", which may be left out"
        yield f"Body{optional}:\n\n{fields_table(_with_unique(fields(schema, root), call))}"
        examples = resolved(schema, root).get("examples", ())
        if examples:
            yield json_block(examples[0])


def _with_unique(rows: Iterable[Field], call: Operation) -> Iterator[Field]:
    for row in rows:
        told = " Must be one that no earlier call had." if row.name in call.unique else ""
        yield Field(row.name, row.kind, row.required, f"{row.says}{told}".strip())


def _answers(call: Operation, system: System) -> Iterator[str]:
    """The statuses of success, what they say and which fields they have."""
    root, entry = system.openapi, _entry(call, system)
    for status, response in entry["responses"].items():
        if status[0] in "45":
            continue
        answer = resolved(response, root)
        yield f"Answers **{status}**: {escaped(answer['description'])}{_read(call)}"
        if schema := _json_schema(answer):
            yield folded(f"Fields of the answer {status}", fields_table(fields(schema, root)))


def _read(call: Operation) -> str:
    """What the check reads from the answer, and where."""
    places = [
        f"{code(name)} at {code(place)}" if place.startswith("/") else f"{code(name)} from {code(place)}"
        for name, place in call.answers.items()
    ]
    return f" Read from it: {listed(places)}." if places else ""


def _json_schema(described: Mapping[str, Json]) -> Json:
    return described.get("content", {}).get("application/json", {}).get("schema")


def _refusals(call: Operation, system: System, catalog: Catalog, links: Links) -> str:
    """Those of its own with what the caller can do; the others by name alone, for they stand above all calls."""
    own = _entry(call, system).get("x-refusals", ())
    implied = [refusal for refusal in call.refusals if refusal not in own]
    parts = [_refusals_table((catalog.errors[refusal] for refusal in own), links)] if own else []
    if implied:
        parts.append(f"Refused also with {listed(map(links.error, implied), 'or')}.")
    return "\n\n".join(parts)


def _refusals_table(errors: Iterable[ErrorCode], links: Links) -> str:
    return table(
        ("Refused with", "Status", "What the caller can do"),
        (
            (links.error(error.code), str(error.status), escaped(error.sentence))
            for error in sorted(errors, key=_by_status)
        ),
    )


def _by_status(error: ErrorCode) -> int:
    return error.status
