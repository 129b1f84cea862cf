"""Sends what `actions` says an operation is on the target, and enters the call and its answer in the history."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from eventproof.actions import Invocation, Request, action_for, at, credentials_of, read, redact
from eventproof.errors import ContractViolation, Inconclusive, TargetUnavailable
from eventproof.history import History, Kind
from eventproof.target import Identity, Target
from eventproof.wellformed import masked

__all__ = ["Answer", "Caller"]

_SECRETS = frozenset({"password", "token"})
_SHORTEST = 4
"""Shorter secrets would take innocent text with them."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back from a call; `status` is an HTTP status, or 200 and 500 for a program's success and failure."""

    target: Target
    operation: str
    status: int
    body: Any
    began: float
    """When the call was sent, on the history's clock."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """What must not be shown of the body: a token need not look like one."""
    location: str = ""
    """Where a redirect points to, without a query: it may carry a secret."""

    @property
    def is_accepted(self) -> bool:
        """Whether the call did what it was asked."""
        return 200 <= self.status < 300

    @property
    def is_refused(self) -> bool:
        """Whether the caller was told that the fault is theirs."""
        return 400 <= self.status < 500

    @property
    def code(self) -> Any:
        """The code of a refusal, where the profile says it is."""
        return at(self.body, self.target.rest.code)

    @property
    def message(self) -> Any:
        """The sentence of a refusal, where the profile says it is."""
        return at(self.body, self.target.rest.message)

    def says(self, name: str) -> Any:
        """What the answer says by `name` (`token`, `claimId`): where the profile says, else in its field of that name.

        None where there is none.
        """
        found = read(self.target.operations[self.operation], name, self.body)
        return at(self.body, f"/{name}") if found is None else found

    def must_be_accepted(self) -> "Answer":
        """Itself; raises ContractViolation where it is no success."""
        if not self.is_accepted:
            raise ContractViolation(
                f"{self.operation} was not accepted", expected="a success (2xx)", observed=str(self)
            )
        return self

    def must_succeed(self) -> "Answer":
        """Itself; raises Inconclusive where it is no success, since it only arranges what the case is about."""
        if not self.is_accepted:
            raise Inconclusive(f"{self.operation} was not accepted, so nothing can be said here: {self}")
        return self

    def must_be_refused(self, because: str) -> "Answer":
        """Itself; raises ContractViolation where it is no client error."""
        if not self.is_refused:
            raise ContractViolation(
                f"{self.operation} was not refused {because}", expected="a client error (4xx)", observed=str(self)
            )
        return self

    def must_be_an_answer(self) -> "Answer":
        """Itself; raises ContractViolation where the server failed (5xx)."""
        if not (self.is_accepted or self.is_refused):
            raise ContractViolation(f"{self.operation} failed", expected="2xx or 4xx", observed=str(self))
        return self

    @property
    def shown(self) -> Any:
        """The body without its secrets."""
        return redact(self.body, self.secrets)

    def __str__(self) -> str:
        return f"{self.status} {json.dumps(self.shown, ensure_ascii=False, default=repr)[:300]}"


class Caller:
    """Calls the target for everybody on stage."""

    def __init__(self, target: Target, history: History, http: aiohttp.ClientSession) -> None:
        self.target = target
        self._history = history
        self._http = http
        self._people: dict[str, Identity] = {}

    def meet(self, actor: str, identity: Identity) -> None:
        """Know somebody by what the history calls them and by their id: templates may name what identities have."""
        self._people[actor] = identity
        if identity.id is not None:
            self._people[str(identity.id)] = identity

    def _known_of(self, actor: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """What the identity brings that a call is about: the user it names, else whoever calls."""
        about = self._people.get(str(parameters.get("userId", actor)))
        return {} if about is None else credentials_of(about)

    @property
    def mints(self) -> bool:
        """Whether tokens are made with the target's secret, without a login."""
        return self.target.jwt is not None and self.target.jwt.claims is not None

    async def call(self, actor: str, operation: str, parameters: Mapping[str, Any], token: str | None = None) -> Answer:
        """Perform an operation as `actor`.

        Raises Inconclusive where no answer came in time, TargetUnavailable where nothing listens.
        """
        action = action_for(self.target, operation, {**self._known_of(actor, parameters), **parameters}, token)
        shown = {name: value for name, value in parameters.items() if name not in _SECRETS}
        began = self._history.add(Kind.CALLED, actor, name=operation, payload=redact(shown)).at
        try:
            async with asyncio.timeout(self.target.budgets.call):
                sent = self._run(action) if isinstance(action, Invocation) else self._send(action)
                status, body, location = await sent
        except TimeoutError:
            self._history.add(Kind.UNANSWERED, actor, name=operation)
            limit = self.target.budgets.call
            raise Inconclusive(f"{operation} was not answered within {limit:g} s: what it did is unknown") from None
        except aiohttp.ClientConnectorError as error:
            raise TargetUnavailable(f"{self.target.rest.url} cannot be reached: {error.strerror or error}") from error
        except aiohttp.ClientError as error:
            self._history.add(Kind.UNANSWERED, actor, name=operation, payload=str(error))
            raise Inconclusive(f"the answer to {operation} broke off: {error or type(error).__name__}") from error
        said = at(body, self.target.operations[operation].answers.get("token", "/token"))
        secrets = tuple(_worth_hiding(token, said, *(parameters.get(name) for name in _SECRETS)))
        answer = Answer(self.target, operation, status, body, began, secrets, location)
        self._history.add(Kind.ANSWERED, actor, name=operation, payload={"status": status, "body": answer.shown})
        return answer

    async def _send(self, request: Request) -> tuple[int, Any, str]:
        sending = self._http.request(
            request.method,
            request.url,
            headers=request.sent_headers,
            data=request.content,
            skip_auto_headers=("Content-Type",),
            allow_redirects=False,
        )
        async with sending as response:
            location = masked(response.headers.get("Location", ""))
            return response.status, _document(await response.text(errors="replace")), location

    @staticmethod
    async def _run(invocation: Invocation) -> tuple[int, Any, str]:
        process = await asyncio.create_subprocess_exec(
            *invocation.arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=invocation.folder,
        )
        try:
            output, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
        return invocation.status(process.returncode), _document(output.decode(errors="replace")), ""


def _worth_hiding(*values: Any) -> Iterator[str]:
    yield from (value for value in values if isinstance(value, str) and len(value) >= _SHORTEST)


def _document(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text
