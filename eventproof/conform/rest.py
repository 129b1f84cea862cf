"""Generated and malformed requests against an OpenAPI document, with Schemathesis; few, and the same ones every time.

Only operations that the profile maps are called. An admin's action goes to a user whom the profile lends, or to an
id that nobody has: a generated one might be somebody's. What the profile writes out in a path, a query or a body is
what tells one operation from another on the same path, so it is never replaced.
"""

import asyncio
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path
from time import time
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import aiohttp
import hypothesis
import requests
import schemathesis
from hypothesis import configuration
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Err
from schemathesis.core.transport import Response
from schemathesis.specs.openapi import checks

from eventproof import __version__
from eventproof.actions import headers_for
from eventproof.catalog import System
from eventproof.errors import ContractViolation, Inconclusive, UsageError
from eventproof.redaction import cut, redacted_text
from eventproof.retry_after import seconds_of
from eventproof.target import Call, Target

from .exchange import Received, UnreadableAnswer, Unsendable, exchange, session
from .openapi import published as _published
from .routes import Route, route_of
from .verdicts import NotApplicable, NotTestable

__all__ = ["Attempt", "Rest", "Tried", "aimed_at", "document_of"]

EXAMPLES = 6
"""How many requests are generated for an operation, once of valid and once of invalid data."""

_JUDGED_BY: list[Any] = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
_MALFORMED_IDS = ("%00", "..%2F..", "%F0%9F%92%A5", "x" * 300)
_MALFORMED_BODIES: tuple[tuple[bytes, str], ...] = (
    (b"", "application/json"),
    (b"{", "application/json"),
    (b"\xff\xfe", "application/json"),
    (b"[]", "application/json"),
    (b"[" * 2000, "application/json"),
    (b"a=b", "application/x-www-form-urlencoded"),
)
_PARAMETER = re.compile(r"\{([^}]+)\}")
_PERSON = "{userId}"
_Aim = Callable[[str], Any]
"""What goes in the place of a parameter of this name."""
_USUAL = {"User-Agent": f"eventproof/{__version__}", "Accept": "*/*", "Accept-Encoding": "gzip, deflate"}
_TOO_MANY = 429
_MOVED = frozenset({301, 302, 303, 307, 308})
_SECONDS = 10.0
_PAUSE = 1.0
"""Seconds to wait where a server says "too many requests", and not for how long."""


def document_of(target: Target, system: System) -> Mapping[str, Any]:
    """The OpenAPI document that the target publishes; ours, where the profile changes nothing in it.

    Raises NotApplicable where the profile says that there is none, NotTestable where it gives other paths and no
    document, UsageError where that cannot be read. Not to be called where a loop runs.
    """
    if target.openapi is False:
        raise NotApplicable("the profile says that the server publishes no OpenAPI document: openapi = false")
    if isinstance(target.openapi, str):
        return _published(target.openapi)
    for operation in system.operations:
        call = target.operations.get(operation.id)
        if isinstance(call, Call):
            here, ours = (call.method, call.path.partition("?")[0]), (operation.method.upper(), operation.path)
            if here == ours:
                continue
        elif call is not None:
            continue  # a program, which no document describes
        raise NotTestable(
            f"{operation.id} is not here what our OpenAPI document says: name the server's own with openapi, "
            "or write openapi = false where it publishes none"
        )
    return system.openapi


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request, and what Schemathesis knows of it."""

    case: Any
    request: requests.PreparedRequest
    is_elsewhere: bool
    """Whether its path is such that a router or a proxy may answer, and send it on, before the operation sees it."""


@dataclass(frozen=True, slots=True)
class Tried:
    """How many requests were answered, how many there was no time for, and how often the server said "too many"."""

    answered: int
    left_out: int
    limited: int


@dataclass(frozen=True, slots=True)
class Rest:
    """The REST interface of a target: its document, a token for each role, and a user whom admins may act on."""

    target: Target
    document: Mapping[str, Any]
    tokens: Mapping[str, str]
    theirs: Mapping[str, Any]
    """The ids of the user and of what they have, by the names of the parameters."""
    nobody: str | int
    """An id of the same kind that nobody has."""

    def operations(self) -> Iterator[tuple[Call, Any]]:
        """The operations that the profile maps, each with what Schemathesis knows of the documented one.

        Several of ours may be one operation of the document, told apart by their bodies or queries.
        """
        documented = self._documented()
        for call in self.target.operations.values():
            if isinstance(call, Call):
                routes = (
                    (route, operation)
                    for operation in documented
                    if operation.method.upper() == call.method
                    and (route := route_of(self.target.rest.url, call.path, self.document, operation.path))
                )
                best = max(routes, key=lambda pair: pair[0].rank, default=None)
                if best is not None:
                    yield call, best[1]

    def _documented(self) -> list[Any]:
        with self._document_to_blame():
            schema = schemathesis.openapi.from_dict(dict(self.document), config=schemathesis.Config())
            found = []
            for result in schema.get_all_operations():
                if isinstance(result, Err):
                    raise result.err()
                found.append(result.ok())
            return found

    async def try_out(self, call: Call, operation: Any, seconds: float) -> Tried:
        """Send generated and malformed requests, as many as there is time for.

        Raises ContractViolation for an undocumented answer, Inconclusive where none came.
        """
        end = asyncio.get_running_loop().time() + seconds
        attempts = await asyncio.to_thread(self.attempts, call, operation)
        answered = limited = 0
        async with session() as http:
            for number, attempt in enumerate(attempts):
                try:
                    received, refusals = await self._answered(http, call, attempt.request, end)
                except Unsendable:
                    continue
                except UnreadableAnswer as strange:
                    raise self._violation(call, attempt, None, "an answer that can be read", str(strange)) from None
                limited += refusals
                if received is None:
                    return Tried(answered, len(attempts) - number, limited)
                self._judge(attempt, call, received)
                answered += 1
        return Tried(answered, 0, limited)

    async def _answered(
        self, http: aiohttp.ClientSession, call: Call, request: requests.PreparedRequest, end: float
    ) -> tuple[Received | None, int]:
        """The answer, and how often the server said "too many" before it; None where there was no time for it."""
        loop, refusals = asyncio.get_running_loop(), 0
        while (left := end - loop.time()) > 0:
            try:
                received = await _received(http, call, request, min(left, self.target.budgets.call))
            except (UnreadableAnswer, Unsendable):
                raise
            except Inconclusive:
                if loop.time() < end:
                    raise
                break
            if received.status != _TOO_MANY:
                return received, refusals
            refusals += 1
            asked = seconds_of(received.headers.get("Retry-After"), time())
            pause = _PAUSE if asked is None else asked
            await asyncio.sleep(min(pause, max(end - loop.time(), 0.0)))
        return None, refusals

    def attempts(self, call: Call, operation: Any) -> list[Attempt]:
        """The requests for an operation, those of each kind in turn: where time is short, there are some of each."""
        route = route_of(self.target.rest.url, call.path, self.document, operation.path)
        if route is None:
            raise UsageError(f"{self.target.source}: {call.operation} is not {operation.path} of the document")
        kinds = [
            *(self._generated(call, operation, route, mode) for mode in schemathesis.GenerationMode),
            self._malformed(call, operation, route),
        ]
        return [attempt for attempt in chain(*zip_longest(*kinds)) if attempt is not None]

    def _generated(self, call: Call, operation: Any, route: Route, mode: Any) -> list[Attempt]:
        with self._document_to_blame(operation):
            cases = _generated(operation, mode)
        found = []
        for number, case in enumerate(cases, 1):
            # In turn something of the user whom the profile lends and, for an admin, of nobody, for a user, of anybody.
            aim = self._aim if number % 2 else self._miss
            is_generated = False
            for name, written in route.parameters.items():
                aims = call.identity == "admin" or (number % 2 and _is_known(written, self.theirs))
                if aims or not _is_open(written):
                    case.path_parameters[name] = _filled(written, aim)
                else:
                    is_generated = True
            person = aim("userId") if call.identity == "admin" else None
            case.body = aimed_at(case.body, call.body, person)
            headers = self._headers(call) if number % 3 else None
            with self._document_to_blame(operation):
                arguments = case.as_transport_kwargs(route.base, headers)
            with suppress(requests.RequestException, ValueError):  # no client can send it
                found.append(Attempt(case, self._prepared(call, arguments, aim), is_generated))
        return found

    def _malformed(self, call: Call, operation: Any, route: Route) -> list[Attempt]:
        headers = self._headers(call)

        def url(of: _Aim) -> str:
            return route.base + _PARAMETER.sub(lambda name: _filled(route.parameters[name[1]], of), operation.path)

        here = url(lambda name: quote(str(self._aim(name)), safe=""))
        attempts: list[dict[str, Any]] = [{"url": here, "headers": headers_for(self.target, "no.such.token")}]
        if call.identity != "anyone":
            attempts.append({"url": here})
        if call.body is not None:
            attempts += [
                {"url": here, "headers": {**headers, "Content-Type": kind}, "data": body}
                for body, kind in _MALFORMED_BODIES
            ]
        is_open = any(map(_is_open, route.parameters.values()))
        elsewhere = [
            {"url": url(lambda _, text=text: text), "headers": headers}  # type: ignore[misc]  # bound to this text
            for text in (_MALFORMED_IDS if is_open else ())
        ]
        case = operation.Case(path_parameters=dict.fromkeys(route.parameters, self.nobody))
        return [
            Attempt(case, self._prepared(call, {"method": call.method, **arguments}, self._aim), arguments in elsewhere)
            for arguments in (*attempts, *elsewhere)
        ]

    def _prepared(self, call: Call, arguments: Mapping[str, Any], aim: _Aim) -> requests.PreparedRequest:
        """The request, with the query that the profile writes out in place of what was generated under its names."""
        request = requests.Request(**arguments).prepare()
        fixed = {
            name: _filled(value, aim)
            for name, value in parse_qsl(call.path.partition("?")[2], keep_blank_values=True)
            if _is_known(value, self.theirs)
        }
        if fixed:
            base, _, query = (request.url or "").partition("?")
            generated = [pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] not in fixed]
            request.url = f"{base}?{urlencode([*generated, *fixed.items()])}"
        return request

    def _aim(self, name: str) -> Any:
        """Something of the user whom the profile lends."""
        return self.theirs.get(name, self.theirs["userId"])

    def _miss(self, _name: str) -> Any:
        return self.nobody

    def _headers(self, call: Call) -> dict[str, str]:
        return headers_for(self.target, self.tokens.get(call.identity))

    def _judge(self, attempt: Attempt, call: Call, received: Received) -> None:
        response = _response(attempt.request, received)
        try:
            with self._document_to_blame(attempt.case.operation):
                attempt.case.validate_response(response, checks=_JUDGED_BY)
        except (Failure, FailureGroup) as failure:
            if received.status in _MOVED:
                where = received.headers.get("Location", "")
                if attempt.is_elsewhere and where:
                    return  # routers tidy up such paths: the operation did not answer
                if _is_the_same_place(where, attempt.request.url or ""):
                    raise NotTestable(
                        f"{call.operation} is redirected to {cut(where, 200)}: correct path in "
                        f"[operations.{call.operation}] and in the OpenAPI document"
                    ) from None
            # A group comes in no order; the same finding must have the same words in every run.
            found = failure.exceptions if isinstance(failure, FailureGroup) else (failure,)
            first = min(found, key=lambda one: str(getattr(one, "title", one)))
            raise self._violation(
                call,
                attempt,
                received,
                getattr(first, "message", "") or "an answer that is documented",
                str(getattr(first, "title", first)),
            ) from None

    def _violation(
        self, call: Call, attempt: Attempt, received: Received | None, expected: str, why: str
    ) -> ContractViolation:
        request = attempt.request
        body = request.body if isinstance(request.body, bytes) else str(request.body or "").encode()
        sent = f"{request.method} {request.url} {redacted_text(body.decode(errors='replace'))[:200]}".strip()
        came = "" if received is None else f" -> {received.status} {redacted_text(received.text)[:300]}"
        return ContractViolation(
            f"{call.operation} does not answer as its OpenAPI document says: {why}",
            expected=redacted_text(expected)[:600],
            observed=redacted_text(f"{sent}{came}"),
        )

    @contextmanager
    def _document_to_blame(self, operation: Any = None) -> Iterator[None]:
        """What Schemathesis cannot do with a document of others is the fault of the document."""
        try:
            yield
        except (Failure, FailureGroup):
            raise
        except Exception as error:
            if not self.target.openapi:
                raise
            where = "" if operation is None else f"{operation.method.upper()} {operation.path}: "
            problem = " ".join(str(error).split())[:400] or type(error).__name__
            raise UsageError(f"the OpenAPI document {self.target.openapi} is wrong: {where}{problem}") from error


def aimed_at(body: Any, template: Any, user_id: str | int | None) -> Any:
    """A generated body that is what the profile's template writes out, and names the given user where it names one.

    With None nobody is put in. What the template leaves open stays as it was generated.
    """
    if isinstance(template, str):
        if template == _PERSON:
            return body if user_id is None else user_id
        named = template if user_id is None else template.replace(_PERSON, str(user_id))
        return body if _PARAMETER.search(named) else named
    if isinstance(template, Mapping):
        if not isinstance(body, dict):
            return body
        written = {name: value for name, value in template.items() if name in body or not _is_open(value)}
        return {**body, **{name: aimed_at(body.get(name), value, user_id) for name, value in written.items()}}
    if isinstance(template, list | tuple):
        if not _is_open(template):
            return list(template)
        if isinstance(body, list) and len(template) == 1:
            return [aimed_at(value, template[0], user_id) for value in body]
        return body
    return body if template is None else template


def _is_open(template: Any) -> bool:
    """Whether something in a template is left to whoever fills it."""
    if isinstance(template, str):
        return _PARAMETER.search(template) is not None
    if isinstance(template, Mapping):
        return any(map(_is_open, template.values()))
    return isinstance(template, list | tuple) and any(map(_is_open, template))


def _filled(written: str, aim: _Aim) -> str:
    return _PARAMETER.sub(lambda name: str(aim(name[1])), written)


def _is_known(written: str, names: Iterable[str]) -> bool:
    return set(_PARAMETER.findall(written)) <= set(names)


def _is_the_same_place(location: str, url: str) -> bool:
    """Whether a redirect only puts a slash at the end of a path, takes it away, or goes over to TLS."""
    there, here = urlsplit(location), urlsplit(url)
    return bool(location) and there.path.rstrip("/") == here.path.rstrip("/")


def _generated(operation: Any, mode: Any) -> list[Any]:
    cases: list[Any] = []

    def keep(case: Any) -> None:
        cases.append(case)

    few = hypothesis.settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    with _hypothesis_at_home(), suppress(hypothesis.errors.Unsatisfiable):
        hypothesis.given(operation.as_strategy(mode))(few(keep))()  # type: ignore[no-untyped-call]  # Hypothesis gives no type to the result
    return cases


@contextmanager
def _hypothesis_at_home() -> Iterator[None]:
    """What Hypothesis remembers goes into the user's cache, not into the working directory."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    configuration.set_hypothesis_home_dir(cache / "eventproof" / "hypothesis")
    try:
        yield
    finally:
        configuration.set_hypothesis_home_dir(None)


async def _received(
    http: aiohttp.ClientSession, call: Call, request: requests.PreparedRequest, seconds: float
) -> Received:
    """What a prepared request is answered: as it stands, by the way of every other call."""
    body: Any = request.body.encode() if isinstance(request.body, str) else request.body
    given = {
        name: value.decode("latin-1") if isinstance(value, bytes) else value for name, value in request.headers.items()
    }
    return await exchange(
        http,
        request.method or "GET",
        request.url or "",
        what=call.operation,
        seconds=seconds,
        headers={**_USUAL, **{name: value for name, value in given.items() if name.lower() != "content-length"}},
        data=body,
        bare=True,
    )


def _response(request: requests.PreparedRequest, received: Received) -> Response:
    """An answer as Schemathesis wants it."""
    return Response(
        status_code=received.status,
        headers={name: received.headers.getall(name) for name in received.headers},
        content=received.content,
        request=request,
        elapsed=0.0,
        verify=True,
        message=received.reason,
        encoding=received.charset,
    )


def _answer(_http: requests.Session, call: Call, arguments: Mapping[str, Any]) -> Response:
    """What a request is answered, for whoever has no loop; raises as `exchange` does."""

    async def answered(request: requests.PreparedRequest) -> Received:
        async with session() as http:
            return await _received(http, call, request, _SECONDS)

    request = requests.Request(**arguments).prepare()
    return _response(request, asyncio.run(answered(request)))
