"""Sends what `actions` says an operation is on the target, and enters the call and its answer in the history."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import aiohttp

from eventproof.actions import Invocation, Request, action_for, at, read, redact
from eventproof.errors import ContractViolation, EventproofError, Inconclusive
from eventproof.history import History, Kind
from eventproof.target import Target

from . import program
from .exchange import document_in, exchange

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
        self._numbers = count(1)

    @property
    def mints(self) -> bool:
        """Whether tokens are made with the target's secret, without a login."""
        return self.target.jwt is not None and self.target.jwt.claims is not None

    async def call(self, actor: str, operation: str, parameters: Mapping[str, Any], token: str | None = None) -> Answer:
        """Perform an operation as `actor`.

        Raises Inconclusive where no whole answer came in time, TargetUnavailable where nothing listens. A call that
        raises is entered as unanswered, whatever it was that raised: what it did is unknown.
        """
        action = action_for(self.target, operation, parameters, token)
        shown = {name: value for name, value in parameters.items() if name not in _SECRETS}
        number = next(self._numbers)
        began = self._history.add(Kind.CALLED, actor, name=operation, payload=redact(shown), call=number).at
        try:
            status, body = await (self._run(action) if isinstance(action, Invocation) else self._send(action))
            said = at(body, self.target.operations[operation].answers.get("token", "/token"))
            secrets = tuple(_worth_hiding(token, said, *(parameters.get(name) for name in _SECRETS)))
            answer = Answer(self.target, operation, status, body, began, secrets)
            told = {"status": status, "body": answer.shown}
        except BaseException as error:
            why = str(error) if isinstance(error, EventproofError) else type(error).__name__
            self._history.add(Kind.UNANSWERED, actor, name=operation, payload=why, call=number)
            raise
        self._history.add(Kind.ANSWERED, actor, name=operation, payload=told, call=number)
        return answer

    async def _send(self, request: Request) -> tuple[int, Any]:
        received = await exchange(
            self._http,
            request.method,
            request.url,
            what=request.operation,
            seconds=self.target.budgets.call,
            headers=request.headers,
            json=request.json,
        )
        return received.status, received.document

    async def _run(self, invocation: Invocation) -> tuple[int, Any]:
        what = f"{self.target.source}: command of [operations.{invocation.operation}]"
        limit = self.target.budgets.call
        try:
            ended = await program.run(invocation.arguments, what=what, seconds=limit)
        except TimeoutError:
            sentence = f"{invocation.operation} was not answered within {limit:g} s: what it did is unknown"
            raise Inconclusive(sentence) from None
        return (200 if ended.code == 0 else 500), document_in(ended.output)


def _worth_hiding(*values: Any) -> Iterator[str]:
    yield from (value for value in values if isinstance(value, str) and len(value) >= _SHORTEST)
