"""The calls of a swarm: an operation of the target performed over kept-alive connections, by greenlets that wait.

No cookies and no redirects: what one person does leaves nothing behind for the next. Connections that were idle for
long are not used again, so that no call meets one that the server is about to close.
"""

import json
import secrets
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from time import monotonic, sleep, time
from typing import Any
from urllib.parse import urlsplit

import orjson

from eventproof import actions
from eventproof.actions import Invocation, Request
from eventproof.client.address import Address
from eventproof.errors import (
    ContractViolation,
    EventproofError,
    Inconclusive,
    ProtocolViolation,
    TargetUnavailable,
    UsageError,
)
from eventproof.redaction import learn, learn_from
from eventproof.refusal import LIMITED, Proof, Refusal, proof
from eventproof.retry_after import seconds_of
from eventproof.target import Action, Identity, Target
from eventproof.wellformed import masked
from eventproof.wire.socketio import depth

from .dial import HttpDial
from .exchange import HttpConnection, Response
from .greenlets import BoundedSemaphore, Cancelled
from .program import Overflow, run

_IDLE_SECONDS = 1.5
"""Node.js and Apache close a connection that was idle for 5 seconds, gunicorn after 2."""
_DEEPEST = 100
_LOGINS = 16
"""How many logins are under way at once: a login costs a server more than anything else."""
_PATIENT_LOGINS, _LONGEST_WAIT = 3, 5.0
"""How often a login is tried where there are too many of them, and the most seconds between two attempts."""
LOGIN_WAITS = (_PATIENT_LOGINS - 1) * _LONGEST_WAIT
"""Seconds that a login may wait beside its calls."""
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class CallAnswer:
    """What an operation was answered with. Status 0: there was no answer, and nobody knows what happened."""

    status: int
    body: Any
    problem: str = ""
    further: frozenset[int] = field(default=frozenset(), compare=False)
    """With what else the target refuses callers, by its profile."""
    headers: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    """Those of the answer, by their names in small letters."""
    was_made: bool = field(default=True, compare=False)
    """Whether there was a call: the profile lacked nothing for it."""

    @property
    def location(self) -> str:
        """Where a redirect points to, without a query: it may carry a secret."""
        return masked(self.headers.get("location", ""))

    @property
    def done(self) -> bool:
        """Whether the target says that it did what was asked."""
        return 200 <= self.status < 300

    @property
    def refused(self) -> bool:
        """Whether the target refused the token that came with the call, where it was good for such a call before."""
        return proof(self.status, Refusal.CALLER, self.further) in (Proof.FULL, Proof.BESIDE)

    def __str__(self) -> str:
        where = f", which points to {self.location}; redirects are not followed" if self.location else ""
        return self.problem or f"status {self.status}{where}"


@dataclass(frozen=True, slots=True)
class Login:
    """What a login gave; None for what there is not."""

    token: str | None = None
    id: str | int | None = None
    answer: CallAnswer | None = field(default=None, compare=False)
    """What the call was answered with; None where a token was minted."""


class Calls:
    """Performs the operations of one target."""

    def __init__(self, target: Target, nobody_knows: Callable[[str], object] | None = None) -> None:
        """`nobody_knows` is told the operation of each call that was given up before its answer."""
        self._target = target
        self._nobody_knows = nobody_knows
        self._logins = BoundedSemaphore(_LOGINS)
        self._dials: dict[Address, HttpDial] = {}
        self._idle: dict[Address, list[tuple[float, HttpConnection]]] = {}

    def perform(self, operation: str, parameters: Mapping[str, Any], token: str | None = None) -> CallAnswer:
        """Perform an operation as the bearer of `token` and wait for the answer.

        A call that cannot be made, since the profile lacks something, is an answer without a status too.
        """
        try:
            action = actions.action_for(self._target, operation, parameters, token)
        except (UsageError, ContractViolation) as lacking:
            return CallAnswer(0, None, str(lacking), was_made=False)
        try:
            return self._invoke(action) if isinstance(action, Invocation) else self._request(action)
        except Cancelled:
            if self._nobody_knows is not None:
                self._nobody_knows(operation)
            raise

    def log_in(self, identity: Identity) -> Login:
        """A new token of somebody, and the id that the answer tells where the profile gives none."""
        if identity.password is None:
            return Login(actions.mint(self._target, identity, time(), secrets.token_hex(8)), identity.id)
        login = self._target.login
        if login is None:
            return Login(answer=CallAnswer(0, None, "[operations] denies what begins a session", was_made=False))
        for left in reversed(range(_PATIENT_LOGINS)):
            with self._logins:
                answer = self.perform(login, actions.credentials_of(identity))
            if answer.status != LIMITED or not left:
                break
            sleep(_asked_to_wait(answer))
        if not answer.done:
            return Login(answer=answer)
        operation = self._target.operations[login]
        token = actions.read(operation, "token", answer.body)
        learn(token)
        learn_from(answer.body)
        user_id = identity.id if identity.id is not None else actions.read(operation, "userId", answer.body)
        if not isinstance(token, str):
            return Login(answer=replace(answer, problem="the answer to login has no token"))
        return Login(
            token=token,
            id=user_id if isinstance(user_id, str | int) else None,
            answer=answer,
        )

    def token_of(self, identity: Identity) -> str:
        """The token that the profile gives somebody, or a new one.

        Where there is neither raises what says why: UsageError, TargetUnavailable or Inconclusive.
        """
        if identity.token is not None:
            return identity.token
        login = self.log_in(identity)
        if login.token is None:
            raise self._without_token(identity, login.answer)
        return login.token

    def token_for(self, operation: str, own: str | None, admin: Callable[[], str | None]) -> str | None:
        """The token with which a user's call is made: their own, or an admin's where the profile says so."""
        there = self._target.operations.get(operation)
        return admin() if there is not None and there.on_behalf else own

    def _without_token(self, identity: Identity, answer: CallAnswer | None) -> EventproofError:
        """Why somebody has no token, by what the login was answered with."""
        who, setting = f"{self._target.source}: {identity.name} cannot log in", f"[operations.{self._target.login}]"
        if answer is None:
            return UsageError(f"{who}: the profile gives neither a token nor a password, and [jwt] mints none")
        match answer.status:
            case 0 if answer.was_made:
                return TargetUnavailable(f"{who} at {self._target.rest.url}: {answer}")
            case 0:
                return UsageError(f"{who}: {answer}")
            case status if status == LIMITED:
                return Inconclusive(f"{who}: too many logins (status {LIMITED}), also after a wait; try again later")
            case status if status >= 500:
                return TargetUnavailable(f"{who}: {self._target.rest.url} answers with status {status}")
            case status if 300 <= status < 400:
                place = answer.location[:_SHOWN] or "nowhere"
                return UsageError(f"{who}: status {status} points to {place}; correct url under [rest] or the path")
            case 404 | 405 | 410:
                return UsageError(f"{who}: {answer}; is the path right? See {setting}")
            case status if status < 300:
                return UsageError(f"{who}: the answer has no token where answers of {setting} says")
        return UsageError(f"{who}: {answer}; is the password right?")

    def fetch(self, url: str, headers: Mapping[str, str]) -> Response:
        """What stands at a URL. Raises OSError, or EventproofError where it cannot be asked for or read."""
        return self._exchange("GET", url, headers, None)

    def close(self) -> None:
        """Close the connections that nobody uses."""
        for idle in self._idle.values():
            while idle:
                idle.pop()[1].close()

    def _request(self, request: Request) -> CallAnswer:
        try:
            response = self._exchange(request.method, request.url, request.sent_headers, request.content)
        except (OSError, ProtocolViolation, UsageError) as error:
            return CallAnswer(0, None, f"{request.operation} was not answered: {str(error) or type(error).__name__}")
        return CallAnswer(
            response.status,
            _json(response.content),
            further=self._target.rest.refused_with,
            headers=response.headers,
        )

    def _exchange(self, method: str, url: str, headers: Mapping[str, str], content: bytes | None) -> Response:
        parts = urlsplit(url)
        address = Address.parse(parts._replace(path="", query="", fragment="").geturl())
        connection = self._connection(address)
        path = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
        response = connection.exchange(method, path, headers, content, timeout=self._target.budgets.call)
        if connection.is_reusable:
            self._idle.setdefault(address, []).append((monotonic(), connection))
        return response

    def _connection(self, address: Address) -> HttpConnection:
        idle = self._idle.get(address, [])
        while idle:
            since, connection = idle.pop()
            if monotonic() - since < _IDLE_SECONDS and connection.is_alive:
                return connection
            connection.close()
        return HttpConnection(self._dials.setdefault(address, HttpDial(address)))

    def _invoke(self, invocation: Invocation) -> CallAnswer:
        try:
            code, output = run(invocation.arguments, folder=invocation.folder, timeout=self._target.budgets.call)
        except Overflow as overflow:
            return CallAnswer(0, None, f"{invocation.operation} was ended: its output has {overflow}")
        except (OSError, ValueError, subprocess.TimeoutExpired) as error:
            return CallAnswer(0, None, f"{invocation.operation} did not end: {type(error).__name__}")
        problem = f"{invocation.operation} ended with exit code {code}" if code else ""
        return CallAnswer(invocation.status(code), _json(output), problem)


def said(operation: Action, answer: CallAnswer) -> dict[str, Any]:
    """What an answer says by the names of our contracts, as far as it does: ids, a status."""
    places = {name: place for name, place in operation.answers.items() if place[:1] in ("", "/")}
    found = {name: actions.at(answer.body, place) for name, place in places.items()}
    return {name: value for name, value in found.items() if isinstance(value, str | int)}


def _asked_to_wait(answer: CallAnswer) -> float:
    """How many seconds to wait before the next attempt: what the target asks for, within bounds."""
    asked = seconds_of(answer.headers.get("retry-after"), time())
    return 1.0 if asked is None else min(asked, _LONGEST_WAIT)


def _json(content: bytes) -> Any:
    """The document that came; None where it is none, or nested deeper than anybody reads it.

    Half a surrogate pair, which no UTF-8 can write, is text to most parsers, ours excepted.
    """
    document: Any = None
    try:
        document = orjson.loads(content)
    except ValueError:
        with suppress(ValueError, RecursionError):
            document = json.loads(content)
    return document if depth(document) <= _DEEPEST else None
