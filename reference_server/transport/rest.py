"""REST: the operations of an OpenAPI document as routes.

The document decides what is served: method, path, role and the body's schema. A handler gets checked values, and
gives a status and a body.
"""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import jsonschema_rs
import orjson

from eventproof.catalog import ADMIN, ANYONE, Operation, System
from eventproof.errors import ContractError

from ..accounts.account import Account, Session
from ..deadline import in_time
from ..delivery.admission import NOTHING, Admission
from ..delivery.conduct import Conduct
from ..legible import illegible, legible
from ..limits import Limits
from ..refusals import Refusal, contracts
from ..tokens import bearer
from .http import Handler as Http
from .http import Request, logged_in, read_body, too_large
from .paths import Paths
from .reply import Reply, json_response


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an operation: its parameters, from the path, the headers and the body, and who calls."""

    operation: str
    """Its operationId."""
    parameters: Mapping[str, Any]
    session: Session | None
    account: Account | None
    remote: str
    """The address that it comes from."""
    raw: bytes = b""
    """The body as it came, which a signature is about."""

    @property
    def caller(self) -> tuple[Session, Account]:
        """Who calls; for the operations of a user or an admin."""
        assert self.session is not None and self.account is not None  # noqa: S101, PT018 - the role promises them
        return self.session, self.account


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler gives."""

    status: int
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] | None = None


Handler = Callable[[Call], Coroutine[Any, Any, Answer]]


class Rest:
    """Mounts operations on paths."""

    def __init__(self, admission: Admission, conduct: Conduct, limits: Limits) -> None:
        self._admission = admission
        self._conduct = conduct
        self._limits = limits
        self._mounted: dict[tuple[str, str], str] = {}

    def mount(self, paths: Paths[Http], system: System, handlers: Mapping[str, Handler]) -> None:
        """Serve every operation of the system's document.

        One that another system shares, and has mounted, is not mounted twice. Raises ContractError where one has no
        handler, and where another system has another one there.
        """
        served, described = set(handlers), {operation.id for operation in system.operations}
        if served != described:
            raise ContractError(
                f"{system.name}: the operations {sorted(served ^ described)} are described or handled, not both"
            )
        shared = set(self._mounted)
        for operation in system.operations:
            there = self._mounted.setdefault((operation.method, operation.path), operation.id)
            if there != operation.id:
                raise ContractError(
                    f"{system.name}: {operation.id} is at {operation.method} {operation.path}, where another system "
                    f"has {there}: give one of them another path"
                )
            if (operation.method, operation.path) in shared:
                continue
            handler = handlers[operation.id]
            paths.add(operation.method, operation.path, self._route(system, operation, handler))

    def _route(self, system: System, operation: Operation, handler: Handler) -> Http:
        parameters, body = Parameters(system, operation), _body(system, operation, self._conduct)

        async def route(request: Request) -> Reply:
            self._check_size(request)
            session, account = await in_time(self._limits.call_timeout, self._caller(operation, request))
            given = parameters.read(request)
            raw, fields = b"", NOTHING
            if body:
                raw, fields = await body.read(request, self._limits)
                # Asked again: a ban may have been committed while the body came.
                session, account = await in_time(self._limits.call_timeout, self._caller(operation, request))
            call = Call(operation.id, {**given, **fields}, session, account, request.remote or "", raw)
            answer = await in_time(self._limits.call_timeout, handler(call))
            return json_response(
                answer.status, self._conduct.answer(operation.id, account, answer.body), answer.headers
            )

        return route

    def _check_size(self, request: Request) -> None:
        if (request.content_length or 0) > self._limits.max_body:
            raise too_large(self._limits.max_body)

    async def _caller(self, operation: Operation, request: Request) -> tuple[Session | None, Account | None]:
        if operation.role == ANYONE:
            return None, None
        session, account = await self._admission.caller(
            bearer(request.headers.getall("Authorization", ())), operation.id
        )
        logged_in(request)
        if operation.is_bound_to_a_role:
            refusal = "forbidden" if operation.role == ADMIN else "wrong_role"
            code = self._conduct.role(operation.id, None if account.role in operation.roles else refusal)
            if code:
                raise Refusal(code)
        return session, account


class Body:
    """The body of an operation: JSON that fits the document's schema."""

    def __init__(
        self,
        schema: Mapping[str, Any],
        components: Mapping[str, Any],
        fits: Callable[[bool, Any], bool],
        *,
        is_shown: bool,
    ) -> None:
        self._fits = fits
        self._is_shown = is_shown
        """Whether people may come to read what it says."""
        self._validator = jsonschema_rs.Draft202012Validator(
            {**schema, "components": components}, offline=True, mask="it"
        )

    async def read(self, request: Request, limits: Limits) -> tuple[bytes, Mapping[str, Any]]:
        """The body as it came, and its fields. Raises Refusal."""
        if request.content_type != "application/json":
            raise Refusal("unsupported_media_type")
        body = await read_body(request, limits.max_body, limits.body_timeout)
        try:
            fields = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise Refusal("malformed_json") from None
        problem = next(self._validator.iter_errors(fields), None)
        if not self._fits(problem is None, fields) and problem is not None:
            place = "/".join(map(str, problem.instance_path)) or "the body"
            said = legible(f"In {place}, {problem.message[:200]}")
            raise Refusal("invalid_input", f"{said}: correct it and send it again.")
        unseen = illegible(body.decode(), fields) if self._is_shown else None
        if unseen is not None:
            raise Refusal(
                "invalid_input",
                f"In {legible(unseen) or 'the body'}, a control character or one that turns the text around stands: "
                "take it out and send it again.",
            )
        result: Mapping[str, Any] = fields
        return body, result


class Parameters:
    """What an operation's path and its headers name."""

    def __init__(self, system: System, operation: Operation) -> None:
        item = system.openapi["paths"][operation.path]
        described = (*item.get("parameters", ()), *item[operation.method.lower()].get("parameters", ()))
        components = system.openapi["components"]
        self._path: dict[str, jsonschema_rs.Draft202012Validator] = {}
        self._headers: dict[str, jsonschema_rs.Draft202012Validator] = {}
        for entry in described:
            parameter = components["parameters"][entry["$ref"].split("/")[-1]] if "$ref" in entry else entry
            known = self._path if parameter["in"] == "path" else self._headers
            known[parameter["name"]] = jsonschema_rs.Draft202012Validator(
                {**parameter["schema"], "components": components}, offline=True
            )
        self._names = operation.headers
        self._unknown = next(
            (code for code in operation.refusals if contracts().errors[code].status == 404), "not_found"
        )

    def read(self, request: Request) -> dict[str, str]:
        """Each by its name. Raises Refusal: a part of the path that does not fit its schema names nothing there is.

        A header that comes in several lines is one list (RFC 9110, 5.3).
        """
        if not all(schema.is_valid(request.match_info[name]) for name, schema in self._path.items()):
            raise Refusal(self._unknown)
        if not self._headers:
            return dict(request.match_info)
        given = {name: ", ".join(request.headers.getall(name)) for name in self._headers if name in request.headers}
        for name, value in given.items():
            if not _fits(self._headers[name], value):
                raise Refusal(
                    "malformed_request", f"{name} is not what the contract says: correct it and send it again."
                )
        return {**request.match_info, **{self._names[name]: value for name, value in given.items()}}


def _fits(schema: jsonschema_rs.Draft202012Validator, value: str) -> bool:
    """Whether a header does; one with bytes that are no UTF-8 fits nothing."""
    try:
        return schema.is_valid(value)
    except UnicodeEncodeError:
        return False


def _body(system: System, operation: Operation, conduct: Conduct) -> Body | None:
    described = system.openapi["paths"][operation.path][operation.method.lower()].get("requestBody")
    if described is None:
        return None
    schema = described["content"]["application/json"]["schema"]
    fits = partial(conduct.fits_call, operation.id)
    return Body(schema, system.openapi["components"], fits, is_shown=operation.role != ANYONE)
