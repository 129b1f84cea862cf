"""What the contracts say of one call, and how a profile says where it differs: for `eventproof contract list | show`.

Everything here follows from the OpenAPI documents and from what `operations` reads; there is no second list of it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from . import operations, templates
from .catalog import Catalog, Operation, States, System
from .catalog.placeholders import PLACEHOLDER
from .report.visible import visible

__all__ = ["found", "listing", "names", "row", "shown", "shown_text"]

Json = dict[str, Any]


def names(catalog: Catalog) -> dict[str, tuple[System, Operation]]:
    """Every call by `system/operationId`, and by its operationId alone: of the first system that has it."""
    systems = catalog.systems.values()
    full = {f"{system.name}/{each.id}": (system, each) for system in systems for each in _calls(system)}
    short: dict[str, tuple[System, Operation]] = {}
    for both in full.values():
        short.setdefault(both[1].id, both)
    return full | short


def found(catalog: Catalog, name: str) -> tuple[System, Operation] | None:
    """The call of this name, or of `SYSTEM/NAME`; None where there is none."""
    return names(catalog).get(name)


def also_of(catalog: Catalog, system: System, operation: Operation) -> list[str]:
    """The other systems that have this call."""
    sharing = (each for each in catalog.systems.values() if each is not system)
    return [each.name for each in sharing if any(call.id == operation.id for call in _calls(each))]


def listing(catalog: Catalog, systems: Iterable[str] | None = None) -> list[Json]:
    """One row a call of these systems, of all where none is named."""
    chosen = catalog.systems if systems is None else systems
    return [row(operation) for name in chosen for operation in _calls(catalog.system(name))]


def _calls(system: System) -> Iterator[Operation]:
    """Its calls of REST: an event of a client that causes something is told as an event."""
    return (operation for operation in system.operations if operation.event is None)


def row(operation: Operation) -> Json:
    """One line of the list."""
    return {
        "system": operation.system,
        "name": operation.id,
        "direction": "call",
        "summary": operation.summary,
        "method": operation.method,
        "path": operation.path,
        "identity": operation.role,
    }


def shown(system: System, operation: Operation, also: Iterable[str] = ()) -> Json:
    """Everything that a profile has to know of a call, which `also` have."""
    body, optional = operations.body_of(system, operation)
    in_path = PLACEHOLDER.findall(operation.path)
    in_body = list(body or ())
    answers = operation.answers
    return row(operation) | {
        "also_of": list(also),
        "capability": operation.capability,
        "parameters": {
            "path": in_path,
            "query": [
                name for name in operation.parameters if name not in (*in_path, *in_body, *operation.headers.values())
            ],
            "headers": dict(operation.headers),
            "body": in_body,
            "optional": sorted(optional | operation.optional),
        },
        "names": sorted(operations.names_in(operation, operation.role)),
        "answers": dict(answers),
        "refusals": list(operation.refusals),
        "states": {
            table.thing: [*_states(table, operation.id)]
            for table in system.states.values()
            if operation.id in table.operations
        },
        "example": _example(operation, body, answers),
    }


def shown_text(data: Json) -> str:
    """What `shown` returns, for a person: the call as our document has it, then the profile's table to change."""
    told = data["parameters"]
    body = [f"{name} (optional)" if name in told["optional"] else name for name in told["body"]]
    headers = [
        f"{header}: {{{name}}}" + (" (optional)" if name in told["optional"] else "")
        for header, name in told["headers"].items()
    ]
    units = sorted(set(data["names"]) & {unit for units in templates.DERIVED.values() for unit in units})
    lines = [
        f"{data['name']} ({', '.join([data['system'], *data['also_of']])}): {data['summary']}",
        "",
        f"  request    {data['method']} {data['path']}",
        f"  called by  {data['identity']}",
        *(
            [f"  capability {data['capability']}: it is there only where the profile claims it"]
            if data["capability"]
            else []
        ),
        f"  in path    {', '.join(told['path']) or '-'}",
        *([f"  in query   {', '.join(told['query'])}"] if told["query"] else []),
        *([f"  in headers {', '.join(headers)}"] if headers else []),
        f"  in body    {', '.join(body) or '-'}",
        f"  refuses    {', '.join(data['refusals']) or '-'}",
        *(f"  {thing:<10} {', '.join(steps)}" for thing, steps in data["states"].items()),
        "",
        "Answers: what is read from its answer, and where it is unless the profile says otherwise",
        *(f"  {name:<16} {pointer}" for name, pointer in data["answers"].items()),
        *(["  nothing"] if not data["answers"] else []),
        "",
        "Names: what path, body, headers and command of a profile can hold",
        f"  {' '.join('{' + name + '}' for name in data['names'])}",
        *_notes(data, units),
        "",
        "In a profile, to be changed where your server differs",
        *(f"  {line}" for line in data["example"].split("\n")),
    ]
    return "\n".join(map(visible, lines))


def _states(table: States, operation: str) -> Iterator[str]:
    """Where a call takes a thing: each state with the one after it, or the one in which it is made."""
    calls = table.calls(operation)
    for call in calls:
        given = [f"{name}={value}" for name, value in table.given.get(call, {}).items()]
        by = f" ({', '.join(given)})" if given else ""
        if call in table.made:
            yield f"made as {table.made[call]}{by}"
        changes = {**table.moves, **table.told}.get(call, {})
        yield from (f"{before} -> {after}{by}" for before, after in changes.items())
    if not table.made.keys() >= set(calls):
        yield "else nothing" if table.told.keys() & calls else "else refused"


def _notes(data: Json, units: list[str]) -> list[str]:
    lines = ["  {userId} {id} {email} {password} are those of the user whom the call is about"]
    if "token" in data["names"]:
        lines.append("  {token} is the token of whoever calls; [rest] headers carry it already")
    if units:
        lines.append(f"  {' '.join('{' + unit + '}' for unit in units)} are the days in other units")
    return lines


def _example(operation: Operation, body: Mapping[str, str] | None, answers: Mapping[str, str]) -> str:
    """The table of this call as it would stand in a profile if nothing differed; it loads as it is."""
    lines = [
        f"[operations.{operation.id}]",
        f"method = {json.dumps(operation.method)}",
        f"path = {json.dumps(operation.path)}",
        *([f"body = {_inline(body)}"] if body else []),
        *(
            ['# body = { reason = "a test" }  # where yours takes one']
            if not body and operation.method != "GET"
            else []
        ),
        f"identity = {json.dumps(operation.role)}{_CALLERS.get(operation.role, '')}",
        *([f"answers = {_inline(answers)}"] if answers else []),
        '# headers = { X-Api-Key = "${API_KEY}" }',
        f"# {operation.id} = false under [operations]: there is no such call",
    ]
    return "\n".join(lines)


_CALLERS = {
    "user": '  # or "admin", where an admin does it for the user {userId}',
    "admin": '  # or "anyone", where it takes no session',
}


def _inline(table: Mapping[str, str]) -> str:
    return "{ " + ", ".join(f"{name} = {json.dumps(value)}" for name, value in table.items()) + " }"
