"""The calls of a swarm: an operation of the target performed over kept-alive connections, by greenlets that wait.

No cookies and no redirects: what one person does leaves nothing behind for the next. Connections that were idle for
long are not used again, so that no call meets one that the server is about to close.
"""

import http.client
import secrets
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic, time
from typing import Any
from urllib.parse import urlsplit

import orjson
from gevent.lock import BoundedSemaphore

from eventproof import actions
from eventproof.actions import Invocation, Request
from eventproof.errors import ContractViolation, UsageError
from eventproof.refusal import Proof, Refusal, proof
from eventproof.target import Identity, Target
from eventproof.wellformed import masked

_IDLE_SECONDS = 1.5
"""Node.js and Apache close a connection that was idle for 5 seconds, gunicorn after 2."""
_LOGINS = 16
"""How many logins are under way at once: a login costs a server more than anything else."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an operation was answered with. Status 0: there was no answer, and nobody knows what happened."""

    status: int
    body: Any
    problem: str = ""
    further: frozenset[int] = frozenset()
    """With what else the target refuses callers, by its profile."""
    location: str = ""
    """Where a redirect points to, without a query: it may carry a secret."""

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
    tier: str | None = None
    id: str | int | None = None
    problem: str = field(default="", compare=False)
    """Why there is no token."""


class Calls:
    """Performs the operations of one target."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._logins = BoundedSemaphore(_LOGINS)
        self._idle: dict[tuple[str, str], list[tuple[float, http.client.HTTPConnection]]] = {}

    def perform(self, operation: str, parameters: Mapping[str, Any], token: str | None = None) -> Answer:
        """Perform an operation as the bearer of `token` and wait for the answer.

        A call that cannot be made, since the profile lacks something, is an answer without a status too.
        """
        try:
            action = actions.action_for(self._target, operation, parameters, token)
        except (UsageError, ContractViolation) as lacking:
            return Answer(0, None, str(lacking))
        return self._invoke(action) if isinstance(action, Invocation) else self._request(action)

    def log_in(self, identity: Identity) -> Login:
        """A new token of somebody, the tier that the answer tells, and the id where the profile gives none."""
        if identity.password is None:
            return Login(actions.mint(self._target, identity, time(), secrets.token_hex(8)), identity.tier, identity.id)
        with self._logins:
            answer = self.perform("login", actions.credentials_of(identity))
        if not answer.done:
            return Login(problem=_remedy(answer))
        operation = self._target.operations["login"]
        return Login(
            token=actions.read(operation, "token", answer.body),
            tier=actions.read(operation, "tier", answer.body),
            id=identity.id if identity.id is not None else actions.read(operation, "userId", answer.body),
        )

    def token_of(self, identity: Identity) -> str:
        """The token that the profile gives somebody, or a new one. Raises UsageError where there is neither."""
        login = Login(identity.token) if identity.token else self.log_in(identity)
        if login.token is None:
            why = login.problem or "the profile gives neither a token nor a password"
            raise UsageError(f"{self._target.source}: {identity.name} cannot log in: {why}")
        return login.token

    def token_for(self, operation: str, own: str | None, admin: Callable[[], str | None]) -> str | None:
        """The token with which a user's call is made: their own, or an admin's where the profile says so."""
        there = self._target.operations.get(operation)
        return admin() if there is not None and there.on_behalf else own

    def close(self) -> None:
        """Close the connections that nobody uses."""
        for idle in self._idle.values():
            while idle:
                idle.pop()[1].close()

    def _request(self, request: Request) -> Answer:
        parts = urlsplit(request.url)
        place = (parts.scheme, parts.netloc)
        connection = self._connection(place)
        headers = request.sent_headers
        if "accept" not in map(str.lower, headers):
            headers["Accept"] = "application/json"
        place_there = parts._replace(scheme="", netloc="").geturl() or "/"
        try:
            connection.request(request.method, place_there, request.content, headers)
            response = connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            return Answer(0, None, f"{request.operation} was not answered: {error or type(error).__name__}")
        if response.will_close:
            connection.close()
        else:
            self._idle.setdefault(place, []).append((monotonic(), connection))
        return Answer(
            response.status,
            _json(content),
            further=self._target.rest.refused_with,
            location=masked(response.getheader("Location", "")),
        )

    def _connection(self, place: tuple[str, str]) -> http.client.HTTPConnection:
        idle = self._idle.get(place, [])
        while idle:
            since, connection = idle.pop()
            if monotonic() - since < _IDLE_SECONDS:
                return connection
            connection.close()
        scheme, netloc = place
        kind = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
        return kind(netloc.rpartition("@")[2], timeout=self._target.budgets.call)

    def _invoke(self, invocation: Invocation) -> Answer:
        try:
            done = subprocess.run(  # noqa: S603 - the profile's own command
                invocation.arguments,
                capture_output=True,
                check=False,
                timeout=self._target.budgets.call,
                cwd=invocation.folder,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return Answer(0, None, f"{invocation.operation} did not end: {type(error).__name__}")
        problem = f"{invocation.operation} ended with exit code {done.returncode}" if done.returncode else ""
        return Answer(invocation.status(done.returncode), _json(done.stdout), problem)


def _remedy(answer: Answer) -> str:
    """What to do about a login that was not accepted."""
    if answer.status == 429:
        return "the server limits logins (429): raise the limit for a test, or give tokens in the profile"
    if 300 <= answer.status < 400:
        return f"it answered {answer}: correct base_url, or url under [rest]"
    return f"it answered {answer}; is the password right?" if answer.status else str(answer)


def _json(content: bytes) -> Any:
    with suppress(ValueError):
        return orjson.loads(content)
    return None
