"""What each operationId is on a target: our OpenAPI documents, overridden by the `[operations]` of a profile.

`getUser = false` there says that the target has no such call: what needs it can then not be tested.
"""

from collections.abc import Mapping
from typing import Any

from .catalog import Operation, System
from .errors import UsageError
from .settings import Table, nearest
from .target import Call, Command

__all__ = ["read"]

_CALLERS = ("anyone", "user", "admin")
_ANSWERS: Mapping[str, Mapping[str, str]] = {
    "login": {"token": "/token", "userId": "/user/id", "tier": "/user/tier"},
    "getMe": {"userId": "/id", "tier": "/tier"},
    "submitClaim": {"claimId": "/claimId"},
    "getClaim": {"status": "/status"},
    "listClaims": {
        "claims": "/claims",
        "claimId": "/claimId",
        "ticketNumber": "/ticketNumber",
        "status": "/status",
    },
    "getWallet": {"balance": "/balance"},
    "getSubscription": {
        "status": "/status",
        "planId": "/planId",
        "nextRenewalDate": "/nextRenewalDate",
        "ticketsUsed": "/coverage/ticketsUsed",
        "canCancel": "/cancellation/canCancel",
    },
    "requestWithdrawal": {"withdrawalId": "/withdrawalId"},
    "notifyUser": {"id": "/id"},
    "listNotifications": {"unreadCount": "/unreadCount"},
}
"""Where our own OpenAPI documents put what the tests read from an answer; of a list's items, where it is in an item."""


def read(table: Table, systems: tuple[System, ...], capabilities: frozenset[str]) -> dict[str, Call | Command]:
    """Every operation of the systems that the target has, by its operationId; some are there by a capability alone."""
    known = {operation.id: (system, operation) for system in systems for operation in system.operations}
    for key in table.names():
        if key not in known:
            raise UsageError(f'{table.file}: unknown operation "{key}" in [operations]{nearest(key, set(known))}')
    return {
        name: _operation(table.table(name), system, operation)
        for name, (system, operation) in known.items()
        if not table.denies(name) and (operation.capability is None or operation.capability in capabilities)
    }


def _operation(table: Table, system: System, operation: Operation) -> Call | Command:
    identity = table.choice("identity", _CALLERS, operation.role)
    answers = _pointers(table, dict(_ANSWERS.get(operation.id, {})))
    if "command" in table:
        result: Call | Command = Command(operation.id, table.texts("command"), identity, answers, _exit_code(table))
    else:
        body, optional = _documented_body(system, operation)
        result = Call(
            operation=operation.id,
            method=table.text("method", operation.method).upper(),
            path=table.text("path", operation.path),
            identity=identity,
            body=table.template("body", body),
            answers=answers,
            optional=optional,
        )
    table.finish()
    return result


def _exit_code(table: Table) -> int | None:
    """The exit code of a refusal: 1 to 255, as programs have them."""
    if "refused" not in table:
        return None
    code = table.number("refused", 1)
    if code > 255:
        table.fail("refused", f"must be an exit code from 1 to 255, not {code}")
    return code


def _pointers(table: Table, default: dict[str, str]) -> dict[str, str]:
    pointers = table.table("answers")
    given = {key: pointers.text(key) for key in pointers.names()}
    for key, pointer in given.items():
        if pointer and not pointer.startswith("/"):
            pointers.fail(key, f'must be a JSON pointer such as "/user/id", not "{pointer}"')
    return default | given


def _documented_body(system: System, operation: Operation) -> tuple[dict[str, str] | None, frozenset[str]]:
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
