"""Generated and malformed requests against an OpenAPI document, with Schemathesis; few, and the same ones every time.

Only operations that the profile maps are called. An admin's action goes to a user whom the profile lends, or to an
id that nobody has: a generated one might be somebody's.
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import hypothesis
import requests
import schemathesis
import yaml
from hypothesis import configuration
from schemathesis.core.deserialization import deserialize_yaml
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Err
from schemathesis.specs.openapi import checks

from eventproof.actions import headers_for
from eventproof.catalog import System
from eventproof.errors import ContractViolation, Inconclusive, UsageError
from eventproof.interruption import HEEDED
from eventproof.redaction import redacted_text
from eventproof.target import Call, Target

from .verdicts import NotTestable

__all__ = ["Rest", "aimed_at", "document_of"]

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
_PARAMETER = re.compile(r"\{[^}]+\}")


def document_of(target: Target, system: System) -> Mapping[str, Any]:
    """The OpenAPI document that the target publishes; ours, where the profile changes nothing in it.

    Raises NotTestable where the profile gives other paths and no document, UsageError where it cannot be read.
    """
    if target.openapi is not None:
        return _published(target.openapi)
    for operation in system.operations:
        call = target.operations.get(operation.id)
        if not isinstance(call, Call) or (call.method, call.path) != (operation.method.upper(), operation.path):
            raise NotTestable(
                f"{operation.id} is not here what our OpenAPI document says: name the server's own with openapi"
            )
    return system.openapi


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
        """The documented operations that the profile maps, with what Schemathesis knows of each."""
        mapped = {
            (call.method, _PARAMETER.sub("{}", call.path)): call
            for call in self.target.operations.values()
            if isinstance(call, Call)
        }
        schema = schemathesis.openapi.from_dict(dict(self.document), config=schemathesis.Config())
        for found in schema.get_all_operations():
            if isinstance(found, Err):
                problem = " ".join(str(found.err()).split())
                raise UsageError(f"the OpenAPI document {self.target.openapi} is wrong: {problem}")
            operation: Any = found.ok()
            call = mapped.get((operation.method.upper(), _PARAMETER.sub("{}", operation.path)))
            if call is not None:
                yield call, operation

    def try_out(self, call: Call, operation: Any) -> int:
        """Send generated and malformed requests; how many. Raises ContractViolation for an undocumented answer."""
        with requests.Session() as http, _hypothesis_at_home():
            generated = sum(
                self._send_generated(http, call, operation.as_strategy(mode)) for mode in schemathesis.GenerationMode
            )
            return generated + self._send_malformed(http, call, operation)

    def _send_generated(self, http: requests.Session, call: Call, cases: Any) -> int:
        sent = 0

        def send(case: Any) -> None:
            nonlocal sent
            sent += 1
            if call.identity == "admin":
                for name in case.path_parameters:
                    case.path_parameters[name] = self._aim(name, sent)
                case.body = aimed_at(case.body, call.body, self.theirs["userId"] if sent % 2 else self.nobody)
            elif sent % 2:
                for name in set(case.path_parameters or ()) & self.theirs.keys():
                    case.path_parameters[name] = self.theirs[name]
            with suppress(requests.exceptions.InvalidHeader):
                arguments = case.as_transport_kwargs(self.target.rest.url, self._headers(call) if sent % 3 else None)
                self._judge(case, call, _answer(http, call, arguments))

        few = hypothesis.settings(
            max_examples=EXAMPLES,
            database=None,
            deadline=None,
            derandomize=True,
            phases=[hypothesis.Phase.generate],
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        with suppress(hypothesis.errors.Unsatisfiable):
            hypothesis.given(cases)(few(send))()  # type: ignore[no-untyped-call]  # Hypothesis gives no type to the result
        return sent

    def _send_malformed(self, http: requests.Session, call: Call, operation: Any) -> int:
        headers = self._headers(call)
        here = self.target.rest.url + _PARAMETER.sub(self._own, operation.path)
        attempts: list[dict[str, Any]] = [{"url": here, "headers": headers_for(self.target, "no.such.token")}]
        if call.identity != "anyone":
            attempts.append({"url": here})
        if "{" in operation.path:
            paths = (_PARAMETER.sub(wrong, operation.path) for wrong in _MALFORMED_IDS)
            attempts += [{"url": self.target.rest.url + path, "headers": headers} for path in paths]
        if call.body is not None:
            attempts += [
                {"url": here, "headers": {**headers, "Content-Type": kind}, "data": body}
                for body, kind in _MALFORMED_BODIES
            ]
        case = operation.Case(path_parameters=dict.fromkeys(re.findall(r"\{([^}]+)\}", operation.path), self.nobody))
        for attempt in attempts:
            self._judge(case, call, _answer(http, call, {"method": call.method, **attempt}))
        return len(attempts)

    def _aim(self, name: str, sent: int) -> Any:
        """What an admin's generated request is about: something of the user whom the profile lends, or of nobody."""
        return self.theirs.get(name, self.theirs["userId"]) if sent % 2 else self.nobody

    def _own(self, parameter: re.Match[str]) -> str:
        return quote(str(self._aim(parameter[0].strip("{}"), 1)), safe="")

    def _headers(self, call: Call) -> dict[str, str]:
        return headers_for(self.target, self.tokens.get(call.identity))

    def _judge(self, case: Any, call: Call, response: requests.Response) -> None:
        try:
            case.validate_response(response, checks=_JUDGED_BY)
        except (Failure, FailureGroup) as failure:
            first = failure.exceptions[0] if isinstance(failure, FailureGroup) else failure
            request = response.request
            sent = f"{request.method} {request.url} {redacted_text(str(request.body or ''))[:200]}".strip()
            raise ContractViolation(
                f"{call.operation} does not answer as its OpenAPI document says: {getattr(first, 'title', first)}",
                expected=redacted_text(getattr(first, "message", "") or "an answer that is documented")[:600],
                observed=redacted_text(f"{sent} -> {response.status_code} {redacted_text(response.text)[:300]}"),
            ) from None


def aimed_at(body: Any, template: Any, user_id: str | int) -> Any:
    """A generated body that names the given user wherever the profile's template names one."""
    if template == "{userId}":
        return user_id
    if isinstance(body, dict) and isinstance(template, Mapping):
        return {name: aimed_at(value, template.get(name), user_id) for name, value in body.items()}
    return body


@contextmanager
def _hypothesis_at_home() -> Iterator[None]:
    """What Hypothesis remembers goes into the user's cache, not into the working directory."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    configuration.set_hypothesis_home_dir(cache / "eventproof" / "hypothesis")
    try:
        yield
    finally:
        configuration.set_hypothesis_home_dir(None)


def _answer(http: requests.Session, call: Call, arguments: Mapping[str, Any]) -> requests.Response:
    if HEEDED.was_asked:  # a thread cannot be cancelled
        raise Inconclusive("the run was interrupted")
    try:
        return http.request(**{**arguments, "timeout": 10, "allow_redirects": False})
    except (requests.Timeout, requests.ConnectionError) as error:
        raise Inconclusive(f"{call.operation} was not answered: {error}") from error


def _published(place: str) -> Mapping[str, Any]:
    try:
        text = requests.get(place, timeout=10).text if "://" in place else Path(place).read_text(encoding="utf-8")
        # OpenAPI is written in the YAML of JSON: `no` is a word there, and `200` the name of a response.
        document = deserialize_yaml(text)
    except (OSError, yaml.YAMLError) as error:
        raise UsageError(f"the OpenAPI document {place} cannot be read: {error}") from None
    if not isinstance(document, dict) or "paths" not in document:
        raise UsageError(f"{place} is no OpenAPI document: it has no paths")
    return document
