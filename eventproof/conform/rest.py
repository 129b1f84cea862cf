"""The REST interface against an OpenAPI document, with Schemathesis: few requests, and the same ones every time.

Only operations that the profile maps are called; `attempts.py` makes the requests, here they are sent and judged.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from time import time
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import requests
import schemathesis
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Err
from schemathesis.core.transport import Response
from schemathesis.openapi.checks import UndefinedStatusCode
from schemathesis.specs.openapi import checks

from eventproof import __version__
from eventproof.catalog import System
from eventproof.errors import ContractViolation, Inconclusive, UsageError
from eventproof.redaction import cut, redacted_text
from eventproof.retry_after import seconds_of
from eventproof.target import Call, Target

from .attempts import Attempt, Attempts
from .exchange import HttpReceived, UnreadableAnswer, Unsendable, exchange, session
from .openapi import published as _published
from .routes import route_of
from .verdicts import NotApplicable, NotTestable

__all__ = ["Rest", "Tried", "Undocumented", "document_of"]

_JUDGED_BY: list[Any] = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
_MOST_KINDS = 8
"""So many ways in which one operation does not answer as documented are told."""
_USUAL = {"User-Agent": f"eventproof/{__version__}", "Accept-Encoding": "gzip, deflate"}
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


class Undocumented(ContractViolation):
    """An operation does not answer as its document says: in which ways, the first of them in full.

    `made` is what the accepted requests for it were answered with.
    """

    def __init__(
        self, operation: str, kinds: tuple[str, ...], expected: str, observed: str, made: tuple[Any, ...] = ()
    ) -> None:
        sentence = f"{operation} does not answer as its OpenAPI document says: {', '.join(kinds)}"
        super().__init__(sentence, expected=expected, observed=observed)
        self.operation, self.kinds, self.made = operation, kinds, made

    def of(self, kinds: tuple[str, ...], made: tuple[Any, ...]) -> "Undocumented":
        """The same, with all ways in which the operation does not."""
        return Undocumented(self.operation, kinds, self.expected, self.observed, made)

    def beside(self, others: Sequence["Undocumented"]) -> ContractViolation:
        """The same, with what others do not either."""
        also = [f"{other.operation}: {', '.join(other.kinds)}" for other in others[:_MOST_KINDS]]
        also += ["and more"] if others[_MOST_KINDS:] else []
        return ContractViolation("; ".join([str(self), *also]), expected=self.expected, observed=self.observed)


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of the requests of one operation."""

    answered: int = 0
    left_out: int = 0
    """There was no time for so many."""
    limited: int = 0
    """So often the server said "too many"."""
    unsendable: int = 0
    """So many no client can send: HTTP has no way to say them."""
    made: tuple[Any, ...] = ()
    """What the accepted ones were answered with."""


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

    def attempts(self, call: Call, operation: Any) -> list[Attempt]:
        """The requests that an operation is tried with."""
        route = route_of(self.target.rest.url, call.path, self.document, operation.path)
        if route is None:
            raise UsageError(f"{self.target.source}: {call.operation} is not {operation.path} of the document")
        made = Attempts(self.target, self.tokens, self.theirs, self.nobody, self._document_to_blame)
        return made.of(call, operation, route)

    async def try_out(self, call: Call, operation: Any, seconds: float) -> Tried:
        """Send generated and malformed requests, as many as there is time for: the seconds are the target's.

        Raises Undocumented where an answer is, once all are sent; Inconclusive where none came.
        """
        attempts = await asyncio.to_thread(self.attempts, call, operation)
        end = asyncio.get_running_loop().time() + seconds
        broken: dict[str, Undocumented] = {}
        made: list[Any] = []
        tried = Tried()
        try:
            tried = await self._tried(call, attempts, end, made, broken)
        except Inconclusive:
            if not broken:
                raise
        if broken:
            first = next(iter(broken.values()))
            raise first.of(tuple(broken)[:_MOST_KINDS], tuple(made))
        return replace(tried, made=tuple(made))

    async def _tried(
        self, call: Call, attempts: list[Attempt], end: float, made: list[Any], broken: dict[str, Undocumented]
    ) -> Tried:
        """Send them until the time is over, or an answer cannot be read.

        `made` gets what the accepted ones are answered with, `broken` the first answer of each undocumented kind.
        """
        tried = Tried()
        async with session() as http:
            for number, attempt in enumerate(attempts):
                try:
                    received, refusals = await self._answered(http, call, attempt.request, end)
                except Unsendable:
                    tried = replace(tried, unsendable=tried.unsendable + 1)
                    continue
                except UnreadableAnswer as strange:
                    broken.setdefault(
                        str(strange), self._violation(call, attempt, None, "an answer that can be read", str(strange))
                    )
                    break
                tried = replace(tried, limited=tried.limited + refusals)
                if received is None:
                    return replace(tried, left_out=len(attempts) - number)
                try:
                    self._judge(attempt, call, received)
                except Undocumented as found:
                    broken.setdefault(found.kinds[0], found)
                made += [received.document] if 200 <= received.status < 300 else []
                tried = replace(tried, answered=tried.answered + 1)
        return tried

    async def _answered(
        self, http: aiohttp.ClientSession, call: Call, request: requests.PreparedRequest, end: float
    ) -> tuple[HttpReceived | None, int]:
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

    def _judge(self, attempt: Attempt, call: Call, received: HttpReceived) -> None:
        response = _response(attempt.request, received)
        try:
            with self._document_to_blame(attempt.case.operation):
                attempt.case.validate_response(response, checks=_JUDGED_BY)
        except (Failure, FailureGroup) as failure:
            if attempt.is_elsewhere and _is_a_page(received):
                return
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
            raise self._violation(call, attempt, received, *_told(first, received.status)) from None

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

    def _violation(
        self, call: Call, attempt: Attempt, received: HttpReceived | None, expected: str, why: str
    ) -> Undocumented:
        request = attempt.request
        body = request.body if isinstance(request.body, bytes) else str(request.body or "").encode()
        sent = f"{request.method} {request.url} {redacted_text(body.decode(errors='replace'))[:200]}".strip()
        came = "" if received is None else f" -> {received.status} {redacted_text(received.text)[:300]}"
        return Undocumented(call.operation, (why,), redacted_text(expected)[:600], redacted_text(f"{sent}{came}"))


def _told(failure: Any, status: int) -> tuple[str, str]:
    """What was expected, and which kind of failure this is, each on one line."""
    kind = f"{getattr(failure, 'title', failure)} ({status})"
    if isinstance(failure, UndefinedStatusCode):
        return f"one of {', '.join(failure.defined_status_codes) or 'no status at all'}", kind
    paragraphs = str(getattr(failure, "message", "")).split("\n\n")[:2]
    return "; ".join(" ".join(part.split()) for part in paragraphs) or "an answer that is documented", kind


def _is_a_page(received: HttpReceived) -> bool:
    """Whether this is how a front server refuses a path before any operation sees it: 4xx, and no JSON."""
    return 400 <= received.status < 500 and "json" not in received.headers.get("Content-Type", "")


def _is_the_same_place(location: str, url: str) -> bool:
    """Whether a redirect only puts a slash at the end of a path, takes it away, or goes over to TLS."""
    there, here = urlsplit(location), urlsplit(url)
    return bool(location) and there.path.rstrip("/") == here.path.rstrip("/")


async def _received(
    http: aiohttp.ClientSession, call: Call, request: requests.PreparedRequest, seconds: float
) -> HttpReceived:
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


def _response(request: requests.PreparedRequest, received: HttpReceived) -> Response:
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

    async def answered(request: requests.PreparedRequest) -> HttpReceived:
        async with session() as http:
            return await _received(http, call, request, _SECONDS)

    request = requests.Request(**arguments).prepare()
    return _response(request, asyncio.run(answered(request)))
