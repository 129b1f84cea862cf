"""What an action is on the target: pure translation of an operationId to a request, and of an answer to what it says.

Nothing here opens a socket: the suite sends a `Request` with its asyncio client, the swarm with its gevent one.
"""

import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from urllib.parse import quote, urlencode

import jwt as pyjwt

from .errors import ContractViolation, UsageError
from .target import Call, Command, Identity, MainChannel, OtherChannel, Target, TokenPlace

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_TOKEN = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*")
_SECRET_FIELDS = frozenset({"password", "token", "access_token", "accessToken", "refresh_token", "refreshToken"})
REDACTED = "[redacted]"
_MOST_PLACES = 12
_LONGEST_SHOWN = 200
_ANOTHER_KEY = "a key that is not the one of any server"


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, ready to be sent; `json` is None where it has no body."""

    operation: str
    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    json: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class Invocation:
    """One program to run, in place of a request; exit code 0 is success, standard output may be JSON."""

    operation: str
    arguments: tuple[str, ...] = field(repr=False)


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
    known = {**parameters, **({} if token is None else {"token": token})}
    where = f"{target.source}: [operations.{operation_id}]"
    if isinstance(operation, Command):
        return Invocation(operation_id, tuple(_argument(target, part, known, where) for part in operation.arguments))
    escaped = {name: quote(str(value), safe="", errors="replace") for name, value in known.items()}
    return Request(
        operation=operation_id,
        method=operation.method,
        url=target.rest.url + fill(operation.path, escaped, where),
        headers=headers_for(target, token),
        json=fill(operation.body, known, where, operation.optional),
    )


def _argument(target: Target, template: str, values: Mapping[str, Any], where: str) -> str:
    """One argument of a program. What is filled in may end no argument, and may make no option of it."""
    text = str(fill(template, values, where))
    if "\0" in text:
        problem = "has a NUL in it, which no program takes"
    elif text.startswith("-") and not template.startswith("-"):
        problem = 'begins with "-", so the program would take it for an option'
    else:
        return text
    names = _PLACEHOLDER.findall(template)
    known = {str(value) for one in (*target.admins, *target.users) for value in credentials_of(one).values()}
    sentence = f"{where} cannot be run: what fills {template} {problem}"
    if all(str(values[name]) in known for name in names):
        raise UsageError(f"{sentence}: correct it under [identities]")
    raise ContractViolation(sentence, expected="an id that can be an argument", observed=repr(text)[:_LONGEST_SHOWN])


def headers_for(target: Target, token: str | None) -> dict[str, str]:
    """The headers that carry a token; none without one."""
    return (
        {} if token is None else dict(fill(target.rest.headers, {"token": token}, f"{target.source}: [rest.headers]"))
    )


def auth_for(target: Target, token: str | None, channel: MainChannel | None = None) -> Any:
    """The argument of a Socket.IO CONNECT packet, for a system's main channel or any other; None without a token."""
    template = target.socketio.auth if channel is None else channel.auth
    return None if token is None else fill(template, {"token": token}, f"{target.source}: auth")


def path_for(channel: OtherChannel, token: str | None) -> str:
    """The path of a stream or a native WebSocket, with the token in its query where it goes there."""
    if token is None or channel.token is not TokenPlace.QUERY:
        return channel.address
    return f"{channel.address}{'&' if '?' in channel.address else '?'}{urlencode({channel.parameter: token})}"


def credentials_of(identity: Identity) -> dict[str, str | int]:
    """The parameters that an identity brings to a call, of those it has."""
    values = {"userId": identity.id, "id": identity.id, "email": identity.email, "password": identity.password}
    return {name: value for name, value in values.items() if value is not None}


def fill(template: Any, values: Mapping[str, Any], where: str, optional: Container[str] = ()) -> Any:
    """A template with its `{names}` replaced; a string that is one `{name}` alone becomes the value as it is.

    A field that is one `{name}` alone is left out where that name is optional and has no value.
    """
    if isinstance(template, str):
        whole = _PLACEHOLDER.fullmatch(template)
        if whole:
            return _value(whole[1], values, where)
        return _PLACEHOLDER.sub(lambda match: str(_value(match[1], values, where)), template)
    if isinstance(template, Mapping):
        return {
            key: fill(value, values, where, optional)
            for key, value in template.items()
            if not _is_left_out(value, values, optional)
        }
    if isinstance(template, list | tuple):
        return [fill(value, values, where, optional) for value in template]
    return template


def read(operation: Call | Command, name: str, body: Any) -> Any:
    """What an answer says by `name` (`token`, `userId`, `tier`); None where the profile gives no place for it.

    Raises ContractViolation where the place is given and the answer has nothing there.
    """
    pointer = operation.answers.get(name)
    if pointer is None:
        return None
    found = at(body, pointer)
    if found is None:
        raise ContractViolation(
            f"the answer to {operation.operation} has no {name} at {pointer}; the profile says in "
            f"[operations.{operation.operation}.answers] where it is",
            expected=f"a value at {pointer}",
            observed=f"values at {', '.join(islice(_places(body), _MOST_PLACES)) or 'no place'}",
        )
    return found


def at(document: Any, pointer: str) -> Any:
    """The value at a JSON pointer (RFC 6901), or None where there is none."""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(document, Mapping):
            document = document.get(key)
        elif isinstance(document, list) and key.isdigit() and int(key) < len(document):
            document = document[int(key)]
        else:
            return None
    return document


def _places(document: Any, here: str = "") -> Iterator[str]:
    """The JSON pointer of every value that holds no others: what is there, without what it is."""
    inner = (
        document.items() if isinstance(document, Mapping) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, value in inner:
        place = f"{here}/{str(key).replace('~', '~0').replace('/', '~1')}"
        if isinstance(value, Mapping | list) and value:
            yield from _places(value, place)
        else:
            yield place


def mint(target: Target, identity: Identity, now: float, nonce: str) -> str | None:
    """A token for an identity signed with the target's secret; None where the profile gives no claims for that.

    `now` is the wall clock in seconds, `nonce` what `{nonce}` in the claims becomes: new for every token.
    """
    if target.jwt is None or target.jwt.claims is None or target.jwt.secret is None:
        return None
    values = {
        **credentials_of(identity),
        "role": identity.role,
        "tier": identity.tier,
        "now": int(now),
        "expires": int(now + target.jwt.lifetime),
        "nonce": nonce,
    }
    claims = fill(target.jwt.claims, values, f"{target.source}: [jwt.claims]")
    return pyjwt.encode(claims, target.jwt.secret, target.jwt.algorithm)


def expired(target: Target, token: str, now: float) -> str | None:
    """The same token, signed again, but expired an hour ago; or the expired one of the profile; or None."""
    made = expiring(target, token, now - 3600)
    return made or (None if target.jwt is None else target.jwt.expired)


def expiring(target: Target, token: str, at: float) -> str | None:
    """The same token, signed again, that expires at this time of the wall clock; None where it cannot be made."""
    return _signed_again(target, token, {"exp": int(at)})


def without_expiry(target: Target, token: str) -> str | None:
    """The same token, signed again, that never expires; None where it cannot be made."""
    return _signed_again(target, token, {"exp": None})


def not_yet_valid(target: Target, token: str, now: float) -> str | None:
    """The same token, signed again, that is good from an hour later on; None where it cannot be made."""
    return _signed_again(target, token, {"nbf": int(now) + 3600})


def forged(token: str) -> str:
    """The same token with another signature: every byte of the last part is changed."""
    head, dot, signature = token.rpartition(".")
    return head + dot + "".join("B" if letter == "A" else "A" for letter in signature)


def unsigned(token: str) -> str | None:
    """The same claims in a token of the algorithm `none`, without a signature; None where it is no JSON Web Token."""
    claims = _claims(token)
    return None if claims is None else pyjwt.encode(claims, None, "none")


def signed_by_another(token: str) -> str | None:
    """The same claims signed with a key that is not the target's; None where it is no JSON Web Token."""
    claims = _claims(token)
    return None if claims is None else pyjwt.encode(claims, _ANOTHER_KEY, "HS256")


def altered(token: str) -> str | None:
    """The same token with the role of an admin in it, under the old signature; None where it is no JSON Web Token."""
    claims = _claims(token)
    if claims is None:
        return None
    head, _, signature = token.split(".")
    payload = json.dumps({**claims, "role": "admin", "altered": True}).encode()
    return f"{head}.{urlsafe_b64encode(payload).rstrip(b'=').decode()}.{signature}"


def _signed_again(target: Target, token: str, changes: Mapping[str, Any]) -> str | None:
    """The token with other claims, None for those that are taken out; None where the profile gives no secret."""
    claims = _claims(token)
    if claims is None or target.jwt is None or target.jwt.secret is None:
        return None
    changed = {name: value for name, value in {**claims, **changes}.items() if value is not None}
    return pyjwt.encode(changed, target.jwt.secret, target.jwt.algorithm)


def _claims(token: str) -> dict[str, Any] | None:
    try:
        return dict(pyjwt.decode(token, options={"verify_signature": False}))
    except pyjwt.InvalidTokenError:
        return None


def redact(value: Any, secrets: Iterable[str] = ()) -> Any:
    """The value without the secrets, JSON Web Tokens, and what stands in a field named like a secret."""
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, REDACTED)
        return _TOKEN.sub(REDACTED, value)
    if isinstance(value, Mapping):
        return {
            key: REDACTED if key in _SECRET_FIELDS and isinstance(inner, str) else redact(inner, secrets)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [redact(inner, secrets) for inner in value]
    return value


def _is_left_out(template: Any, values: Mapping[str, Any], optional: Container[str]) -> bool:
    whole = _PLACEHOLDER.fullmatch(template) if isinstance(template, str) else None
    return whole is not None and whole[1] in optional and whole[1] not in values


def _value(name: str, values: Mapping[str, Any], where: str) -> Any:
    if name not in values:
        raise UsageError(
            f"{where} needs {{{name}}}, which is not known here; known are {', '.join(sorted(values)) or 'none'}"
        )
    return values[name]
