"""What an action is on the target: pure translation of an operationId to a request.

What its answer says, which token it is made with and how a bad one is made is offered here, too.

Nothing here opens a socket: the suite sends a `Request` with its asyncio client, the swarm with its gevent one.
"""

import json
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from .answers import read
from .catalog.pointer import at
from .errors import ContractViolation, UsageError
from .headers import merged, value_of
from .minting import credentials_of, mint
from .operations import FORM
from .redaction import learn, redacted_text
from .refusal import COMMAND
from .target import Call, Command, Emission, Endpoint, Target
from .templates import derived, fill, names
from .tokens import (
    altered,
    expired,
    expiring,
    forged,
    not_yet_valid,
    signed_by_another,
    unsigned,
    without_expiry,
)
from .wellformed import encodable

__all__ = [
    "Invocation",
    "Request",
    "action_for",
    "altered",
    "at",
    "auth_for",
    "credentials_of",
    "expired",
    "expiring",
    "fill",
    "forged",
    "headers_for",
    "mint",
    "not_yet_valid",
    "presented",
    "read",
    "request_for",
    "signed_by_another",
    "unsigned",
    "without_expiry",
]

ACCEPT = "application/json, */*;q=0.5"
"""What a call asks for, unless the profile says otherwise: frameworks refuse by a redirect or a page whoever does not
ask for JSON."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; `json` is None where it has no body. What is sent is in `content` and `sent_headers`."""

    operation: str
    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    json: Any = field(repr=False)

    @property
    def content(self) -> bytes | None:
        """The body: JSON, or a form where the headers say so; None where there is none."""
        if self.json is None:
            return None
        if self._content_type.startswith(FORM):
            return urlencode(self.json, doseq=True, errors="replace").encode()
        return json.dumps(self.json).encode()

    @property
    def sent_headers(self) -> dict[str, str]:
        """The headers, with what is asked for and the `Content-Type` of the body; without that where there is none."""
        given = merged({"Accept": ACCEPT}, self.headers)
        others = {name: value for name, value in given.items() if name.lower() != "content-type"}
        return others if self.json is None else {**others, "Content-Type": self._content_type}

    @property
    def _content_type(self) -> str:
        return value_of(self.headers, "Content-Type") or "application/json"


@dataclass(frozen=True, slots=True)
class Invocation:
    """One program to run in a folder, in place of a request; exit code 0 is success, standard output may be JSON."""

    operation: str
    arguments: tuple[str, ...] = field(repr=False)
    folder: str | None = None
    """None: where we run."""
    refused: int | None = None
    """The exit code that says no to the caller or to what they ask; None where the profile names none."""

    def status(self, exit_code: int | None) -> int:
        """The exit code as a status: 200, that of a command's refusal, or 500."""
        return 200 if exit_code == 0 else COMMAND if exit_code is not None and exit_code == self.refused else 500


def request_for(target: Target, operation_id: str, parameters: Mapping[str, Any], token: str | None = None) -> Request:
    """The request that performs an operation; `parameters` by their names in our OpenAPI documents.

    Raises UsageError where the profile runs a program for it, or a template needs a parameter that is not given.
    """
    action = action_for(target, operation_id, parameters, token)
    if isinstance(action, Invocation):
        raise UsageError(f"{target.source}: {operation_id} runs a command, which cannot be used here: give it a path")
    return action


def action_for(
    target: Target, operation_id: str, parameters: Mapping[str, Any], token: str | None = None
) -> Request | Invocation:
    """What performs an operation: a request, or a program where the profile says so.

    Raises UsageError as `request_for` does; where a value cannot be an argument of a program, UsageError for one of the
    profile and ContractViolation for one of the target.
    """
    operation = target.operations.get(operation_id)
    if operation is None:
        raise UsageError(
            f"{target.source}: no system under test has the operation {operation_id}, or [operations] denies it"
        )
    learn(token)
    known = {**derived(parameters), **parameters, **({} if token is None else {"token": token})}
    where = f"{target.source}: [operations.{operation_id}]"
    if isinstance(operation, Emission):
        raise UsageError(f"{target.source}: {operation_id} is an event of a client, which is no request: send it")
    if isinstance(operation, Command):
        arguments = tuple(_arguments(operation, {"token": "", **known}, where))
        return Invocation(operation_id, arguments, target.folder, operation.refused)
    escaped = {name: quote(str(value), safe="", errors="replace") for name, value in known.items()}
    try:
        return Request(
            operation=operation_id,
            method=operation.method,
            url=target.rest.url + fill(operation.path, escaped, where),
            headers=headers_of(target, operation, token, known),
            json=fill(operation.body, known, where, operation.optional),
        )
    except UsageError as lacking:
        raise UsageError(f"{lacking}{_remedy(target, operation_id)}") from lacking


def _remedy(target: Target, operation_id: str) -> str:
    """Where what a call of somebody's own contract is made with has to stand, if no answer before it tells."""
    owner = next((own.name for own in target.own if operation_id in {call.id for call in own.operations}), None)
    if owner is None:
        return ""
    table = f"[contracts.{owner}.calls.{operation_id}]"
    return f'; write example = {{ … }} under {table}, or needs = ["…"] where an earlier call answers with it'


def headers_of(target: Target, call: Call, token: str | None, values: Mapping[str, Any]) -> dict[str, str]:
    """The headers of one call: those of every call, and its own, with these values filled in."""
    known = {**values, **({} if token is None else {"token": token})}
    own = _sendable(call.headers, known, f"{target.source}: [operations.{call.operation}]", call.optional)
    return merged(headers_for(target, token), own)


def headers_for(target: Target, token: str | None) -> dict[str, str]:
    """The headers of every call; without a token none that carries one."""
    learn(token)
    known = {} if token is None else {"token": token}
    return _sendable(target.rest.headers, known, f"{target.source}: [rest.headers]")


def presented(template: Mapping[str, str], token: str | None, where: str) -> dict[str, str]:
    """The headers or the query of a connection; without a token nothing that carries one."""
    learn(token)
    return _sendable(template, {} if token is None else {"token": token}, where)


def _sendable(
    template: Mapping[str, str], known: Mapping[str, Any], where: str, optional: Container[str] = ()
) -> dict[str, str]:
    """Texts filled in; those that carry a token are left out where there is none."""
    kept = {name: value for name, value in template.items() if "token" in known or "token" not in names(value)}
    return {name: str(value) for name, value in fill(kept, known, where, optional).items()}


def _arguments(command: Command, known: Mapping[str, Any], where: str) -> Iterator[str]:
    """The arguments of a program, filled in.

    Raises ContractViolation for a NUL or half a surrogate pair, which the target put in an id and no program can be
    given; UsageError for what begins with `-`, which the program would take as an option.
    """
    options_end = False
    for template in command.arguments:
        filled = str(fill(template, known, where))
        if "\0" in filled or encodable(filled):
            raise ContractViolation(
                f"{command.operation} is a program here, and {template} is no text that can be handed to one: it has a "
                "NUL in it, or half a character",
                expected="text that a program can be given",
                observed=redacted_text(repr(filled))[:80],
            )
        if filled.startswith("-") and not template.startswith("-") and not options_end:
            raise UsageError(
                f'{where}: {template} begins with "-" this time, which the program would take as an option: '
                'write "--" before it, or --name={name}'
            )
        options_end = options_end or template == "--"
        yield filled


def auth_for(endpoint: Endpoint, token: str | None, where: str) -> Any:
    """The argument of a Socket.IO CONNECT packet; None without a token."""
    learn(token)
    return None if token is None else fill(endpoint.auth, {"token": token}, f"{where}: auth")


def path_for(address: str, query: Mapping[str, str], parameters: Mapping[str, str] | None = None) -> str:
    """The path of a stream or a native WebSocket, its `{names}` filled in, with this query behind its own."""
    escaped = {name: quote(value, safe="") for name, value in (parameters or {}).items()}
    path = str(fill(address, escaped, address))
    return f"{path}{'&' if '?' in path else '?'}{urlencode(query)}" if query else path
