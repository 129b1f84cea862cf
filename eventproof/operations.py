"""What each operationId is on a target: our OpenAPI documents, overridden by the `[operations]` of a profile.

An operationId that is `false` there says that the target has no such call: what needs it can then not be tested.
"""

from collections.abc import Mapping
from typing import Any

from . import templates, wellformed
from .catalog import ADMIN, ANYONE, USER, Operation, System
from .errors import UsageError
from .headers import merged, value_of
from .settings import Table, nearest
from .target import Action, Call, Command, Emission

__all__ = ["FORM", "METHODS", "OF_IDENTITY", "body_of", "names_in", "read", "undocumented", "unsendable"]

FORM = "application/x-www-form-urlencoded"
"""The Content-Type whose body is a form in place of JSON."""
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_MOST_OF_EXIT = 255
OF_IDENTITY = ("userId", "id", "email", "password")
"""What is known of whom a call is about, beside its parameters."""


def read(
    table: Table,
    systems: tuple[System, ...],
    capabilities: frozenset[str],
    further: Mapping[str, frozenset[str]] | None = None,
) -> dict[str, Action]:
    """Every operation of the systems that the target has, by its operationId; some are there by a capability alone.

    `further` are parameters beside the documented ones that the profile itself gives, by operationId.
    """
    given = further or {}
    known = {operation.id: (system, operation) for system in systems for operation in system.operations}
    answers = frozenset(name for _, operation in known.values() for name in operation.answers)
    for key in table.names():
        if key not in known:
            raise UsageError(f'{table.file}: unknown operation "{key}" in [operations]{nearest(key, set(known))}')
    return {
        name: _operation(table.table(name), system, operation, given.get(name, frozenset()), answers)
        for name, (system, operation) in known.items()
        if not table.denies(name) and (operation.capability is None or operation.capability in capabilities)
    }


def undocumented(
    table: Table, system: System, operation: Operation, further: frozenset[str], readable: frozenset[str]
) -> Action:
    """A call that no document describes, as the profile gives it; `readable` is what its answer may be read for."""
    if "path" not in table and "command" not in table:
        table.fail("path", 'is missing: write the path of the call, such as "/api/me", or command = [...]')
    return _operation(table, system, operation, further, readable)


def callers(operation: Operation) -> tuple[str, ...]:
    """Who may be said to make a call on a target; an admin may do so for any role."""
    return tuple(dict.fromkeys((ANYONE, USER, ADMIN, *operation.roles)))


def names_in(operation: Operation, identity: str) -> frozenset[str]:
    """What the templates of an operation may name: its parameters, also in other units, and the identity's own."""
    known = {*operation.parameters, *OF_IDENTITY, *(() if identity == ANYONE else ("token",))}
    return frozenset(known.union(*(templates.DERIVED.get(name, ()) for name in operation.parameters)))


def _operation(
    table: Table, system: System, operation: Operation, further: frozenset[str], readable: frozenset[str]
) -> Action:
    identity = _identity(table, operation)
    on_behalf = operation.role not in (ANYONE, ADMIN) and identity == ADMIN
    answers = _pointers(table, operation, readable)
    known = names_in(operation, identity) | further
    if operation.event is not None:
        table.finish()
        return Emission(operation.id, operation.path, operation.event, operation.arguments, identity, answers)
    if "command" in table:
        arguments = table.texts("command")
        table.check("command", unsendable(arguments) or templates.unknown(arguments, known))
        refused = _exit_code(table)
        result: Call | Command = Command(
            operation.id, arguments, identity, answers, on_behalf, refused, operation.session
        )
    else:
        result = _call(table, system, operation, identity, answers, known, on_behalf)
    table.finish()
    return result


def _identity(table: Table, operation: Operation) -> str:
    """Who calls it; `caller` is another word for `identity`."""
    key = "caller" if "caller" in table else "identity"
    if key == "caller" and "identity" in table:
        table.fail("caller", "is another word for identity: leave one of them out")
    identity = table.choice(key, callers(operation), operation.role)
    if operation.role == ADMIN and identity == USER:
        table.fail(
            key, f'cannot be "user": nobody but an admin does what {operation.id} does; write "admin" or "anyone"'
        )
    if operation.role == ANYONE and identity != ANYONE:
        table.fail(key, f'must be "anyone": whoever calls {operation.id} has no session yet')
    return identity


def _call(
    table: Table,
    system: System,
    operation: Operation,
    identity: str,
    answers: dict[str, str],
    known: frozenset[str],
    on_behalf: bool,
) -> Call:
    body, optional = body_of(system, operation)
    method = table.choice("method", METHODS, operation.method, upper=True)
    path = table.text("path", operation.path)
    documented = {name: f"{{{parameter}}}" for name, parameter in operation.headers.items()}
    headers = merged(documented, table.headers("headers", {}))
    body = None if table.denies("body") else table.template("body", body)
    if body is True:
        table.fail("body", "must be what is sent, or false where nothing is")
    table.check("path", wellformed.path(path, query=True) or templates.unknown(path, known))
    table.check("headers", templates.unknown(headers, known))
    table.check("body", templates.unknown(body, known))
    if (value_of(headers, "Content-Type") or "").startswith(FORM) and not isinstance(body, Mapping | None):
        table.fail("body", f"must be a table, since its Content-Type is {FORM}")
    return Call(
        operation.id,
        method,
        path,
        identity,
        body,
        answers,
        optional | operation.optional,
        headers,
        on_behalf,
        operation.session,
    )


def _exit_code(table: Table) -> int | None:
    if "refused" not in table:
        return None
    code = table.number("refused", 1)
    if code > _MOST_OF_EXIT:
        table.fail("refused", f"must be an exit code from 1 to {_MOST_OF_EXIT}, not {code}")
    return code


def unsendable(arguments: tuple[str, ...]) -> str:
    """What is wrong with a command, or nothing."""
    if not arguments or not arguments[0].strip():
        return 'must begin with a program, such as ["./manage", "ban", "{userId}"]'
    return "has a NUL character in it, which no program can be given" if any("\0" in each for each in arguments) else ""


def _pointers(table: Table, operation: Operation, readable: frozenset[str]) -> dict[str, str]:
    default = dict(operation.answers)
    pointers = table.table("answers")
    for key in pointers.names():
        if key not in readable:
            told = f"those of {operation.id} are {', '.join(default)}" if default else f"{operation.id} has none"
            pointers.fail(key, f"is nothing that is read from an answer{nearest(key, default)}; {told}")
        pointers.check(key, wellformed.place(pointers.place(key)))
    return default | {key: pointers.place(key) for key in pointers.names()}


def body_of(system: System, operation: Operation) -> tuple[dict[str, str] | None, frozenset[str]]:
    """The fields of the body, each filled with the parameter of its name, and which of them are optional."""
    schema = _at(system.openapi, "paths", operation.path, operation.method.lower(), "requestBody")
    schema = _resolved(system, _at(_resolved(system, schema), "content", "application/json", "schema"))
    if schema is None:
        return None, frozenset()
    fields = schema.get("properties", {})
    return {name: f"{{{name}}}" for name in fields}, frozenset(fields) - frozenset(schema.get("required", ()))


def _at(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _resolved(system: System, value: Any) -> Any:
    reference = _at(value, "$ref")
    return _at(system.openapi, *reference.removeprefix("#/").split("/")) if isinstance(reference, str) else value
